package app

import (
	"context"
	"errors"
	"log/slog"

	"nudge/store"
	"nudge/store/postgres"
)

// RestoredDatabase is what RestoreDatabase made.
type RestoredDatabase struct {
	Installation string `json:"restored_as"` // the installation that the store is now
	Forgotten    int    `json:"forgotten"`   // people who were forgotten since the backup and will be again, before the store answers
}

// RestoreDatabase makes a store that goes on of a database that was restored by its own means. As of any restored store, nothing
// goes out of it until somebody lets it go. It refuses a database on which a node works.
func RestoreDatabase(ctx context.Context, url string, how store.Restoring) (*RestoredDatabase, error) {
	d, err := postgres.Open(ctx, url, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, failed(err)
	}
	defer d.Close()
	state, forgotten, err := d.Restore(ctx, how)
	if errors.Is(err, store.ErrOtherStore) || errors.Is(err, postgres.ErrInUse) {
		return nil, wrongInput(err)
	}
	return &RestoredDatabase{Installation: state.Installation.String(), Forgotten: forgotten}, failed(err)
}
