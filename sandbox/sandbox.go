package sandbox

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"

	"nudge/sandbox/session"
	"nudge/sandbox/socket"
)

// Sandbox is a local App Messaging service. It is safe for concurrent use.
// New starts its workers and Close ends them.
type Sandbox struct {
	config   Config
	closing  context.Context // ended by Close
	cut      context.CancelFunc
	agenda   *agenda
	handler  http.Handler
	planned  atomic.Int64 // acts on the agenda
	counts   counts
	sessions *session.Sessions
	sockets  *socket.Hub
	chance   atomic.Pointer[chance] // faults by chance

	mu        sync.Mutex // guards the rest; taken before an outbox's lock
	hooks     hooks
	store     *messageStore
	people    map[string]*person // profiles, by ID
	optIns    optIns
	templates map[string]*template // kept at the provider, by ID; one does not change in place
	contents  contents
	unsaved   unsaved
	ids       *rand.ChaCha8
	failures  int // see FailNext
	failWith  int

	archive    *archive // nil: nothing is kept over a restart
	savedHooks int      // revision of the hooks that was saved; guarded by mu
	closed     sync.Once
}

// FileError reports that the file of a sandbox cannot be used.
type FileError struct {
	File string
	Err  error
}

// Error names the file and says why.
func (e *FileError) Error() string { return fmt.Sprintf("sandbox: File %s: %v", e.File, e.Err) }

// Unwrap is why.
func (e *FileError) Unwrap() error { return e.Err }

// New starts a service, or reports the field of config that is wrong; for a file that
// cannot be used, that is a *FileError.
func New(config Config) (*Sandbox, error) {
	if err := config.validate(); err != nil {
		return nil, err
	}
	config = config.complete()
	closing, cut := context.WithCancel(context.Background())
	s := &Sandbox{
		closing:   closing,
		cut:       cut,
		config:    config,
		agenda:    newAgenda(config.Clock),
		store:     newMessageStore(config.Keep),
		people:    map[string]*person{},
		optIns:    optIns{channelID: false},
		templates: map[string]*template{},
		contents:  contents{byID: map[string]*uploaded{}},
		unsaved:   unsaved{map[string]bool{}, map[string]bool{}, map[string]bool{}},
		ids:       newIDs(config.Seed),
		sessions:  session.New(config.Auth),
		sockets:   socket.New(),
	}
	s.handler = s.routes()
	s.SetFaults(config.Faults)
	s.hooks.main = s.newMain()
	s.hooks.changed()
	if config.File == "" {
		return s, nil
	}
	if err := s.keep(config.File); err != nil {
		s.Close()
		return nil, &FileError{config.File, err}
	}
	return s, nil
}

// keep opens the file, restores its content, and writes changes to it from here on.
func (s *Sandbox) keep(file string) (err error) {
	if s.archive, err = openArchive(file, s.config.Log); err != nil {
		return err
	}
	s.store.saved = true
	err = s.load()
	go s.archive.run(s.changes) // ended by Close
	return err
}

// Handler serves the API and the local view.
func (s *Sandbox) Handler() http.Handler { return s.handler }

// Close ends everything: people stop acting, and webhooks without an answer are dropped, those
// on their way included. It waits for all goroutines, which takes no longer than cutting off a
// request, and saves the last changes. It may be called again.
func (s *Sandbox) Close() {
	s.cut()
	s.agenda.close()
	s.sockets.Close()
	s.mu.Lock()
	s.hooks.close()
	s.mu.Unlock()
	s.closed.Do(func() {
		if s.archive == nil {
			return
		}
		if err := s.archive.close(); err != nil {
			s.config.Log.Warn("closing the file of messages failed", "file", s.config.File, "error", err)
		}
	})
}

// Settle waits until every webhook that is due has been answered. Those that wait
// on the clock, for a person's act or for a retry, are not due. It returns the
// cause of ctx when that ends first.
func (s *Sandbox) Settle(ctx context.Context) error {
	s.mu.Lock()
	all := append([]*hook{s.hooks.main}, s.hooks.registered...)
	s.mu.Unlock()
	for _, h := range all {
		if err := h.outbox.settle(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Messages are the messages kept, oldest first, those of people included.
func (s *Sandbox) Messages() []Message {
	return s.messages(func(*record) bool { return true })
}

func (s *Sandbox) messages(wanted func(*record) bool) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []Message{}
	for _, r := range s.store.all() {
		if wanted(r) {
			found = append(found, r.Message)
		}
	}
	return found
}
