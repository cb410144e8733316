package console

import (
	"nudge/client"
)

// campaignOf is the campaign that an action is about.
func (v *visit) campaignOf() (*client.Campaign, error) {
	return v.api.Campaign(v.ctx(), v.r.PathValue("id"))
}

func askPause(v *visit) (*question, error) {
	c, err := v.campaignOf()
	if err != nil {
		return nil, err
	}
	n, done := begins(c), c.Audience-begins(c)
	return &question{
		Title:   "Pause " + c.Flow + "?",
		Touches: v.Many(n, "person has not begun and will wait", "people have not begun and will wait") + ", counted at " + v.now.In(v.zone).Format("15:04:05") + " " + v.Zone() + ".",
		Stays:   v.Many(done, "other stays as they are", "others stay as they are") + ". Messages that wait for a sender still go out.",
		Undo:    "Resuming undoes it: people whose time has passed by then begin at once, or are left out as too late.",
		Number:  n, Button: "Pause for " + v.Many(n, "person", "people"), Reason: reasonFor(n), Back: campaignPath(c.ID),
	}, nil
}

func pauseCampaign(v *visit) (*done, error) {
	c, err := v.api.PauseCampaign(v.ctx(), v.r.PathValue("id"), v.posted(reasonField))
	if err != nil {
		return nil, err
	}
	return &done{To: campaignPath(c.ID), Said: c.Flow + " is paused.", Undo: &undo{"Resume", campaignPath(c.ID) + "/resume", expects(begins(c))}}, nil
}

func askResume(v *visit) (*question, error) {
	c, err := v.campaignOf()
	if err != nil {
		return nil, err
	}
	n := begins(c)
	q := &question{
		Title:   "Resume " + c.Flow + "?",
		Touches: v.Many(n, "person has not begun and will", "people have not begun and will") + ", counted at " + v.now.In(v.zone).Format("15:04:05") + " " + v.Zone() + ".",
		Stays:   "People whose time has passed begin at once, or are left out where that is too late. Rules and rates hold.",
		Undo:    "It can be paused again; what has gone out by then cannot be taken back.",
		Number:  n, Button: "Resume for " + v.Many(n, "person", "people"), Back: campaignPath(c.ID),
	}
	if n > manyMessages {
		q.Type = c.Flow
	}
	return q, nil
}

func resumeCampaign(v *visit) (*done, error) {
	c, err := v.api.ResumeCampaign(v.ctx(), v.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return &done{To: campaignPath(c.ID), Said: c.Flow + " goes on.",
		Undo: &undo{"Pause again", campaignPath(c.ID) + "/pause", append(expects(begins(c)), field{reasonField, "resumed by mistake"})}}, nil
}

func askCancelCampaign(v *visit) (*question, error) {
	c, err := v.campaignOf()
	if err != nil {
		return nil, err
	}
	n := begins(c)
	if n == 0 && c.Status == "started" {
		return &question{
			Title:   "End the runs of " + c.Flow + "?",
			Touches: "Everybody has begun. " + v.Many(c.Live, "run lives and ends", "runs live and end") + " now, counted at " + v.now.In(v.zone).Format("15:04:05") + " " + v.Zone() + ".",
			Stays:   "What went out stays as it is.",
			Undo:    "A run that has ended cannot go on, and the campaign counts as cancelled.",
			Number:  c.Live, Button: "End " + v.Many(c.Live, "run", "runs"), Stops: true, Type: c.Flow, Reason: reasonFor(c.Live), Back: campaignPath(c.ID),
			Fields: []field{{"end_runs", "yes"}},
		}, nil
	}
	return &question{
		Title:   "Cancel " + c.Flow + "?",
		Touches: v.Many(n, "person has not begun and gets", "people have not begun and get") + " nothing, counted at " + v.now.In(v.zone).Format("15:04:05") + " " + v.Zone() + ". " + v.Many(c.Live, "run lives", "runs live") + ".",
		Stays:   "What went out stays as it is. Runs that have begun go on, unless you end them here.",
		Undo:    "A cancelled campaign cannot go on.",
		Number:  n, Button: "Cancel for " + v.Many(n, "person", "people"), Stops: true, Type: c.Flow, Reason: reasonFor(n), Back: campaignPath(c.ID),
		Inputs: []input{{Name: "end_runs", Label: "Runs that have begun", Kind: "choice", Choices: []choice{{"", "go on"}, {"yes", "end now"}}}},
	}, nil
}

func cancelCampaign(v *visit) (*done, error) {
	c, err := v.api.CancelCampaign(v.ctx(), v.r.PathValue("id"), v.posted(reasonField), v.posted("end_runs") == "yes")
	if err != nil {
		return nil, err
	}
	return &done{To: campaignPath(c.ID), Said: c.Flow + " is cancelled."}, nil
}
