package main

import (
	"errors"
	"log/slog"
	"net"
	"net/http"

	"nudge/channels/appmessaging"
	"nudge/engine"
	"nudge/sandbox"
)

// localService is a sandbox that serves on a port of its own: the provider of dev and
// demo, and what the verb sandbox is.
type localService struct {
	*sandbox.Sandbox
	http     *http.Server
	listener net.Listener
	failure  chan error // capacity 1: why it serves no more
}

// startLocal starts a sandbox on a listener, which is its own from here on.
func startLocal(l net.Listener, config sandbox.Config, log *slog.Logger) (*localService, error) {
	s, err := sandbox.New(config)
	if _, ok := errors.AsType[*sandbox.FileError](err); ok {
		return nil, errors.Join(failed(errors.New(withoutPackage(err))), l.Close())
	}
	if err != nil {
		return nil, errors.Join(wrongUsage(errors.New(withoutPackage(err))), l.Close())
	}
	local := &localService{s, newHTTPServer(s.Handler(), log), l, make(chan error, 1)}
	go func() { // ends when Stop shuts the server down
		if err := local.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			local.failure <- failed(err)
		}
	}()
	return local, nil
}

// URL is where the service is.
func (l *localService) URL() string { return "http://" + l.listener.Addr().String() }

// account is the way to the service, whatever account a flow names.
func (l *localService) account() account {
	return account{Name: engine.AnyAccount, Config: appmessaging.Config{BaseURL: l.URL(), PathPrefix: "/cpaas", Token: "local"}}
}

// Stop ends the service. Webhooks under way are dropped.
func (l *localService) Stop() error {
	err := shutDown(l.http)
	l.Sandbox.Close()
	return failed(err)
}
