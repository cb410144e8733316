package server

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"nudge/lang/diag"
	"nudge/runner/live"
)

// mediaStream is that of server-sent events.
const mediaStream = "text/event-stream"

const (
	// maxLastLines is how many lines that came before a follower may ask for; a larger number is refused with 400.
	maxLastLines = 4096
	// liveEvery is how often the numbers of a topic are sent; what changes in between is added up.
	liveEvery = time.Second
	// liveSilence is how long nothing may be sent; then a comment is, so that proxies keep the connection.
	liveSilence = 15 * time.Second
	// livePatience is how long a follower may take to accept what is sent; then the connection is cut off.
	livePatience = 30 * time.Second
	// linesAtOnce is how many lines are taken at a time; the rest follows at once.
	linesAtOnce = 256
)

// liveRoute is the pattern of the route that is followed.
const liveRoute = "GET /v1/live"

// topicArrivals is the topic of lines: one for each event that arrived.
const topicArrivals = "arrivals"

// following is what somebody wants to follow.
type following struct {
	topics []live.Topic
	lines  bool
	kind   string // of the events; empty: all
	last   int    // lines that came before
	after  string // ID of the last line that they have; empty: none
}

var liveParameters = []string{"topics", "type", "last"}

func followingOf(r *http.Request) (f following, err error) {
	values := r.URL.Query()
	if err := onlyParameters(values, liveParameters); err != nil {
		return f, err
	}
	if err := f.readTopics(values); err != nil {
		return f, err
	}
	f.kind, f.after = values.Get("type"), r.Header.Get("Last-Event-Id")
	if text := values.Get("last"); text != "" {
		if f.last, err = strconv.Atoi(text); err != nil || f.last < 1 || f.last > maxLastLines {
			return f, wrongParameter("last", "must be a number from 1 to "+strconv.Itoa(maxLastLines))
		}
	}
	for name, given := range map[string]bool{"type": f.kind != "", "last": f.last != 0} {
		if given && !f.lines {
			return f, wrongParameter(name, "goes only with the topic "+topicArrivals)
		}
	}
	return f, nil
}

func (f *following) readTopics(values url.Values) error {
	if values.Get("topics") == "" {
		f.topics = live.Topics
		return nil
	}
	known := []string{topicArrivals}
	for _, t := range live.Topics {
		known = append(known, string(t))
	}
	for _, name := range strings.Split(values.Get("topics"), ",") {
		switch {
		case name == topicArrivals:
			f.lines = true
		case slices.Contains(known, name):
			f.topics = append(f.topics, live.Topic(name))
		default:
			return wrongParameter("topics", shortened(name)+" is no topic; "+diag.DidYouMean(name, known, "there is"))
		}
	}
	return nil
}

// EndLive ends what is followed live, now and later, so that the server can stop.
func (s *Server) EndLive() { s.endLive() }

func (s *Server) getLive(w http.ResponseWriter, r *http.Request) {
	f, err := followingOf(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reader, err := s.config.Runner.Live().Read(f.last)
	if err != nil {
		s.fail(w, r, problemOf(http.StatusServiceUnavailable, "busy", err.Error()))
		return
	}
	defer reader.Close()
	w.Header().Set("Content-Type", mediaStream)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // or nginx keeps what is sent
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	l := &liveStream{following: f, server: s, reader: reader, out: w, control: http.NewResponseController(w), token: recordOf(w).token}
	if l.begin() == nil {
		l.follow(r)
	}
}

// liveStream is one who follows.
type liveStream struct {
	following
	server  *Server
	reader  *live.Reader
	out     io.Writer
	control *http.ResponseController
	token   *Token
	quiet   time.Duration // since something was sent
}

// begin sends what is known from the beginning.
func (l *liveStream) begin() error {
	text := ": follows\n\n"
	if l.lines && l.after != "" && !l.reader.Resume(l.after) {
		text += eventText("", "gap", map[string]string{"after": l.after})
	}
	return l.send(text)
}

// follow sends what happens until the follower leaves, the token ends or the server stops.
func (l *liveStream) follow(r *http.Request) {
	tick := time.NewTicker(l.server.liveEvery)
	defer tick.Stop()
	for {
		var changed <-chan struct{} // never, without lines
		if l.lines {
			changed = l.reader.Changed()
		}
		var err error
		select {
		case <-r.Context().Done():
			return
		case <-l.server.over:
			return
		case <-changed:
			err = l.sendLines()
		case <-tick.C:
			if !l.server.stands(l.token) {
				return
			}
			err = l.sendNews()
		}
		if err != nil {
			return
		}
	}
}

// sendLines sends the next lines.
func (l *liveStream) sendLines() error {
	lines, dropped := l.reader.Lines(linesAtOnce)
	var b strings.Builder
	if dropped > 0 {
		l.server.access.dropped.Add(float64(dropped))
		b.WriteString(eventText("", "dropped", map[string]uint64{"lines": dropped}))
	}
	for i := range lines {
		if l.kind == "" || l.kind == lines[i].Type {
			b.WriteString(eventText(l.reader.ID(&lines[i]), "arrival", &lines[i]))
		}
	}
	return l.send(b.String())
}

// sendNews sends the numbers that changed, or now and then a comment.
func (l *liveStream) sendNews() error {
	var b strings.Builder
	for _, t := range l.topics {
		if news := l.reader.News(t); news != nil {
			b.WriteString(eventText("", string(t), news))
		}
	}
	if l.quiet += l.server.liveEvery; b.Len() == 0 && l.quiet >= liveSilence {
		b.WriteString(": nothing new\n\n")
	}
	return l.send(b.String())
}

func (l *liveStream) send(text string) error {
	if text == "" {
		return nil
	}
	l.quiet = 0
	l.control.SetWriteDeadline(time.Now().Add(livePatience)) // writers that are no connection have none
	if _, err := io.WriteString(l.out, text); err != nil {
		return err
	}
	return l.control.Flush()
}

// eventText is a server-sent event.
func eventText(id, name string, data any) string {
	raw, err := json.Marshal(data)
	if err != nil {
		panic("server: an event that does not encode: " + err.Error())
	}
	if id != "" {
		id = "id: " + id + "\n"
	}
	return fmt.Sprintf("%sevent: %s\ndata: %s\n\n", id, name, raw)
}

// stands reports whether a token may still do what it was let in for: it was not taken away, and has not expired.
func (s *Server) stands(t *Token) bool {
	var tokens []Token
	if s.config.Tokens != nil {
		tokens = s.config.Tokens()
	}
	if t == &localToken {
		return len(tokens) == 0
	}
	return slices.ContainsFunc(tokens, func(now Token) bool {
		return now.Hash == t.Hash && now.may(ScopeRead) && (now.Expires.IsZero() || time.Now().Before(now.Expires))
	})
}
