package app

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/runner"
	"nudge/runner/notify"
)

// endpointsOf is what the runner needs to know of the endpoints.
func endpointsOf(endpoints []notify.Endpoint) (all []runner.Endpoint) {
	for _, e := range endpoints {
		all = append(all, e.Endpoint)
	}
	return all
}

// namesOf are the names of endpoints.
func namesOf(endpoints []notify.Endpoint) (names []string) {
	for _, e := range endpoints {
		names = append(names, e.Name)
	}
	return names
}

// startCourier starts to deliver notices. Endpoints of a reload get theirs from the next
// start on.
func (i *Instance) startCourier(from notify.Reader, registry *prometheus.Registry) error {
	if len(i.project.Settings.Endpoints) == 0 {
		return nil
	}
	c, err := notify.New(notify.Config{Store: from, Settle: i.runner.Settle, Endpoints: i.project.Settings.Endpoints,
		Clock: i.config.Clock, Log: i.log, Registry: registry, Held: i.held.holds})
	if err != nil {
		return failed(err)
	}
	i.courier.Store(c)
	running, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { // ends when Stop cancels it, or when the store cannot be read
		defer close(ended)
		i.fail("the courier", c.Run(running))
	}()
	i.push("the courier", func() error { cancel(); <-ended; return nil })
	return nil
}

// wakeCourier makes the courier look for new notices.
func (i *Instance) wakeCourier() {
	if c := i.courier.Load(); c != nil {
		c.Wake()
	}
}
