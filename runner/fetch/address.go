package fetch

import "net/netip"

// kind is what sort of address one is, as an error calls it; empty for a public one.
type kind string

const (
	loopback  kind = "a loopback"
	private   kind = "a private"
	shared    kind = "a shared (carrier-grade NAT)"
	linkLocal kind = "a link-local"
	metadata  kind = "a cloud metadata"
	special   kind = "a special-purpose"
)

// notPublic are the addresses that are not simply somebody's on the internet, by the
// registries of special-purpose addresses (RFC 6890). The first that holds an address
// names it.
var notPublic = []struct {
	netip.Prefix
	kind
}{
	{netip.MustParsePrefix("169.254.169.254/32"), metadata}, // most clouds
	{netip.MustParsePrefix("169.254.170.2/32"), metadata},   // credentials of containers
	{netip.MustParsePrefix("100.100.100.200/32"), metadata}, // Alibaba
	{netip.MustParsePrefix("168.63.129.16/32"), metadata},   // Azure; a public one otherwise
	{netip.MustParsePrefix("192.0.0.192/32"), metadata},     // Oracle
	{netip.MustParsePrefix("fd00:ec2::/32"), metadata},      // Amazon over IPv6
	{netip.MustParsePrefix("fd20:ce::254/128"), metadata},   // Google over IPv6

	{netip.MustParsePrefix("127.0.0.0/8"), loopback},
	{netip.MustParsePrefix("10.0.0.0/8"), private},
	{netip.MustParsePrefix("172.16.0.0/12"), private},
	{netip.MustParsePrefix("192.168.0.0/16"), private},
	{netip.MustParsePrefix("100.64.0.0/10"), shared},
	{netip.MustParsePrefix("169.254.0.0/16"), linkLocal},
	{netip.MustParsePrefix("0.0.0.0/8"), special},       // unspecified, and this network
	{netip.MustParsePrefix("192.0.0.0/24"), special},    // protocols
	{netip.MustParsePrefix("192.0.2.0/24"), special},    // documentation
	{netip.MustParsePrefix("192.88.99.0/24"), special},  // relays of 6to4
	{netip.MustParsePrefix("198.18.0.0/15"), special},   // benchmarks
	{netip.MustParsePrefix("198.51.100.0/24"), special}, // documentation
	{netip.MustParsePrefix("203.0.113.0/24"), special},  // documentation
	{netip.MustParsePrefix("224.0.0.0/3"), special},     // multicast, reserved, broadcast

	{netip.MustParsePrefix("::1/128"), loopback},
	{netip.MustParsePrefix("fc00::/7"), private},
	{netip.MustParsePrefix("fe80::/10"), linkLocal},
	{netip.MustParsePrefix("2001::/23"), special},     // Teredo and other protocols
	{netip.MustParsePrefix("2001:db8::/32"), special}, // documentation
	{netip.MustParsePrefix("2002::/16"), special},     // 6to4, which holds an IPv4 address
	{netip.MustParsePrefix("3fff::/20"), special},     // documentation
}

// globalUnicast is all of IPv6 that is given out. Outside it lie, among others, the
// unspecified address, those that hold an IPv4 address (compatible, mapped, NAT64),
// site-local and multicast ones.
var globalUnicast = netip.MustParsePrefix("2000::/3")

// kindOf is the kind of an address. One of IPv4 that is written as IPv6 is the one of
// IPv4, because that is what is connected to.
func kindOf(a netip.Addr) kind {
	a = a.Unmap().WithZone("")
	for _, n := range notPublic {
		if n.Contains(a) {
			return n.kind
		}
	}
	if a.Is4() || globalUnicast.Contains(a) {
		return ""
	}
	return special
}
