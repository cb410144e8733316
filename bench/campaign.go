package bench

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"nudge/server"
)

const (
	campaignFlow = "sale"
	campaignFile = "people.csv"
)

// campaignProject returns a flow that messages every person in a file.
func campaignProject() map[string]string {
	return map[string]string{"flows/sale.yaml": `flow: sale
trigger: { at: 2020-01-01 09:00, audience: people.csv }
data: { name: string, points: number }
steps:
  - send: { body: "{{ data.name }}, {{ data.points }} points are yours" }
`}
}

// campaign messages every person in a file, and waits until all their runs have ended.
func (s *session) campaign() error {
	if err := s.prepare(campaignProject()); err != nil {
		return err
	}
	if err := s.audience(0, s.Runs); err != nil {
		return err
	}
	p, err := s.phase("campaign", s.Runs, func() error { return s.fire("campaign") })
	if err != nil {
		return err
	}
	if got := int(s.sink.messages.Load()); got != s.Runs {
		return fmt.Errorf("%d people got %d messages", s.Runs, got)
	}
	s.rememberMemory()
	s.report.RunsPerSecond, s.report.PerRun = p.PerSecond, perRun(p)
	return s.limits(min(s.Runs, bareRuns))
}

// audience writes the file of a campaign with this many people, numbered from the given
// number.
func (s *session) audience(from, people int) error {
	dir := filepath.Join(s.Dir, "audiences")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.Create(filepath.Join(dir, campaignFile))
	if err != nil {
		return err
	}
	out := bufio.NewWriter(file)
	fmt.Fprintln(out, "profile,name,points")
	for n := from; n < from+people; n++ {
		fmt.Fprintf(out, "%s%d,Ada,%d\n", profilePrefix, n, n%1000)
	}
	return errors.Join(out.Flush(), file.Close())
}

// fire starts the campaign and returns when it is finished.
func (s *session) fire(phase string) error {
	answer, err := s.post("/v1/campaigns", asJSON, []byte(`{"flow":"`+campaignFlow+`"}`))
	if err != nil {
		return err
	}
	var c server.Campaign
	if err := json.Unmarshal(answer, &c); err != nil {
		return err
	}
	path := "/v1/campaigns/" + c.ID
	return s.until(phase, s.Runs, func() (int, error) {
		answer, err := s.get(path)
		if err != nil {
			return 0, err
		}
		var c server.Campaign
		if err := json.Unmarshal(answer, &c); err != nil {
			return 0, err
		}
		switch c.Status {
		case "finished":
			return s.Runs, nil
		case "failed", "cancelled", "skipped":
			return 0, fmt.Errorf("the campaign is %s: %s", c.Status, c.Reason)
		}
		return min(c.Taken, s.Runs-1), nil // the last run is done when all have ended
	})
}
