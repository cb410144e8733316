package cluster

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"nudge/engine"
	"nudge/runner"
	"nudge/store/nodes"
)

const (
	callTime   = 30 * time.Second // how long another node may take to send the body of a call; then the connection is closed
	idleTime   = 2 * time.Minute  // how long a connection between nodes may carry nothing; then it is closed
	headerTime = 10 * time.Second // how long another node may take to send the head of a call; then the connection is closed
)

// Local is what a node does for others with its own partitions. A [runner.Runner] does.
type Local interface {
	Apply(ctx context.Context, partition int, groups [][]*engine.Input) ([]runner.Outcome, error)
	TakeHandover(ctx context.Context, to int, h *runner.Handover) (*runner.Taken, error)
}

var _ Local = (*runner.Runner)(nil)

// Directory knows who has which partition. A [Keeper] does.
type Directory interface {
	// Holds reports whether this node may act for a partition now.
	Holds(partition int) bool
	// Owner returns the node that has a partition, as far as this one knows.
	Owner(partition int) (nodes.Node, bool)
	// Node returns a node, also one that is over.
	Node(nodes.ID) (nodes.Node, bool)
	// Others returns the other living nodes.
	Others() []nodes.Node
	// Look finds out who has what now.
	Look(context.Context) error
}

// ServerConfig is what a node needs to answer others.
type ServerConfig struct {
	Identity  *Identity
	Directory Directory
	Local     Local
	Hear      func(Notice) // takes what another node lets this one know
	API       http.Handler // answers requests that other nodes pass on. nil: none are taken
	Log       *slog.Logger // nil: nothing is logged
}

// Server answers other nodes.
type Server struct {
	config ServerConfig
	http   http.Server
}

// NewServer returns a server that does not listen yet.
func NewServer(config ServerConfig) *Server {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{config: config}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+submitPath, answering(s.submit))
	mux.HandleFunc("POST "+handOverPath, answering(s.handOver))
	mux.HandleFunc("POST "+noticePath, s.notice)
	mux.HandleFunc(proxyPath+"{partition}/", s.proxy)
	s.http = http.Server{Handler: mux, ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, ErrorLog: slog.NewLogLogger(config.Log.Handler(), slog.LevelWarn)}
	return s
}

// Serve takes connections of a listener until Shutdown. The listener speaks no TLS by itself.
func (s *Server) Serve(l net.Listener) error {
	proven := s.config.Identity.listen(l, s.config.Log)
	err := s.http.Serve(proven)
	l.Close()
	proven.work.Wait()
	return err
}

// Shutdown lets the calls under way end, until ctx does.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		s.http.Close()
	}
	return err
}

// answering makes a handler of a call: a message in, JSON out.
func answering(call func(context.Context, []byte) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := message(w, r)
		if err != nil {
			refuse(w, err, "")
			return
		}
		answer, err := call(r.Context(), body)
		if err != nil {
			owner := ""
			if e, ok := err.(*elsewhere); ok {
				owner = e.owner
			}
			refuse(w, err, owner)
			return
		}
		reply(w, http.StatusOK, answer)
	}
}

// message reads the body of a call.
func message(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	http.NewResponseController(w).SetReadDeadline(time.Now().Add(callTime))
	return io.ReadAll(http.MaxBytesReader(w, r.Body, maxMessage))
}

func reply(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		text, status = []byte(`{"kind":"`+failure+`","detail":"the answer cannot be encoded"}`), http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text))) // so an answer that is cut is noticed
	w.WriteHeader(status)
	w.Write(text)
}

func refuse(w http.ResponseWriter, err error, owner string) {
	f, status := faultOf(err)
	f.Owner = owner
	reply(w, status, f)
}

// elsewhere says that this node does not have a partition.
type elsewhere struct{ owner string }

func (e *elsewhere) Error() string {
	if e.owner == "" {
		return "this node does not have the partition"
	}
	return "this node does not have the partition; its owner is at " + e.owner
}

func (e *elsewhere) Unwrap() error { return nodes.ErrNotOwner }

// has returns an error for a partition that this node does not have.
func (s *Server) has(partition int) error {
	if s.config.Directory.Holds(partition) {
		return nil
	}
	owner, _ := s.config.Directory.Owner(partition)
	return &elsewhere{owner.Address}
}

func (s *Server) submit(ctx context.Context, body []byte) (any, error) {
	var head submitHead
	inputs, err := decodeMessage(body, &head)
	if err != nil {
		return nil, err
	}
	all, err := groups(inputs, head.Sizes)
	if err != nil {
		return nil, err
	}
	if err := s.has(head.Partition); err != nil {
		return nil, err
	}
	outcomes, err := s.config.Local.Apply(ctx, head.Partition, all)
	if err != nil {
		return nil, err
	}
	answer := make([]outcome, len(outcomes))
	for i, o := range outcomes {
		answer[i].Answers = o.Answers
		answer[i].Error, _ = faultOf(o.Err)
	}
	return answer, nil
}

func (s *Server) handOver(ctx context.Context, body []byte) (any, error) {
	var head handOverHead
	inputs, err := decodeMessage(body, &head)
	if err != nil {
		return nil, err
	}
	h := &runner.Handover{From: head.From, Commands: head.Commands, Inputs: inputs}
	for _, in := range inputs {
		if in.Origin == nil {
			return nil, errMessage
		}
	}
	if copy(h.Store[:], head.Store) != len(head.Store) {
		return nil, errMessage
	}
	if err := s.has(head.To); err != nil {
		return nil, err
	}
	t, err := s.config.Local.TakeHandover(ctx, head.To, h)
	if err != nil {
		return nil, err
	}
	answer := taken{UpTo: t.UpTo}
	for _, a := range t.Answers {
		answer.Answers = append(answer.Answers, takenAnswer(a))
	}
	return answer, nil
}

func (s *Server) notice(w http.ResponseWriter, r *http.Request) {
	body, err := message(w, r)
	var n Notice
	if err == nil {
		_, err = decodeMessage(body, &n)
	}
	if err != nil {
		refuse(w, err, "")
		return
	}
	if s.config.Hear != nil {
		s.config.Hear(n)
	}
	w.WriteHeader(http.StatusNoContent)
}

// proxy lets the API answer a request that another node has passed on.
func (s *Server) proxy(w http.ResponseWriter, r *http.Request) {
	partition, err := strconv.Atoi(r.PathValue("partition"))
	if err != nil || s.config.API == nil {
		http.NotFound(w, r)
		return
	}
	if err := s.has(partition); err != nil {
		w.Header().Set(refusedHeader, "1")
		refuse(w, err, err.(*elsewhere).owner)
		return
	}
	r = r.WithContext(context.WithValue(r.Context(), passedOn{}, true))
	if from := r.Header.Get(callerHeader); from != "" {
		r.RemoteAddr = from
	}
	r.Header.Del(callerHeader)
	http.StripPrefix(strings.TrimSuffix(proxyPath, "/")+"/"+r.PathValue("partition"), s.config.API).ServeHTTP(w, r)
}
