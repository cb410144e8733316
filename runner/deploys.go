package runner

import (
	"time"

	"nudge/engine"
)

// keptDeploys is how long the history of deploys has them, and proposals whatever became of them; then they are dropped.
const keptDeploys = 400 * 24 * time.Hour

// dropDeploys drops deploys and proposals that are too old. Where versions are dropped, each deploy stays as long as those that it
// has replaced: by it they are known to be old.
func (l *Loop) dropDeploys(now engine.Instant) error {
	for {
		dropped, err := l.store.DropDeploys(now.Add(-keptDeploys), dropPage, l.purging.Versions > 0)
		if err != nil || dropped < dropPage {
			return err
		}
	}
}
