package cluster

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	"nudge/runner"
)

const (
	callerHeader  = "Nudge-Caller"  // address of the client whose request is passed on
	refusedHeader = "Nudge-Refused" // the answer is that of a node which does not have the partition
)

// passedOn is the key of the mark on a request that another node has passed on.
type passedOn struct{}

// PassedOn reports whether another node has passed a request on to this one. It must not be passed on again.
func PassedOn(r *http.Request) bool { return r.Context().Value(passedOn{}) != nil }

// Proxy passes a request on, as it is, to the node that has a partition, and writes that node's answer. If it returns an error,
// nothing was written: [runner.ErrElsewhere] if nothing was done either, and [runner.ErrUnsure] if nobody knows. A request
// that changes nothing, or was certainly not taken and has no body, is tried once more.
func (c *Client) Proxy(w http.ResponseWriter, r *http.Request, partition int) error {
	if PassedOn(r) {
		return runner.ErrElsewhere
	}
	err := c.proxy(w, r, partition)
	if err == nil || !mayRepeat(r, err) || c.config.Directory.Look(r.Context()) != nil {
		return err
	}
	return worse(err, c.proxy(w, r, partition))
}

// mayRepeat reports whether a request that failed so may be sent again.
func mayRepeat(r *http.Request, err error) bool {
	if r.ContentLength != 0 {
		return false // its body is read
	}
	return errors.Is(err, runner.ErrElsewhere) || r.Method == http.MethodGet || r.Method == http.MethodHead
}

func (c *Client) proxy(w http.ResponseWriter, r *http.Request, partition int) (err error) {
	to, err := c.owner(r.Context(), partition)
	if err != nil {
		return err
	}
	began := time.Now()
	target := &url.URL{Scheme: "https", Host: to.Address, Path: fmt.Sprintf("%s%d", proxyPath, partition)}
	p := httputil.ReverseProxy{
		Transport:     c.transport,
		ErrorLog:      slog.NewLogLogger(c.config.Log.Handler(), slog.LevelWarn),
		FlushInterval: -1, // what is followed live comes line by line
		Rewrite: func(pr *httputil.ProxyRequest) {
			pr.SetURL(target)
			pr.Out.Host, pr.Out.URL.RawQuery = r.Host, r.URL.RawQuery
			for name, values := range r.Header { // the owner has to see that a proxy stood before this node
				if name == "Forwarded" || name == "Via" || strings.HasPrefix(name, "X-") {
					pr.Out.Header[name] = values
				}
			}
			pr.Out.Header.Set(callerHeader, r.RemoteAddr)
		},
		ModifyResponse: func(response *http.Response) error {
			if response.Header.Get(refusedHeader) != "" {
				return runner.ErrElsewhere
			}
			return nil
		},
		ErrorHandler: func(_ http.ResponseWriter, _ *http.Request, failed error) { err = failed },
	}
	ended := false
	defer func() {
		how := resultOf(err)
		if !ended {
			how = resultUnknown
		}
		c.config.Metrics.called(callProxy, how, time.Since(began))
	}()
	p.ServeHTTP(w, r) // if the answer ends too early it panics, so that the caller notices
	if ended = true; err != nil && !errors.Is(err, runner.ErrElsewhere) {
		err = c.failed(to, err)
	}
	return err
}
