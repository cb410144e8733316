package fetch

import "net/netip"

// IsPublic reports whether an address may be asked without leave.
func IsPublic(a netip.Addr) bool { return kindOf(a) == "" }

// MayDial reports whether a client may connect to an address of a host that is
// allowed by its name.
func MayDial(c *Client, a netip.Addr) bool { return c.check(a, true) == nil }
