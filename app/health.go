package app

import (
	"cmp"
	"context"
	"sync"
	"time"

	"nudge/engine"
	"nudge/lang/diag"
	"nudge/server"
	"nudge/store/bolt"
)

// health is what an instance remembers of itself for those who ask how it stands.
type health struct {
	mu    sync.Mutex
	files bolt.Files // nil until the store is open
	last  server.ProcessHealth

	clockOff func() time.Duration // how far the machine's clock is from the one here
}

// change changes what is remembered.
func (h *health) change(change func(*server.ProcessHealth)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change(&h.last)
}

// now is the instant on the machine's clock.
func now() engine.Instant { return engine.InstantOf(time.Now()) }

// read notes that the project was read, and why it could not be used: an error, or the first
// of its mistakes.
func (h *health) read(list diag.List, err error) {
	h.change(func(p *server.ProcessHealth) {
		p.Reload, p.ReloadErr = now(), ""
		switch {
		case err != nil:
			p.ReloadErr = err.Error()
		case list.HasErrors():
			for _, d := range list {
				if d.Severity == diag.Error {
					p.ReloadErr = d.Error()
					break
				}
			}
		}
	})
}

// processHealth returns what the process knows of itself.
func (i *Instance) processHealth() server.ProcessHealth {
	i.health.mu.Lock()
	p, files := i.health.last, i.health.files
	i.health.mu.Unlock()
	if i.health.clockOff != nil {
		p.ClockOff = i.health.clockOff()
	}
	p.DiskBytes, p.DiskLeast = -1, cmp.Or(i.config.Project.Settings.Limits.Free, server.DefaultFree)
	if files != nil {
		p.FileBytes, p.FreeBytes = files.Size(), files.Free()
		if free, _, known := files.Space(); known {
			p.DiskBytes = free
		}
	}
	if i.shared != nil {
		if size, err := i.shared.db.Size(); err == nil {
			p.FileBytes = size
		}
	}
	return p
}

// moving returns a submit that counts the runs that are offered to new versions, and what ends the count.
func (i *Instance) moving() (submit func(context.Context, ...*engine.Input) ([]engine.Answer, error), end func()) {
	i.health.change(func(p *server.ProcessHealth) { p.Migrating, p.Offered = now(), 0 })
	submit = func(ctx context.Context, inputs ...*engine.Input) ([]engine.Answer, error) {
		answers, err := i.runner.Submit(ctx, inputs...)
		if err == nil {
			i.health.change(func(p *server.ProcessHealth) { p.Offered += len(inputs) })
		}
		return answers, err
	}
	return submit, func() { i.health.change(func(p *server.ProcessHealth) { p.Migrating = 0 }) }
}
