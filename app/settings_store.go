package app

import (
	"net/url"
	"strings"
	"time"

	"nudge/flows"
	"nudge/lang/node"
)

// ClusterSettings are those of a node that has its store together with others.
type ClusterSettings struct {
	Name    string        // empty: the name of the machine
	Listen  string        // for other nodes; empty: a free port of the address from which the database is reached
	Address string        // where other nodes reach this one; empty: where it listens
	Lease   time.Duration // how long this node has its partitions without word from the database
}

const (
	defaultLease = 10 * time.Second // or `cluster.lease`; without word from the database for so long, a node gives all up
	minLease     = time.Second      // the shortest `cluster.lease`; a shorter one is a mistake of the settings
	maxLease     = time.Minute      // the longest `cluster.lease`; a longer one is a mistake of the settings
	maxNodeName  = 100              // bytes of `cluster.name`; a longer one is a mistake of the settings
)

// store reads where the store is: the URL of a database, or empty for files in the data folder.
func (r *reader) store() string {
	if !r.top.Has("store") {
		return ""
	}
	text := r.str(r.top.Text("store"))
	if text == "" {
		return ""
	}
	if u, err := url.Parse(text); err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" { // the error would show the password
		r.top.Errorf("store", node.CodeBadValue, "for example postgres://nudge@db.internal/nudge; a store in files needs no store, only data_dir", "store is not the URL of a PostgreSQL database")
		return ""
	}
	return text
}

// cluster reads how a node works together with others.
func (r *reader) cluster(m *node.Map) ClusterSettings {
	c := ClusterSettings{Lease: defaultLease}
	if m.Has("name") {
		c.Name = r.str(m.Text("name"))
		if len(c.Name) > maxNodeName || strings.ContainsAny(c.Name, "\n\r\t ") {
			m.Errorf("name", node.CodeBadValue, "", "name must be one word of at most %d bytes", maxNodeName)
		}
	}
	if m.Has("listen") {
		c.Listen = r.address(m.Get("listen"))
	}
	if m.Has("address") {
		c.Address = r.address(m.Get("address"))
	}
	if m.Has("lease") {
		text := r.str(m.Text("lease"))
		d, err := flows.ParseDuration(text)
		if c.Lease = time.Duration(d.Days)*day + d.Clock; text != "" && (err != nil || c.Lease < minLease || c.Lease > maxLease) {
			m.Errorf("lease", node.CodeBadValue, "10s is the usual one", "lease must be 1s to 1m")
		}
	}
	m.Close()
	return c
}
