package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"nudge/store"
	"nudge/store/postgres"
)

// IsDatabase reports whether a place for a store is that of a database, and not a folder.
func IsDatabase(place string) bool { return isDatabase(place) }

// CheckDatabase verifies every record of a store in a database that no node serves.
func CheckDatabase(ctx context.Context, url string, log *slog.Logger) (*store.Report, error) {
	d, err := postgres.Open(ctx, url, log)
	if err != nil {
		return nil, failed(err)
	}
	defer d.Close()
	if d.Partitions() == 0 {
		return nil, wrongInput(fmt.Errorf("there is no store in %s", d.Where()))
	}
	v, err := d.Registry().View(ctx)
	if err != nil {
		return nil, failed(err)
	}
	for _, n := range v.Nodes {
		if !n.Dead && v.Now.Before(n.Expires) {
			return nil, wrongInput(errors.New("the node " + n.Name + " serves the store; stop all nodes, or let one check it beside its work: nudge store check --url URL"))
		}
	}
	var all []*store.Store
	for p := range d.Partitions() {
		all = append(all, store.View(d.Pages(p)))
	}
	report, err := store.Join(all).Check()
	return report, failed(err)
}
