package server

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// topics are the parts of docs/api.md, in its order.
var topics = []string{"Events", "People", "Runs", "Flows", "Deploys", "Campaigns", "Jobs", "Operations", "Dev"}

// page is the list of routes in docs/api.md.
func (d *describer) page(routes []route) string {
	var b strings.Builder
	for _, topic := range topics {
		fmt.Fprintf(&b, "\n## %s\n", topic)
		for i := range routes {
			if routes[i].about.topic == topic {
				d.section(&b, &routes[i])
			}
		}
	}
	for i := range routes {
		if !slices.Contains(topics, routes[i].about.topic) {
			d.t.Errorf("%s: the page has no part %q", routes[i].pattern, routes[i].about.topic)
		}
	}
	b.WriteString("\n")
	return b.String()
}

func (d *describer) section(b *strings.Builder, r *route) {
	a := r.about
	fmt.Fprintf(b, "\n### %s\n\n`%s` · scope `%s`\n", a.does, r.pattern, r.scope)
	if a.more != "" {
		fmt.Fprintf(b, "\n%s\n", a.more)
	}
	if len(a.query) > 0 {
		b.WriteString("\n| Parameter | | Example |\n| --- | --- | --- |\n")
		for _, p := range a.query {
			fmt.Fprintf(b, "| `%s` | %s | `%v` |\n", p.name, sentence(p.does), p.example)
		}
	}
	fmt.Fprintf(b, "\n```sh\n%s\n```\n", command(r))
	if fields := d.fieldTable(r); fields != "" {
		b.WriteString("\n" + fields)
	}
	fmt.Fprintf(b, "\nAnswers: %s\n", d.answers(r))
}

// command is a call of a route with curl.
func command(r *route) string {
	method, path, _ := strings.Cut(r.pattern, " ")
	path = strings.NewReplacer("/profiles/{id}", "/profiles/ann", "/runs/{id}", "/runs/"+aRun, "/campaigns/{id}", "/campaigns/"+aCampaign, "{flow}", "order_shipped", "{type}", "order.shipped").Replace(path)
	if len(r.about.query) > 0 {
		path += fmt.Sprintf("?%s=%v", r.about.query[0].name, r.about.query[0].example)
	}
	line := "curl -H \"Authorization: Bearer $NUDGE_TOKEN\""
	if method != "GET" && (method != "POST" || len(r.about.takes) == 0) {
		line += " -X " + method
	}
	if len(r.about.takes) > 0 {
		take := r.about.takes[0]
		line += fmt.Sprintf(" \\\n  -H 'Content-Type: %s' -d '%s'", take.media, take.example)
	}
	return line + " \\\n  '" + "http://127.0.0.1:8080" + path + "'"
}

// fieldTable lists the fields of a route's request.
func (d *describer) fieldTable(r *route) string {
	if len(r.about.takes) == 0 {
		return ""
	}
	schema := d.oneOf(r.about.takes[0].types[:1])
	name := strings.TrimPrefix(schema[0].value.(string), "#/components/schemas/")
	var b strings.Builder
	for _, f := range d.schemas[name] {
		if f.key != "properties" {
			continue
		}
		b.WriteString("| Field | |\n| --- | --- |\n")
		for _, p := range f.value.(object) {
			about := ""
			for _, x := range p.value.(object) {
				if x.key == "description" {
					about = x.value.(string)
				}
			}
			fmt.Fprintf(&b, "| `%s` | %s |\n", p.key, about)
		}
	}
	return b.String()
}

// answers lists the statuses of a route.
func (d *describer) answers(r *route) string {
	var words []string
	for _, f := range d.responses(r) {
		about, err := json.Marshal(f.key)
		if err != nil {
			d.t.Fatal(err)
		}
		words = append(words, "`"+strings.Trim(string(about), `"`)+"`")
	}
	return strings.Join(words, ", ") + "."
}
