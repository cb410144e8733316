//go:build linux

package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"nudge/engine"
	"nudge/store/postgres/pgtest"
)

// millionSeconds is about how long the campaign of TestMillionNodes takes by its rate.
const millionSeconds = 8

// TestMillionNodes does as TestMillion over three nodes with one PostgreSQL, of which one after the other is killed. The campaign has a
// rate, which all nodes together keep.
func TestMillionNodes(t *testing.T) {
	t.Parallel() // it waits most of the time
	m := newMillion(t, *rowCount)
	c := &killedNodes{killed: m.killed, database: pgtest.Start(t)}
	c.url = c.database.Database(t)
	l, err := net.Listen("tcp", m.address)
	if err != nil {
		t.Fatal(err)
	}
	before := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(c.balance)}}
	before.Start()
	t.Cleanup(before.Close)
	perMinute := max(*rowCount*60/(millionSeconds*campaignSpeed)*max(*rowCount/100_000, 1), 1)
	if *rowCount > 20_000 {
		perMinute = *rowCount * 60 / (120 * campaignSpeed)
	}
	c.change("flows/million.yaml", "audience: people.csv", fmt.Sprintf("audience: people.csv, rate: %d/m", perMinute))
	for n := range nodesOf {
		c.nodes = append(c.nodes, c.node(n, c.read("nudge.yaml")))
	}
	m.opened = c.openShared
	m.replace = func() {
		n := c.nodes[m.dice.IntN(nodesOf)]
		n.end(syscall.SIGKILL)
		n.up()
	}
	var all sync.WaitGroup
	for _, n := range c.nodes {
		all.Go(n.up)
	}
	all.Wait()
	m.stopAll = func() {
		for _, n := range c.nodes {
			all.Go(func() { n.end(syscall.SIGTERM) })
		}
		all.Wait()
	}
	m.runsTo()
	keepsRate(t, allRuns(t, c.openShared()), perMinute, nodesParts)
}

// keepsRate holds that in any time no more runs begin than the rate says, and one for each partition, which counts its own.
func keepsRate(t *testing.T, runs []*engine.Run, perMinute, partitions int) {
	t.Helper()
	var began []time.Time
	for _, r := range runs {
		began = append(began, r.Started().Time())
	}
	slices.SortFunc(began, time.Time.Compare)
	turn := time.Minute / time.Duration(perMinute)
	first := 0 // of the times that end with a run, the one with the most runs for its length began with this one
	for i := range began {
		if took := began[i].Sub(began[first]); took < time.Duration(i-first-partitions)*turn-time.Millisecond {
			t.Fatalf("%d runs began within %s, and the rate is %d a minute", i-first+1, took, perMinute)
		}
		if began[i].Sub(began[first]) > time.Duration(i-first)*turn {
			first = i
		}
	}
}

// saidAll is what all nodes have logged.
func (c *killedNodes) saidAll() string {
	var all strings.Builder
	for _, n := range c.nodes {
		fmt.Fprintf(&all, "node %d:\n%s\n", n.number, n.said())
	}
	return all.String()
}
