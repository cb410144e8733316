package audience

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"nudge/engine"
	"nudge/flows"
	"nudge/lang/shape"
	"nudge/runner/fetch"
)

const (
	// MaxPages is how many pages of an audience a service may answer with; one more fails the campaign
	// before it writes to anybody.
	MaxPages = 100_000

	pageTimeout    = time.Minute // how long a service may take for one page of an audience; then it counts as no answer
	maxPageRetries = 5           // further attempts for a page, after no answer, 429 and 5xx; then the campaign fails before it writes to anybody
	maxPageWait    = time.Minute // longest pause before them; a service that asks for a longer one is asked after this
)

// Client sends requests to the services of audiences. [fetch.Client] implements it.
type Client interface {
	Ask(ctx context.Context, request flows.FetchRequest, timeout time.Duration) (*fetch.Answer, error)
}

// pages reads the rows of a service, page by page.
type pages struct {
	ctx     context.Context // of the freezing that reads the pages
	client  Client
	source  *flows.Pages
	request flows.FetchRequest // for the next page
	done    bool
	asked   int
	items   []json.RawMessage // the remaining items of the current page
	row     int
	person  string
	data    *shape.Type
}

func newPages(ctx context.Context, client Client, source *flows.Pages, person string, data *shape.Type) (*pages, error) {
	if client == nil {
		return nil, errors.New("this server asks no services")
	}
	request, err := source.Request.Request(map[string]any{})
	return &pages{ctx: ctx, client: client, source: source, request: request, person: person, data: data}, err
}

func (p *pages) next() (engine.Row, int, error) {
	for len(p.items) == 0 {
		if p.done {
			return engine.Row{}, p.row, io.EOF
		}
		if err := p.turn(); err != nil {
			return engine.Row{}, p.row, err
		}
	}
	raw := p.items[0]
	p.items = p.items[1:]
	p.row++
	row, err := rowOf(raw, p.person, p.data)
	return row, p.row, err
}

// turn requests the next page, and finds the address of the page after it.
func (p *pages) turn() error {
	if p.asked++; p.asked > MaxPages {
		return fmt.Errorf("it has more than %d pages", MaxPages)
	}
	answer, err := p.ask()
	if err != nil {
		return fmt.Errorf("page %d: %w", p.asked, err)
	}
	items, err := at(answer.JSON, p.source.Items)
	if err == nil {
		err = json.Unmarshal(items, &p.items)
	}
	if err != nil || p.items == nil {
		p.items = nil
		return fmt.Errorf("page %d has no list of people at %q", p.asked, p.source.Items)
	}
	before := p.request.URL
	if p.source.Cursor != "" {
		p.byCursor(answer.JSON)
	} else if err := p.byLink(answer.Header); err != nil {
		return fmt.Errorf("page %d: %w", p.asked, err)
	}
	if !p.done && p.request.URL == before {
		return fmt.Errorf("page %d calls itself the next one", p.asked)
	}
	return nil
}

// ask repeats a request until there is an answer, or until another attempt makes no sense.
func (p *pages) ask() (*fetch.Answer, error) {
	for attempt := 0; ; attempt++ {
		answer, err := p.client.Ask(p.ctx, p.request, pageTimeout)
		wait := time.Second << attempt
		var refused *fetch.Error
		switch {
		case p.ctx.Err() != nil:
			return nil, p.ctx.Err()
		case errors.As(err, &refused) && refused.Final():
			return nil, err
		case err == nil && answer.Status >= 200 && answer.Status < 300:
			return answer, nil
		case err == nil && answer.Status != http.StatusTooManyRequests && answer.Status < 500:
			return nil, fmt.Errorf("the service answered %d", answer.Status)
		case err == nil:
			err = fmt.Errorf("the service answered %d", answer.Status)
			if seconds, wrong := strconv.Atoi(answer.Header.Get("Retry-After")); wrong == nil {
				wait = time.Duration(seconds) * time.Second
			}
		}
		if attempt == maxPageRetries {
			return nil, err
		}
		select {
		case <-time.After(min(wait, maxPageWait)):
		case <-p.ctx.Done():
			return nil, p.ctx.Err()
		}
	}
}

// byCursor continues with the cursor of an answer. An answer without a cursor is the last
// page.
func (p *pages) byCursor(answer json.RawMessage) {
	raw, err := at(answer, p.source.Cursor)
	cursor, wrong := textOf(raw, p.source.Cursor)
	if err != nil || wrong != nil || cursor == "" {
		p.done = true
		return
	}
	u, err := url.Parse(p.request.URL)
	if err != nil {
		panic("audience: an address that was asked does not parse: " + err.Error())
	}
	query := u.Query()
	query.Set(p.source.Parameter, cursor)
	u.RawQuery = query.Encode()
	p.request.URL = u.String()
}

var nextLink = regexp.MustCompile(`<([^>]*)>[^,]*;\s*rel="?next"?`)

// byLink continues with the next address of a Link header. It must be on the same host,
// because no other host may see the headers of the request.
func (p *pages) byLink(header http.Header) error {
	link := nextLink.FindStringSubmatch(strings.Join(header.Values("Link"), ", "))
	if link == nil {
		p.done = true
		return nil
	}
	here, err := url.Parse(p.request.URL)
	if err != nil {
		return err
	}
	next, err := here.Parse(link[1])
	if err != nil || next.Scheme != here.Scheme || next.Host != here.Host {
		return errors.New("the next page is at another host")
	}
	p.request.URL = next.String()
	return nil
}

// at returns the value at a path of JSON objects, such as data.people.
func at(raw json.RawMessage, path string) (json.RawMessage, error) {
	if path == "" {
		return raw, nil
	}
	for name := range strings.SplitSeq(path, ".") {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(raw, &fields); err != nil {
			return nil, err
		}
		raw = fields[name]
	}
	return raw, nil
}
