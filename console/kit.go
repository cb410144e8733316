package console

import (
	"net/http"
	"time"

	"nudge/client"
)

var kitViews = []view{{pattern: Root + "kit", file: "kit", load: loadKit}}

// kitPage has each component once, with texts that are made up.
type kitPage struct {
	Everyone Bar
	Links    []choiceLink
	Tags     []string
	Wrong    problemPage
	Line     Spark
	Bubble   client.Content
	Runs     []client.Run
	Plot     *plot
	Question askedPage
}

// loadKit shows the components to those who work on the console. It is there in dev only.
func loadKit(v *visit) (*content, error) {
	if !v.Me.Server.Dev {
		return nil, &client.Problem{Status: http.StatusNotFound, Detail: "the kit is shown by nudge dev and nudge demo only"}
	}
	at := func(hours int) client.Time { return client.Time{Time: v.now.Add(time.Duration(hours) * time.Hour)} }
	k := kitPage{
		Links:  []choiceLink{{"All", v.r.URL.Path, true}, {"Live", v.r.URL.Path + "?status=live", false}},
		Tags:   []string{"planned", "sent", "read", "failed", "fetching", "left out"},
		Wrong:  problemPage{Detail: "the store is being repaired", Code: client.KindBusy},
		Line:   v.sparkOf("started today", []uint64{3, 8, 2, 13, 21, 5}),
		Bubble: client.Content{Title: "Winter sale", Body: "Ann, this week everything is a third off.\nWrite STOP for no more offers."},
		Runs: []client.Run{
			{ID: "01JD0Q7V6T3M5R8W9X0Y1Z2A3B", Flow: "order_shipped", Profile: "ann", Key: "A-1", Status: "waiting", Step: "wait_1", Started: at(-30), Deadline: at(18)},
			{ID: "01JD0Q7V6T3M5R8W9X0Y1Z2A3C", Flow: "trial_ending", Profile: "bob", Status: "ended", Outcome: "bought", Goal: true, Started: at(-80), Ended: at(-3)},
		},
		Plot: v.plotOf(&client.SplitCounts{Arms: []client.ArmCounts{{Arm: "friendly"}, {Arm: "brisk"}}}, []client.Comparison{{
			A: "brisk", B: "friendly", Clear: true, ShareA: client.Interval{Of: 6214, Share: .162, Low: .153, High: .171}, ShareB: client.Interval{Of: 6198, Share: .13, Low: .122, High: .139},
		}}),
	}
	k.Everyone = v.barOf("runs started, all accounted for", []parcel{
		{"bought", 1813, "good", "", "the goal"}, {"here now", 1635, "plan", "", ""}, {"not_bought", 8584, "left", "", ""}, {"handed_over", 263, "reply", "", ""}, {"undeliverable", 1, "bad", "", ""},
	})
	k.Question = askedPage{&question{
		Title: "Pause winter_sale?", Touches: "8,086 people have not had it and will wait.", Stays: "36,622 are done and stay as they are.", Undo: "Resuming undoes it.",
		Number: 8086, Button: "Pause for 8,086 people", Reason: mustReason, Back: v.r.URL.Path,
	}, v.r.URL.Path, ""}
	return &content{Title: "Kit", Data: k}, nil
}
