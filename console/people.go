package console

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"nudge/client"
)

var peopleViews = []view{
	{pattern: Root + "people", file: "people", section: "people", load: loadPeople},
	{pattern: Root + "people/{id}", file: "person", section: "people", topics: []string{"runs", "events"}, load: loadPerson},
}

// peoplePage is a list of people.
type peoplePage struct {
	Query, Prefix, If string
	Filtered          bool
	Page              part[*client.ProfilePage]
	People            []personRow
	Files             *fileLinks
}

// personRow is a person in a list.
type personRow struct {
	ID, Name, Locale, Zone string
	OptOuts                []string
	Rest                   []knownField // what else is known of them
}

// shownFields is how many fields of a person a list shows.
const shownFields = 4

func loadPeople(v *visit) (*content, error) {
	p := peoplePage{Query: v.query("q"), Prefix: v.query("prefix"), If: v.query("if")}
	p.Filtered = p.Query != "" || p.Prefix != "" || p.If != ""
	p.Page = partOf(v.api.Profiles(v.ctx(), v.peopleQuery()))
	p.Files = v.peopleFiles()
	if p.Page.Of != nil {
		for _, known := range p.Page.Of.Profiles {
			p.People = append(p.People, rowOf(known))
		}
	}
	return &content{Title: "People", Data: p}, nil
}

// peopleQuery reads the filter of a list of people from the address of a page.
func (v *visit) peopleQuery() client.ProfileQuery {
	q := client.ProfileQuery{Prefix: v.query("prefix"), If: v.query("if"), After: v.query("after")}
	if query := v.query("q"); strings.Contains(query, "=") {
		q.Field = query
	} else if query != "" { // the beginning of an ID, as a field of a person has a name and a value
		q.Prefix = query
	}
	return q
}

// peopleFiles are the list of the page as files.
func (v *visit) peopleFiles() *fileLinks {
	values := v.r.URL.Query()
	values.Del("after")
	return &fileLinks{Root + "people.csv?" + values.Encode(), Root + "people.ndjson?" + values.Encode()}
}

func rowOf(known client.Profile) personRow {
	row := personRow{ID: textField(known, "id"), Name: nameOf(known), Locale: textField(known, "locale"), Zone: textField(known, "timezone"), OptOuts: optOutsOf(known)}
	for _, f := range fieldsOf(known) {
		if !slices.Contains([]string{"first_name", "last_name", "name", "full_name", "locale", "timezone"}, f.Name) && len(row.Rest) < shownFields {
			row.Rest = append(row.Rest, f)
		}
	}
	return row
}

// masked is what the API writes in place of what the visitor may not see.
const masked = "•••"

// textField returns a text that is known of a person; one that may not be seen is nothing.
func textField(known client.Profile, name string) string {
	var text string
	if json.Unmarshal(known[name], &text) != nil || text == masked {
		return ""
	}
	return text
}

// nameOf is what a person is called; empty where that is not known.
func nameOf(known client.Profile) string {
	for _, name := range []string{"name", "full_name"} {
		if text := textField(known, name); text != "" {
			return text
		}
	}
	return strings.TrimSpace(textField(known, "first_name") + " " + textField(known, "last_name"))
}

// optOutsOf are the categories that a person does not want.
func optOutsOf(known client.Profile) (categories []string) {
	_ = json.Unmarshal(known["opt_outs"], &categories) // a person without any has none
	return categories
}

// knownField is something that is known of a person.
type knownField struct {
	Name, Value string
	Private     bool // the visitor may not see it
}

// fieldsOf is what is known of a person, by name, without the ID and the opt-outs.
func fieldsOf(known client.Profile) (all []knownField) {
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if name == "id" || name == "opt_outs" {
			continue
		}
		value := plain(known[name])
		all = append(all, knownField{name, value, value == masked})
	}
	return all
}

// plain writes a value of JSON as people do: a text without quotes.
func plain(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}
