package fetch

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
)

// Allowed is what may be asked although it is not public: a range of addresses, or a
// host by its name.
type Allowed struct {
	prefix netip.Prefix // zero for a host
	host   string       // in lower case; with a dot before it: every host below it
}

var hostForm = regexp.MustCompile(`^\.?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$`)

// ParseAllowed reads an address (10.0.0.7), a range (10.0.0.0/8), a host
// (billing.internal), or all hosts below one (.internal).
func ParseAllowed(text string) (Allowed, error) {
	if prefix, err := netip.ParsePrefix(text); err == nil {
		return Allowed{prefix: prefix.Masked()}, nil
	}
	if a, err := netip.ParseAddr(text); err == nil {
		a = a.Unmap().WithZone("")
		return Allowed{prefix: netip.PrefixFrom(a, a.BitLen())}, nil
	}
	host := strings.ToLower(text)
	if !hostForm.MatchString(host) || strings.Trim(host[strings.LastIndex(host, ".")+1:], "0123456789") == "" {
		return Allowed{}, fmt.Errorf("%q is neither an address (10.0.0.7), a range (10.0.0.0/8) nor a host "+
			"(billing.internal, or .internal for all below it)", text)
	}
	return Allowed{host: host}, nil
}

// String is the text that ParseAllowed reads.
func (a Allowed) String() string {
	if a.host != "" {
		return a.host
	}
	return a.prefix.String()
}

// names reports whether a host is allowed by its name.
func (a Allowed) names(host string) bool {
	if a.host == "" {
		return false
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == a.host || strings.HasPrefix(a.host, ".") && strings.HasSuffix(host, a.host)
}
