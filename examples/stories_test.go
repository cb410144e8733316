package examples_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"nudge/channels"
	"nudge/engine"
)

const day = 24 * time.Hour

// stories are what each example is for.
var stories = map[string]func(*world){
	"hello": func(w *world) {
		w.event("user.signed_up", "ann", `{"name": "Ann"}`)
		w.expect("Ann")
		w.ends("hello completed")
	},
	"order_shipped": func(w *world) {
		const order = `{"order_id": "7", "customer": "ann", "total": 12}`
		w.event("order.shipped", "", order)
		w.expect("ann: Hello there,\nyour order 7")
		w.after(day)
		w.expect("still on its way")
		w.event("order.returned", "", `{"order_id": "7"}`)
		w.ends("order_shipped returned")
		w.event("order.shipped", "", order)
		w.reply("ann", "Help, please")
		w.expect("Hello there", "A colleague")
		w.ends("order_shipped returned", "order_shipped handed_over")
	},
	"welcome_series": func(w *world) {
		w.event("user.signed_up", "ann", `{"name": "Ann"}`)
		w.event("user.signed_up", "bob", `{"name": "Bob"}`)
		w.event("user.signed_up", "cid", `{"name": "Cid"}`)
		w.expect("Welcome, Ann!", "Welcome, Bob!", "Welcome, Cid!")
		w.after(day)
		w.expect("Ann, a project needs", "Bob, a project", "Cid, a project")
		w.event("project.published", "ann", `{}`)
		w.input(&engine.Input{Kind: engine.InputProfile, Profile: &engine.ProfileChange{Profile: "bob", Set: json.RawMessage(`{"plan": "pro"}`)}})
		w.after(2 * day)
		w.expect("cid: Projects are more fun")
		w.after(4 * day)
		w.ends("welcome_series activated*", "welcome_series bought", "welcome_series not_activated")
		w.event("user.signed_up", "ann", `{"name": "Ann"}`)
		w.expect()
	},
	"abandoned_cart": func(w *world) {
		cart := func(items string) {
			w.event("cart.updated", "ann", `{"cart_id": "c1", "items": [`+items+`], "total": 30, "currency": "GBP"}`)
		}
		cart(`{"name": "Kettle", "price": 30}`)
		w.after(50 * time.Minute)
		cart(`{"name": "Kettle", "price": 15}, {"name": "Cup", "price": 15}`)
		w.after(50 * time.Minute)
		w.expect()
		w.after(10 * time.Minute)
		w.expect("2 items in your cart")
		w.event("order.placed", "ann", `{"cart_id": "c1"}`)
		w.after(3 * day)
		w.expect()
		w.ends("abandoned_cart restarted", "abandoned_cart bought*")
	},
	"comment_digest": func(w *world) {
		comment := func(author string) {
			w.event("comment.created", "", `{"doc_id": "d1", "title": "Plan", "owner": "ann", "author": "`+author+`", "text": "Hm"}`)
		}
		comment("ann") // her own
		w.expect()
		comment("bob")
		w.expect("ann: bob on Plan: Hm")
		w.after(5 * time.Minute)
		comment("cid")
		w.after(9 * time.Minute)
		comment("dee")
		w.after(9 * time.Minute)
		w.expect()
		w.after(time.Minute)
		w.expect("2 more comments on Plan:\n- cid: Hm\n- dee: Hm")
		comment("eve")
		w.expect("ann: eve on Plan")
		w.after(time.Hour)
		w.expect()
	},
	"survey_by_reply": func(w *world) {
		w.event("order.delivered", "ann", `{}`)
		w.expect("from 0 to 10?")
		w.reply("ann", "hm")
		w.expect("I only understand a number")
		w.reply("ann", "I'd say 9!")
		w.expect("9 of 10")
		w.event("order.delivered", "bob", `{}`)
		w.reply("bob", "3")
		w.expect("from 0 to 10?", "We are sorry")
		w.event("order.delivered", "cid", `{}`)
		w.after(3 * day)
		w.expect("from 0 to 10?")
		w.ends("survey_by_reply promoter", "survey_by_reply detractor", "survey_by_reply no_answer")
		w.event("order.delivered", "ann", `{}`)
		w.expect()
	},
	"escalation": func(w *world) {
		w.event("incident.opened", "", `{"id": "i1", "title": "Slow", "on_call": "bob", "lead": "ann"}`)
		w.expect("bob: Slow (incident i1)")
		w.after(5 * time.Minute)
		if rules := fmt.Sprint(w.last("bob").Rules); rules != "[appMessaging sms]" {
			w.t.Errorf("the channels are %s", rules)
		}
		w.expect("Nobody has taken")
		w.after(10 * time.Minute)
		w.expect("ann: bob has not taken")
		w.after(15 * time.Minute)
		w.expect("ann: bob has not taken")
		w.event("incident.taken", "", `{"id": "i1"}`)
		w.after(time.Hour)
		w.expect()
		w.ends("escalation escalated", "lead taken")
		w.event("incident.opened", "", `{"id": "i2", "title": "Slow", "on_call": "bob", "lead": "ann"}`)
		w.event("incident.taken", "", `{"id": "i2"}`)
		w.expect("incident i2")
		w.ends("escalation escalated", "lead taken", "escalation taken*")
	},
	"ab_test": func(w *world) {
		texts := map[string]int{}
		for i := range 400 {
			w.event("trial.ending", fmt.Sprint("p", i), `{"days": 1}`)
			texts[strings.TrimSpace(w.last(fmt.Sprint("p", i)).Body)]++
		}
		if len(texts) != 2 || texts["1 day left. Keep your projects: choose a plan."] < 150 || texts["Your trial ends in 1 day. We would love to keep you!"] < 150 {
			w.t.Errorf("the texts went out %v", texts)
		}
	},
	"reminder_until_read": func(w *world) {
		share := func(who string) {
			w.event("document.shared", who, `{"id": "`+who+`", "title": "The contract"}`)
		}
		share("ann")
		share("bob")
		share("cid")
		w.expect("ann: please sign The contract.", "bob: please", "cid: please")
		w.after(day)
		w.expect("Reminder 2", "Reminder 2", "Reminder 2")
		w.status("ann", channels.Read)
		w.event("document.signed", "", `{"id": "bob"}`)
		w.after(5 * day)
		w.expect("cid: Reminder 3")
		w.ends("reminder_until_read completed", "reminder_until_read signed*", "reminder_until_read completed")
	},
}

func TestStories(t *testing.T) {
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, name)
			w.t = t
			story(w)
		})
	}
}
