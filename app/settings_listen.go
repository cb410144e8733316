package app

import (
	"net"
	"strconv"

	"nudge/lang/node"
	"nudge/server"
)

// listen reads the addresses of the server. If other machines can reach the API, it needs
// tokens. Webhooks are signed and need none.
func (r *reader) listen(v *node.Value, tokens bool) Addresses {
	a := Addresses{API: DefaultListen}
	switch {
	case v == nil:
		return a
	case v.IsMap():
		m := v.Map()
		if m.Has("api") {
			a.API = r.address(m.Get("api"))
		}
		if m.Has("webhooks") {
			a.Webhooks = r.address(m.Get("webhooks"))
		}
		m.Close()
		v = m.Get("api")
	default:
		a.API = r.address(v)
	}
	if v != nil && a.API != "" && !isLocal(a.API) && !tokens {
		v.Errorf(codeOpen, `for example tokens: [ "${NUDGE_TOKEN}" ], or listen: 127.0.0.1:8080`,
			"%s is reachable from other machines, and without tokens anybody there could send messages", a.API)
	}
	return a
}

// codeOpen is the code for an API that anybody could use.
const codeOpen = "open-api"

func (r *reader) address(v *node.Value) string {
	text := r.str(v.Text())
	if text == "" {
		return ""
	}
	if !isAddress(text) {
		v.Errorf(node.CodeBadValue, "for example 127.0.0.1:8080, or 0.0.0.0:8080 for every address of this machine",
			"%q is not an address with a port", text)
		return ""
	}
	return text
}

func isAddress(text string) bool {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n <= 65535
}

// isLocal reports whether only this machine can reach an address.
func isLocal(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && server.IsLoopback(host)
}

// IsLocalAddress reports whether a text is an address with a port that only this machine
// can reach.
func IsLocalAddress(text string) bool { return isAddress(text) && isLocal(text) }
