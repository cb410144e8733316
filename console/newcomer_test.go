package console_test

import (
	"fmt"
	"testing"
)

// TestFormSentTwice: a form that is sent again with other values says that they were not taken.
func TestFormSentTwice(t *testing.T) {
	w := start(t, shop, tokens()...)
	v := w.visitor("operate")
	form := v.get("/console/people/ann/edit").form("name", "city", "value", "Rome")
	v.post("/console/people/ann/edit", form)
	v.get("/console/people/ann").has(200, "Rome", "city is changed.")
	v.post("/console/people/ann/edit", form)
	v.get("/console/people/ann").has(200, "Rome").hasNot("was sent before")
	form.Set("value", "Oslo")
	v.post("/console/people/ann/edit", form)
	v.get("/console/people/ann").has(200, "Rome", "This form was sent before, and is done once").hasNot("Oslo")
	form = v.get("/console/people/ann/edit").form("name", " ", "value", "Rome")
	v.post("/console/people/ann/edit", form).has(409, "The field has no name.")
}

// TestNothingToDo: a batch of nothing is not begun, by no way.
func TestNothingToDo(t *testing.T) {
	w := start(t, shop, tokens()...)
	w.ship("7", "ann")
	v := w.visitor("operate")
	form := v.get("/console/batches/new?do=cancel&flow=order").form()
	if _, err := w.api.CancelRun(t.Context(), w.runOf("ann").ID, ""); err != nil {
		t.Fatal(err)
	}
	v.get("/console/batches/new?do=cancel&flow=order").has(200, "There is nothing to do").hasNot("Cancel 0 runs")
	v.post("/console/batches/new", form).has(409, "There is nothing to do")
}

// TestAuditKeepsLooking: a filter that finds nothing among the newest entries does not say that there is none.
func TestAuditKeepsLooking(t *testing.T) {
	w := start(t, shop, tokens()...)
	change := func(n int) {
		if _, err := w.api.SetProfile(t.Context(), fmt.Sprint("p", n), []byte(fmt.Sprintf(`{"n": %d}`, n))); err != nil {
			t.Fatal(err)
		}
	}
	change(0)
	for range 450 { // more than a page looks at
		change(1)
	}
	v := w.visitor("admin")
	v.get("/console/audit?profile=p0").has(200, "None of the entries that were looked at is like this.", "Look through many more").hasNot("Nobody did this")
	v.get("/console/audit?profile=p0&look=far").has(200, "change person").hasNot("Look through many more")
	v.get("/console/audit?profile=p9&look=far").has(200, "Nobody did this.")
}

// TestFiltersInForce: what a list of runs is filtered by stands on the page, and can be taken away.
func TestFiltersInForce(t *testing.T) {
	w := start(t, shop, tokens()...)
	w.ship("7", "ann")
	w.visitor("read").get("/console/runs?message_status=failed&flow=order").has(200, "message_status: failed", `href="/console/runs?flow=order"`)
}
