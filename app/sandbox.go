package app

import (
	"errors"
	"log/slog"
	"net"
	"net/http"

	"nudge/channels/appmessaging"
	"nudge/engine"
	"nudge/sandbox"
)

// Sandbox is a sandbox that serves on a port of its own: the provider of dev and
// demo, and what the verb sandbox is.
type Sandbox struct {
	*sandbox.Sandbox
	http     *http.Server
	listener net.Listener
	failure  chan error // capacity 1: why it serves no more
}

// StartSandbox starts a sandbox on a listener, which is its own from here on.
func StartSandbox(l net.Listener, config sandbox.Config, log *slog.Logger) (*Sandbox, error) {
	s, err := sandbox.New(config)
	if _, ok := errors.AsType[*sandbox.FileError](err); ok {
		return nil, errors.Join(failed(errors.New(Plain(err))), l.Close())
	}
	if err != nil {
		return nil, errors.Join(Mark(Usage, errors.New(Plain(err))), l.Close())
	}
	local := &Sandbox{s, newHTTPServer(s.Handler(), log), l, make(chan error, 1)}
	go func() { // ends when Stop shuts the server down
		if err := local.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			local.failure <- failed(err)
		}
	}()
	return local, nil
}

// Failure delivers the error for which the service can serve no more.
func (l *Sandbox) Failure() <-chan error { return l.failure }

// URL is where the service is.
func (l *Sandbox) URL() string { return "http://" + l.listener.Addr().String() }

// account is the way to the service, whatever account a flow names.
func (l *Sandbox) account() Account {
	return Account{Name: engine.AnyAccount, Config: appmessaging.Config{BaseURL: l.URL(), PathPrefix: "/cpaas", Token: "local"}}
}

// Stop ends the service. Webhooks under way are dropped.
func (l *Sandbox) Stop() error {
	err := shutDown(l.http)
	l.Sandbox.Close()
	return failed(err)
}
