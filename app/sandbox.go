package app

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"nudge/channels/appmessaging"
	"nudge/engine"
	"nudge/sandbox"
	"nudge/server"
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
	s := &Sandbox{Sandbox: box, web: newWebServer(onlyLocal(l.Addr(), box.Handler()), log), listener: l, failure: make(chan error, 1)}
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

// onlyLocal refuses what a page in a browser sends to a sandbox on loopback, unless the page is
// of this machine too: neither by its own name for this machine nor from its own origin. A
// sandbox that other machines can reach, such as phones, takes every name.
func onlyLocal(at net.Addr, next http.Handler) http.Handler {
	if address, ok := at.(*net.TCPAddr); !ok || !address.IP.IsLoopback() {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLocalHost(r.Host) {
			http.Error(w, "the sandbox is only for this machine: use localhost", http.StatusForbidden)
			return
		}
		if origin := r.Header.Get("Origin"); origin != "" {
			u, err := url.Parse(origin)
			if err != nil || !isLocalHost(u.Host) {
				http.Error(w, "the sandbox is only for pages of this machine", http.StatusForbidden)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// isLocalHost reports whether a host, with a port or without, is this machine's loopback.
func isLocalHost(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return server.IsLoopback(strings.Trim(host, "[]"))
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
