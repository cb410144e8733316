package app

import (
	"errors"
	"log/slog"
	"net"
	"sync"

	"nudge/channels/appmessaging"
	"nudge/engine"
	"nudge/sandbox"
)

// Sandbox is a sandbox that serves on its own port.
type Sandbox struct {
	*sandbox.Sandbox
	web      *webServer
	listener net.Listener
	failure  chan error // capacity 1: the error that ended the service
	stop     func() error
}

// StartSandbox starts a sandbox on a listener. From then on the sandbox owns the listener.
// An error of the kind [Usage] is a mistake in the config.
func StartSandbox(l net.Listener, config sandbox.Config, log *slog.Logger) (*Sandbox, error) {
	box, err := sandbox.New(config)
	if err != nil {
		kind := Usage
		if _, ok := errors.AsType[*sandbox.FileError](err); ok {
			kind = Failed
		}
		return nil, errors.Join(Mark(kind, errors.New(Plain(err))), l.Close())
	}
	s := &Sandbox{Sandbox: box, web: newWebServer(box.Handler(), log), listener: l, failure: make(chan error, 1)}
	s.stop = sync.OnceValue(func() error {
		err := s.web.stop()
		box.Close()
		return failed(err)
	})
	go func() { // ends when Stop stops the server
		if err := s.web.serve(l); err != nil {
			s.failure <- failed(err)
		}
	}()
	return s, nil
}

// Failure delivers the error that ended the service before Stop did.
func (s *Sandbox) Failure() <-chan error { return s.failure }

// URL returns the address of the sandbox.
func (s *Sandbox) URL() string { return "http://" + s.listener.Addr().String() }

// account returns the connection to the sandbox, which serves every account that a flow
// names.
func (s *Sandbox) account() Account {
	return Account{Name: engine.AnyAccount, Config: appmessaging.Config{BaseURL: s.URL(), PathPrefix: "/cpaas", Token: "local"}}
}

// Stop ends the sandbox and drops the webhooks under way. It may be called again.
func (s *Sandbox) Stop() error { return s.stop() }
