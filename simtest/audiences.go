package simtest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing/fstest"
	"time"

	"nudge/audience"
	"nudge/engine"
	"nudge/examples"
	"nudge/flows"
	"nudge/runner/fetch"
)

// listed is a row of an audience as its author meant it.
type listed struct {
	person string // empty where the row names nobody
	total  string // as it is written; empty for none
}

// inFiles are the rows of people.csv and people.jsonl: somebody twice, somebody unknown, and
// one that cannot be read.
var inFiles = []listed{{"ann", "4"}, {"bob", "3"}, {"cid", "many"}, {"ann", "9"}, {"dee", ""}, {"eve", "6"}, {"zoe", "12"}, {"O1", "30"}}

// people are the audiences that lie in files, and that of an example.
var people = fstest.MapFS{
	"audiences/people.csv":   {Data: csvOf(inFiles)},
	"audiences/people.jsonl": {Data: bytes.Join(objectsOf(inFiles, flows.DefaultPersonField), []byte("\n"))},
	"audiences/shoppers.csv": {Data: shoppers()},
}

func shoppers() []byte {
	file, err := fs.ReadFile(examples.Project("flash_sale"), "audiences/shoppers.csv")
	if err != nil {
		panic(err)
	}
	return file
}

func csvOf(rows []listed) []byte {
	file := bytes.NewBufferString("profile,total\n")
	for _, r := range rows {
		fmt.Fprintf(file, "%s,%s\n", r.person, r.total)
	}
	return file.Bytes()
}

// objectsOf are rows as JSON objects, of which a field names the person.
func objectsOf(rows []listed, person string) (objects [][]byte) {
	for _, r := range rows {
		fields := map[string]any{}
		if r.person != "" {
			fields[person] = r.person
		}
		if n, err := strconv.Atoi(r.total); err == nil {
			fields["total"] = n
		} else if r.total != "" {
			fields["total"] = r.total
		}
		objects = append(objects, jsonOf(fields))
	}
	return objects
}

// fits reports whether a row can be read, where the total must be there or may be.
func (r *listed) fits(must bool) bool {
	_, err := strconv.Atoi(r.total)
	return r.person != "" && (err == nil || r.total == "" && !must)
}

// service answers with people, page by page. Each campaign finds others, and at times the
// service is out of order.
type service struct {
	dice  *rand.Rand
	pages [][]listed
	at    int // of the page that is asked for next
	fault int // what is wrong with the last page; 0 for nothing
}

// What can be wrong with a page.
const (
	pageMissing = iota + 1
	pageWithoutList
	pageAgain // calls itself the next
)

var _ audience.Client = (*service)(nil)

// renew draws the people for the next campaign.
func (s *service) renew() {
	s.pages, s.at, s.fault = nil, 0, 0
	for range 1 + s.dice.IntN(3) {
		var page []listed
		for range s.dice.IntN(4) {
			page = append(page, listed{pick(s.dice, append(everybody, everybody...)...), pick(s.dice, "", "", "4", "9", "30")})
		}
		s.pages = append(s.pages, page)
	}
	if s.dice.IntN(3) == 0 {
		last := &s.pages[len(s.pages)-1]
		*last = append(*last, pick(s.dice, listed{"", "4"}, listed{"ann", "many"}))
	}
	if s.dice.IntN(6) == 0 {
		s.fault = pick(s.dice, pageMissing, pageWithoutList)
		if len(s.pages) > 1 {
			s.fault = pick(s.dice, s.fault, pageAgain)
		}
	}
}

