package app

import (
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"nudge/channels/appmessaging"
	"nudge/client"
	"nudge/engine"
	"nudge/examples"
)

var reloads = flag.Int("reloads", 180, "how many reloads TestLeaks does, with seven connections each; a day of one a minute has 1440")

// held is what a process holds: goroutines, open files, and bytes of the heap in use.
type held struct{ goroutines, files, heap int }

func heldNow(t *testing.T) held {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	var m runtime.MemStats
	runtime.GC() // what a pool or a finalizer holds goes with the second
	runtime.GC()
	runtime.ReadMemStats(&m)
	return held{runtime.NumGoroutine(), len(files), int(m.HeapAlloc)}
}

// provider is a service that comes and goes at one address.
type provider struct {
	t       *testing.T
	address string
	http    *http.Server
}

func (p *provider) toggle() {
	if p.http != nil {
		p.http.Close()
		p.http = nil
		return
	}
	l, err := net.Listen("tcp", p.address)
	if err != nil {
		p.t.Fatal(err)
	}
	p.address = l.Addr().String()
	p.http = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusBadRequest)
	})}
	go p.http.Serve(l) // ends with Close
}

// TestLeaks: a server that is reloaded with other flows again and again, whose callers come, hang up
// and send halves, and whose provider comes and goes, holds no more after all of it than after
// the first third.
func TestLeaks(t *testing.T) {
	service := &provider{t: t, address: anyPort}
	service.toggle()
	t.Cleanup(func() {
		if service.http != nil {
			service.toggle()
		}
	})
	n := 0
	read := func() (*Project, error) {
		n++
		files := fstest.MapFS{}
		err := fs.WalkDir(examples.Hello(), ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := fs.ReadFile(examples.Hello(), path)
			if strings.HasPrefix(path, "templates/") {
				data = append(data, fmt.Sprintf("\n# edition %d\n", n)...)
			}
			files[path] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(string(data), "Hello", fmt.Sprintf("Hello %d", n)))}
			return err
		})
		p := Read(files, LocalSettings(os.LookupEnv))
		p.Settings.Accounts = []Account{{Config: appmessaging.Config{BaseURL: "http://" + service.address, PathPrefix: "/cpaas", Token: "t"}}}
		return p, err
	}
	project, err := read()
	if err != nil {
		t.Fatal(err)
	}
	api, err := Listen(anyPort)
	if err != nil {
		t.Fatal(err)
	}
	i, err := Start(t.Context(), Config{Project: project, DataDir: t.TempDir(), Listener: api, Reload: read, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := i.Stop(); err != nil {
			t.Error(err)
		}
	})
	before := held{}
	for round := range *reloads {
		if round == *reloads/3 {
			before = heldNow(t)
		}
		if list, err := i.Reload(t.Context(), &engine.Actor{Name: "test"}); err != nil || list.HasErrors() {
			t.Fatal(list, err)
		}
		kind := "user.signed_up"
		if round%8 == 7 {
			service.toggle()
		} else if service.http == nil { // one message for each time that it is away; its run goes on
			kind = "nobody.listens"
		}
		reconnect(t, i, kind, round)
	}
	after := heldNow(t)
	t.Logf("after a third of %d reloads: %+v; after all: %+v", *reloads, before, after)
	// A version of the flow that is kept takes over 5 KiB, 1.6 MB in the default run. Buffers and tables that fill once take
	// up to 800 KB more on a busy machine; they do not grow with the reloads.
	const once = 1 << 20
	if after.goroutines > before.goroutines+10 || after.files > before.files+10 || after.heap > before.heap+once {
		t.Errorf("the server holds %+v after %d reloads, and held %+v after a third of them", after, *reloads, before)
	}
}

// reconnect sends an event, half an event, and a webhook nobody signed, and opens and closes what
// says nothing, each on a connection of its own.
func reconnect(t *testing.T, i *Instance, kind string, round int) {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	a, err := client.New(client.Config{Server: i.URL(), HTTP: &http.Client{Transport: transport}})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 2 {
		if _, err := a.SendEvent(t.Context(), client.Event{Type: kind, Profile: fmt.Sprint("p", round, n), Data: []byte(`{"name": "Ann"}`)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, said := range []string{
		"", "G", "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
		"POST /webhooks/comapi HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{", "GET /v1/journal HTTP/1.1\r\nHost: localhost\r\n\r\n",
	} {
		c, err := net.Dial("tcp", i.config.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, said); err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
}
