package bench

import "math/rand/v2"

// stormSeed gives the receipts the same order in every measurement.
const stormSeed = 8

// storm sends receipts for all waiting runs at once, in random order.
func (s *session) storm() error {
	if err := s.prepare(r1Project("30d")); err != nil {
		return err
	}
	if err := s.warm(s.Runs); err != nil {
		return err
	}
	load, err := s.phase("start", s.Runs, func() error { return s.start("start", warmRuns, s.Runs, s.postLines) })
	if err != nil {
		return err
	}
	if err := s.remember(load.Runs); err != nil {
		return err
	}
	storm, err := s.phase("storm", s.Runs, func() error { return s.drain("storm", warmRuns, s.Runs, s.postShuffled) })
	if err != nil {
		return err
	}
	s.report.RunsPerSecond, s.report.PerRun = storm.PerSecond, perRun(storm)
	s.note("a run's figures are those of its receipt alone: the runs were started before, in batches")
	return s.limits(min(s.Runs, bareRuns))
}

// postShuffled posts read receipts one by one, in random order.
func (s *session) postShuffled(phase string, from, runs int) error {
	order := shuffled(runs)
	return s.fan(phase, runs, s.Callers, func(i int) error { return s.webhook(s.sink.receipt(nil, from+order[i], "read")) })
}

// shuffled returns the numbers 0 to n-1 in random order.
func shuffled(n int) []int { return rand.New(rand.NewPCG(stormSeed, uint64(n))).Perm(n) }
