package world

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"testing/fstest"
	"time"

	"nudge/app"
	"nudge/client"
	"nudge/sandbox"
	"nudge/sandbox/people"
)

// perDay is how many people begin something on a day.
const perDay = 14

// zones are where people live, in turn.
var zones = []string{"Europe/London", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Europe/London", "America/Los_Angeles"}

// deeds are what people do with their messages, in turn. Few instants and many people keep the filling short.
var deeds = []string{
	"reads after 20m", "reads after 20m", "never reads", "reads after 2h", "reads after 20m", `fails "no such device" after 1m`,
	"reads after 2h", `reads after 20m, replies "help, please" after 2h`, "never reads", "reads after 20m", `reads after 20m, replies "stop" after 2h`, "expires after 2h",
}

// does is what somebody does with a message: the same with every message.
func does(m sandbox.Message) people.Script {
	sum := fnv.New32a()
	sum.Write([]byte(m.Profile))
	script, err := people.ParseScript(deeds[sum.Sum32()%uint32(len(deeds))])
	if err != nil {
		panic("world: " + err.Error()) // it is one of deeds
	}
	return script
}

// filler fills a world, until something goes wrong.
type filler struct {
	ctx context.Context
	*World
	clock   *app.SteeredClock
	project fstest.MapFS
	err     error
}

// days is how long the filling takes, by the clock of the world.
const days = 5

// fill starts the project, lets days pass with people in it, and stops it again.
func fill(ctx context.Context, folder string) (*filler, error) {
	f := &filler{ctx: ctx, clock: app.NewSteeredClock(began, 1, true), project: Acme()}
	var err error
	if f.World, err = local(ctx, folder, f.project, f.clock, does); err != nil {
		return nil, err
	}
	for day := range days {
		if day == days/2 {
			f.deploy("templates/brisk.yaml", "body: |\n  {{ plural data.days \"day\" \"days\" }} left: choose a plan, keep your projects.\n", "A shorter sentence")
		}
		f.day(day)
	}
	f.odd()
	f.operate()
	f.propose()
	f.jump(10 * time.Minute)
	f.name()
	if err := errors.Join(f.err, f.Stop()); err != nil {
		return nil, fmt.Errorf("the world cannot be filled: %w", err)
	}
	return f, nil
}

// try keeps the first error.
func (f *filler) try(err error) {
	if f.err == nil {
		f.err = err
	}
}

// jump lets time pass, with all that happens on the way.
func (f *filler) jump(d time.Duration) {
	for to := f.clock.Now().Add(d); f.err == nil && f.clock.Now().Before(to); {
		_, err := f.API.DevJump(f.ctx, fmt.Sprintf("%ds", int(to.Sub(f.clock.Now()).Seconds())))
		f.try(err)
	}
}

// post sends events at once. Answers about single events do not matter here.
func (f *filler) post(events ...client.Event) {
	if f.err == nil {
		_, err := f.API.SendEvents(f.ctx, events)
		f.try(err)
	}
}

func eventOf(kind, profile string, data map[string]any) client.Event {
	raw, err := json.Marshal(data)
	if err != nil {
		panic("world: " + err.Error()) // it is made of texts and numbers
	}
	return client.Event{Type: kind, Profile: profile, Data: raw}
}

// someone is the id of a person.
func someone(i int) string { return fmt.Sprintf("p%03d", i) }

// day is a day on which people sign up, end their trial, buy, and get orders.
func (f *filler) day(day int) {
	var morning, noon []client.Event
	for i := day * perDay; i < (day+1)*perDay; i++ {
		who := someone(i)
		e := eventOf("user.signed_up", who, map[string]any{"name": fmt.Sprintf("Person %d", i)})
		raw, err := json.Marshal(map[string]any{"first_name": fmt.Sprintf("Person %d", i), "plan": []string{"trial", "pro", "free"}[i%3],
			"city": []string{"London", "Rome", "Lagos"}[i%3], "email": who + "@example.org", "timezone": zones[i%len(zones)], "locale": []string{"en", "de"}[i%2]})
		f.try(err)
		e.ProfileData = raw
		morning = append(morning, e, eventOf("trial.ending", who, map[string]any{"days": 3}))
		if i%2 == 0 {
			noon = append(noon, eventOf("order.shipped", who, map[string]any{"order_id": fmt.Sprintf("A-%d", 1000+i), "total": 20 + i}))
		}
		if before := i - perDay; before >= 0 && before%4 == 1 {
			noon = append(noon, eventOf("plan.bought", someone(before), map[string]any{"plan": "pro"}))
		}
		if before := i - perDay; before >= 0 && before%10 == 0 {
			noon = append(noon, eventOf("order.returned", "", map[string]any{"order_id": fmt.Sprintf("A-%d", 1000+before)}))
		}
		if i%12 == 3 {
			noon = append(noon, eventOf("invoice.due", who, map[string]any{"invoice_id": fmt.Sprintf("I-%d", i), "lines": []any{}}))
		}
		if i%12 == 9 {
			noon = append(noon, eventOf("invoice.due", who, map[string]any{"invoice_id": fmt.Sprintf("I-%d", i), "lines": []any{map[string]any{"text": "A chair", "amount": 40}}}))
		}
	}
	for i := range 6 { // one person who orders too much
		noon = append(noon, eventOf("order.shipped", someone(4), map[string]any{"order_id": fmt.Sprintf("B-%d-%d", day, i), "total": 5}))
	}
	f.post(morning...)
	f.jump(3 * time.Hour)
	f.post(noon...)
	f.jump(21 * time.Hour)
}

// odd sends what fits nothing: unknown types, wrong shapes, events that concern nobody, and one twice.
func (f *filler) odd() {
	twice := eventOf("order.delivered", someone(1), map[string]any{"order_id": "A-1"})
	twice.ID = "delivered-1"
	f.post(twice)
	f.post(twice, eventOf("trial.endng", someone(1), map[string]any{"days": 1}), eventOf("plan.bought", "nobody-yet", map[string]any{"plan": "pro"}))
	f.refused(
		eventOf("order.shipped", someone(2), map[string]any{"order_id": "A-2", "total": "many"}),
		eventOf("order.shipped", someone(2), map[string]any{"total": 2}),
		client.Event{Type: "", Data: json.RawMessage(`{}`)},
	)
}

// refused sends events that must be refused.
func (f *filler) refused(events ...client.Event) {
	for _, e := range events {
		if _, err := f.API.SendEvent(f.ctx, e); err == nil && f.err == nil {
			f.err = fmt.Errorf("the event %s is taken, and should be refused", e.Type)
		}
	}
}

// operate does what operators do: campaigns, opt-outs, and a second try of what failed.
func (f *filler) operate() {
	if f.err != nil {
		return
	}
	for _, place := range []string{"campaign.paused", "campaign"} {
		c, err := f.API.StartCampaign(f.ctx, client.CampaignStart{Flow: "flash_sale", ID: place, Again: true})
		f.try(err)
		f.jump(5 * time.Minute)
		if f.err != nil {
			return
		}
		f.Places[place] = c.ID
	}
	_, err := f.API.PauseCampaign(f.ctx, f.Places["campaign.paused"], "the points are wrong")
	f.try(err)
	_, err = f.API.OptOut(f.ctx, []string{someone(20), someone(21)}, []string{"offers"})
	f.try(err)
	if f.err != nil {
		return
	}
	failed := client.RunFilter{Flow: "invoice_due", Outcome: "failed", Profile: someone(3)}
	count, err := f.API.CountRetry(f.ctx, failed)
	f.try(err)
	if f.err != nil {
		return
	}
	job, err := f.API.RetryRuns(f.ctx, failed, count.Runs, "the invoices have lines now")
	f.try(err)
	f.await(job)
	f.Places["batch"] = job.ID
}

// await waits until a job is over.
func (f *filler) await(job *client.Job) {
	for f.err == nil && !job.Over() {
		fresh, err := f.API.Job(f.ctx, job.ID)
		f.try(err)
		if err == nil {
			*job = *fresh
		}
	}
}

// deploy makes a file new, as somebody who proposes it and somebody who approves.
func (f *filler) deploy(name, text, note string) {
	f.project[name] = &fstest.MapFile{Data: []byte(text)}
	d := f.proposal(f.project, note)
	if f.err == nil {
		_, err := f.API.ApproveDeploy(f.ctx, d.ID, client.Approval{})
		f.try(err)
	}
}

// propose leaves a proposal that waits for somebody, with its reviews.
func (f *filler) propose() {
	changed := fstest.MapFS{}
	for name, file := range f.project {
		changed[name] = file
	}
	text := strings.Replace(string(f.project["flows/trial_ending.yaml"].Data), "after: 2d", "after: 4d", 1)
	changed["flows/trial_ending.yaml"] = &fstest.MapFile{Data: []byte(text)}
	d := f.proposal(changed, "Two more days to choose")
	if f.err != nil {
		return
	}
	for _, review := range []func(context.Context, string) (*client.Job, error){
		f.API.PlanProposal, f.API.ProveProposal,
		func(ctx context.Context, id string) (*client.Job, error) {
			return f.API.BacktestProposal(ctx, id, client.BacktestOf{Days: 2})
		},
	} {
		job, err := review(f.ctx, d.ID)
		f.try(err)
		f.await(job)
	}
	f.Places["deploy"] = d.ID
}

func (f *filler) proposal(project fstest.MapFS, note string) *client.Deploy {
	if f.err != nil {
		return nil
	}
	d, err := f.API.ProposeDeploy(f.ctx, app.Read(project, noSettings).Deployable(), note)
	f.try(err)
	return d
}

// name finds a thing of each kind for the pages.
func (f *filler) name() {
	for place, of := range map[string]client.RunFilter{
		"run":        {Flow: "trial_ending", Status: "live"},
		"run.failed": {Flow: "invoice_due", Outcome: "failed"},
		"run.reply":  {Flow: "order_shipped", Outcome: "handed_over"},
		"run.goal":   {Flow: "trial_ending", Outcome: "bought"},
		"run.unsent": {Flow: "order_shipped", MessageStatus: "unsent"},
	} {
		if f.err != nil {
			return
		}
		page, err := f.API.Runs(f.ctx, client.RunQuery{RunFilter: of, Limit: 1})
		f.try(err)
		if f.err == nil && len(page.Runs) == 0 {
			f.err = fmt.Errorf("no run is like %s: %+v", place, of)
		}
		if f.err == nil {
			f.Places[place] = page.Runs[0].ID
		}
	}
	for place, value := range map[string]string{
		"person": someone(4), "flow": "trial_ending", "flow.other": "order_shipped", "story": "bought within the week", "event": "order.shipped", "template": "friendly",
	} {
		f.Places[place] = value
	}
}
