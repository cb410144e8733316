// Package cluster lets several processes, the nodes, serve the partitions of one installation.
//
// A [Keeper] holds a node's lease and its partitions. It joins, renews, takes partitions that nobody serves, and gives some
// back when others have fewer. What it decides is in [Holdings], a value without goroutine and clock, so that a simulator can
// drive it. The registry of package nodes is the only place that nodes agree in.
//
// # Who may do what
//
// Three things keep two nodes from acting for one partition. The store refuses a commit of an epoch that is over. A lease ends
// by the node's own clock before it ends by the clock of the registry: it counts from the instant before its renewal was sent,
// and loses a margin. And whoever answers or posts asks first, by [Keeper.Holds]. What remains: a process that stands still
// between that question and the write, until after the end of its lease.
//
// # Between nodes
//
// A [Server] is a listener of its own, and a [Client] asks those of other nodes. Each connection is TLS 1.3 with a certificate
// that the node made at its start, and that proves nothing. Then both sides prove that they know the cluster's secret: each
// sends an HMAC over keying material that TLS exports for this connection (RFC 8446, section 7.5; RFC 9266). Somebody between
// the two has a connection with either, and so two sets of keying material: what one side sends is no proof to the other. The
// secret itself never goes out. It should be random, since whoever gets a node to connect may try guesses at it.
package cluster
