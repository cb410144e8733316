package runner

import (
	"time"

	"nudge/engine"
)

const (
	// keptDeploys is how long the history of deploys has them, and proposals whatever became of them; then they are dropped.
	keptDeploys = 400 * 24 * time.Hour

	// deploysBeyond is how much longer than versions and the journal deploys are kept: by its deploy a version is known to be old.
	deploysBeyond = 7 * 24 * time.Hour
)

// dropDeploys drops deploys and proposals that are too old.
func (l *Loop) dropDeploys(now engine.Instant) error {
	kept := max(keptDeploys, l.purging.Versions+deploysBeyond, l.purging.Journal+deploysBeyond)
	for {
		dropped, err := l.store.DropDeploys(now.Add(-kept), dropPage)
		if err != nil || dropped < dropPage {
			return err
		}
	}
}
