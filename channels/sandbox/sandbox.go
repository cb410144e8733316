package sandbox

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
)

// Sandbox is a local App Messaging service. It is safe for concurrent use.
// New starts its workers and Close ends them.
type Sandbox struct {
	config  Config
	closing context.Context // ended by Close
	cut     context.CancelFunc
	agenda  *agenda
	outbox  *outbox
	handler http.Handler
	planned atomic.Int64 // acts on the agenda
	counts  counts

	mu       sync.Mutex // guards the rest; taken before the outbox's lock
	shelf    *shelf
	ids      *rand.ChaCha8
	failures int // see FailNext
	failWith int
}

// New starts a service, or reports the field of config that is wrong.
func New(config Config) (*Sandbox, error) {
	if err := config.validate(); err != nil {
		return nil, err
	}
	config = config.complete()
	closing, cut := context.WithCancel(context.Background())
	s := &Sandbox{
		closing: closing,
		cut:     cut,
		config:  config,
		agenda:  newAgenda(config.Clock),
		shelf:   newShelf(config.Keep),
		ids:     newIDs(config.Seed),
	}
	s.handler = s.routes()
	s.outbox = newOutbox(closing, config, s.agenda, &s.counts)
	s.outbox.start()
	return s, nil
}

// Handler serves the API and the local view.
func (s *Sandbox) Handler() http.Handler { return s.handler }

// Close ends everything: people act no more, and webhooks not yet answered are
// dropped, those on their way included. It waits for all goroutines, which takes
// no longer than a request that is cut off. It may be called again.
func (s *Sandbox) Close() {
	s.cut()
	s.agenda.close()
	s.outbox.close()
}

// Settle waits until every webhook that is due has been answered. Those that wait
// on the clock, for a person's act or for a retry, are not due. It returns the
// cause of ctx when that ends first.
func (s *Sandbox) Settle(ctx context.Context) error { return s.outbox.settle(ctx) }

// Messages are the messages kept, oldest first, those of people included.
func (s *Sandbox) Messages() []Message {
	return s.messages(func(*record) bool { return true })
}

func (s *Sandbox) messages(wanted func(*record) bool) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []Message{}
	for _, r := range s.shelf.all() {
		if wanted(r) {
			found = append(found, r.Message)
		}
	}
	return found
}
