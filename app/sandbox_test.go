package app

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// A page in a browser reaches a sandbox on loopback neither by a name of its own nor from its
// own origin. A sandbox for other machines is for them.
func TestSandboxIsForThisMachine(t *testing.T) {
	reached := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	loopback, open := net.IPv4(127, 0, 0, 1), net.IPv4zero
	for _, test := range []struct {
		at           net.IP
		host, origin string
		want         int
	}{
		{loopback, "localhost:8081", "", 204},
		{loopback, "127.0.0.1:8081", "http://localhost:3000", 204},
		{loopback, "[::1]:8081", "http://[::1]:3000", 204},
		{loopback, "rebound.example:8081", "", 403},
		{loopback, "localhost:8081", "https://evil.example", 403},
		{loopback, "localhost:8081", "https://localhost.evil.example", 403},
		{loopback, "localhost:8081", "null", 403},
		{open, "192.168.1.7:8081", "", 204},
	} {
		r := httptest.NewRequest("POST", "/", nil)
		r.Host = test.host
		if test.origin != "" {
			r.Header.Set("Origin", test.origin)
		}
		w := httptest.NewRecorder()
		onlyLocal(&net.TCPAddr{IP: test.at, Port: 8081}, reached).ServeHTTP(w, r)
		if w.Code != test.want {
			t.Errorf("at %s to %s from %q: %d, want %d", test.at, test.host, test.origin, w.Code, test.want)
		}
	}
}

// An address of IPv4 is not open to IPv6.
func TestListenOnIPv4(t *testing.T) {
	l, err := Listen("0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if six, err := net.Listen("tcp6", "[::1]:"+port); err != nil {
		t.Errorf("IPv6 is taken too: %v", err)
	} else {
		six.Close()
	}
}
