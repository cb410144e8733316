package bench

import "maps"

// fairReceipts is how many receipts are ready for a campaign. A campaign of the usual size
// ends before all of them are sent.
const fairReceipts = 20_000

// fair times receipts before and during a campaign.
func (s *session) fair() error {
	quiet := s.slowRuns()
	waiting := min(fairReceipts, max(1, s.Runs/5))
	files := r1Project("30d")
	maps.Copy(files, campaignProject())
	if err := s.prepare(files); err != nil {
		return err
	}
	if err := s.warm(quiet + waiting); err != nil {
		return err
	}
	first := warmRuns + quiet
	if err := s.quietReceipts(warmRuns, quiet); err != nil {
		return err
	}
	if err := s.start("runs that will be read", first, waiting, s.postEvents); err != nil {
		return err
	}
	if err := s.audience(first+waiting, s.Runs); err != nil {
		return err
	}
	over, finished := make(chan struct{}), make(chan error, 1)
	p, err := s.phase("campaign", s.Runs, func() (err error) {
		go func() { // ends with the campaign
			finished <- s.fire("campaign")
			close(over)
		}()
		s.report.ReceiptsMeanwhile, err = s.timeReceipts(waiting, over, func(i int) int { return first + i })
		if ended := <-finished; ended != nil {
			return ended
		}
		return err
	})
	if err != nil {
		return err
	}
	s.report.RunsPerSecond, s.report.PerRun = p.PerSecond, perRun(p)
	return s.limits(min(s.Runs, bareRuns))
}
