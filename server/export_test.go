package server

import (
	"io/fs"
	"time"

	"nudge/engine"
)

// Folder is the file system of texts that a deploy is read from.
func Folder(files map[string]string) fs.FS { return folder(files) }

// Patterns are those that a server registers, webhooks included.
func Patterns(s *Server) (all []string) {
	for _, r := range append(s.routes(), s.webhookRoutes()...) {
		all = append(all, r.pattern)
	}
	return all
}

// ScopesOf are the scopes of the API's routes, by pattern.
func ScopesOf(s *Server) map[string]Scope {
	all := map[string]Scope{}
	for _, r := range s.routes() {
		all[r.pattern] = r.scope
	}
	return all
}

// MaxLastLines is how many lines that came before a follower may ask for.
const MaxLastLines = maxLastLines

// LiveEvery makes a server send the numbers of what is followed live that often.
func LiveEvery(s *Server, every time.Duration) { s.liveEvery = every }

// BacktestDue begins the backtest that is due, as WatchProposals does.
func BacktestDue(s *Server) (job string, next engine.Instant, err error) { return s.backtestDue() }
