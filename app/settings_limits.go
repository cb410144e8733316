package app

import (
	"time"

	"nudge/lang/node"
	"nudge/server"
)

// The most that limits may be set to.
const (
	maxConnections  = 1_000_000   // the largest `connections` and `connections_per_address`; a larger one is a mistake of the settings
	maxUnproven     = 1 << 30     // the largest `unproven_bytes`, in bytes; a larger one is a mistake of the settings
	minBodyPatience = time.Second // the shortest `body_patience`; a shorter one is a mistake of the settings
	maxBodyPatience = time.Hour   // the longest `body_patience`; a longer one is a mistake of the settings
	maxBodyRate     = 1 << 30     // the largest `body_rate`, in bytes; a larger one is a mistake of the settings
	maxFree         = 1 << 50     // the largest `free_bytes`, in bytes; a larger one is a mistake of the settings
)

// limits reads what requests can make the server hold. What is left out has its default.
func (r *reader) limits(m *node.Map) server.Limits {
	l := server.Limits{
		Connections:  r.number(m, "connections", maxConnections, "leave it out for 4096"),
		PerAddress:   r.number(m, "connections_per_address", maxConnections, "leave it out for 1024"),
		Unproven:     int64(r.number(m, "unproven_bytes", maxUnproven, "leave it out for 64 MiB")),
		BodyPatience: m.Duration("body_patience"),
		BodyRate:     r.number(m, "body_rate", maxBodyRate, "leave it out for 16 KiB a second"),
		Free:         int64(r.number(m, "free_bytes", maxFree, "leave it out for 64 MiB")),
	}
	if m.Has("body_patience") && (l.BodyPatience < minBodyPatience || l.BodyPatience > maxBodyPatience) {
		m.Errorf("body_patience", node.CodeBadValue, "leave it out for 30s", "body_patience must be 1s to 1h")
	}
	m.Close()
	return l
}