// Ask answers with the next page. The address of each page but the first is what the page
// before it has said.
func (s *service) Ask(_ context.Context, r flows.FetchRequest, _ time.Duration) (*fetch.Answer, error) {
	u, err := url.Parse(r.URL)
	if err != nil {
		return nil, err
	}
	if asked := u.Query().Get("page"); asked != "" && asked != strconv.Itoa(s.at) || asked == "" && s.at > 0 {
		return &fetch.Answer{Status: http.StatusNotFound}, nil
	}
	page := s.pages[s.at]
	s.at++
	last, byCursor := s.at == len(s.pages), strings.HasPrefix(u.Path, "/cursor")
	person, answer := "profile", &fetch.Answer{Status: http.StatusOK, Header: http.Header{}}
	if byCursor {
		person = "customer"
	}
	objects := objectsOf(page, person)
	items := make([]json.RawMessage, len(objects))
	for i := range objects {
		items[i] = objects[i]
	}
	next := strconv.Itoa(s.at)
	switch {
	case last && s.fault == pageMissing:
		return &fetch.Answer{Status: http.StatusGone}, nil
	case last && s.fault == pageWithoutList:
		answer.JSON = json.RawMessage(`{"data":7}`)
		return answer, nil
	case last && s.fault == pageAgain:
		next = u.Query().Get("page")
	case last:
		next = ""
	}
	if byCursor {
		answer.JSON = jsonOf(map[string]any{"data": map[string]any{"people": items}, "meta": map[string]any{"next": next}})
		return answer, nil
	}
	if answer.JSON = jsonOf(items); next != "" {
		answer.Header.Set("Link", "<"+u.Path+"?page="+next+`>; rel="next"`)
	}
	return answer, nil
}

// checkFrozen holds a frozen audience against what its source had, where somebody wrote that
// down: the rows in their order, which of them cannot be read, and whether that is the end
// of the campaign (I9).
func (m *machine) checkFrozen(f engine.SnapshotRequest, frozen *engine.Snapshot) *violation {
	a := f.Schedule.Audience
	if f.Flow.Name != "report" && (f.Flow.Name != "crowd" || a.If != nil) || m.blind() {
		return nil
	}
	var rows []listed
	outOfOrder := false
	switch {
	case a.If != nil && f.Local: // who belongs to it shows at each person's own time
		for _, who := range m.model.Stored() {
			rows = append(rows, listed{person: who})
		}
	case a.If != nil:
		for _, who := range m.model.With("plan", "pro") {
			rows = append(rows, listed{person: who})
		}
	case a.Pages != nil:
		m.reached["an audience from a service"]++
		for _, page := range m.shelf.service.pages {
			rows = append(rows, page...)
		}
		outOfOrder = m.shelf.service.fault != 0
	default:
		rows = inFiles
	}
	must := a.If == nil && !f.Schedule.RowShape(f.Flow).Fields["total"].Optional
	return m.compareFrozen(f, frozen, rows, must, outOfOrder)
}

func (m *machine) compareFrozen(f engine.SnapshotRequest, frozen *engine.Snapshot, rows []listed, must, outOfOrder bool) *violation {
	var good []listed
	for _, r := range rows {
		if r.fits(must) {
			good = append(good, r)
		}
	}
	bad := len(rows) - len(good)
	stopped := bad > 0 && f.Schedule.StopOnBadRow
	if frozen.Failed != "" {
		switch {
		case stopped:
			m.reached["stopped by a bad row"]++
		case outOfOrder:
			m.reached["a campaign whose audience cannot be read"]++
		default:
			return broken("I9", "the audience of %s could not be frozen: %s", f.Flow.Name, frozen.Failed)
		}
		return nil
	}
	had := m.shelf.frozen[frozen.Audience]
	switch {
	case stopped || outOfOrder:
		return broken("I9", "an audience of %s that cannot be read was frozen, with %d rows", f.Flow.Name, frozen.Rows)
	case frozen.Rows != len(good) || len(had) != len(good) || frozen.Bad != bad || len(frozen.BadRows) != bad:
		return broken("I9", "an audience of %d rows and %d bad ones was frozen as %d and %d %v", len(good), bad, frozen.Rows, frozen.Bad, had)
	}
	for i, row := range had {
		data := struct{ Total json.Number }{}
		if err := json.Unmarshal([]byte(cmp.Or(string(row.Data), "{}")), &data); err != nil || row.Profile != good[i].person || data.Total.String() != good[i].total {
			return broken("I9", "row %d of an audience is %s %s, want %v", i, row.Profile, row.Data, good[i])
		}
	}
	return nil
}
