package console_test

import (
	"maps"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"nudge/client"
)

// sale is a project with a campaign: of five rows one cannot be read, one is there twice, and one is left out by the condition.
var sale = map[string]string{
	"nudge.yaml": "project: sale\nfrom: Shop\n",
	"flows/sale.yaml": `flow: sale
trigger: { at: 2099-11-27 10:00, timezone: local, audience: { file: shoppers.csv, profile: id }, if: data.points >= 10 }
data: { name: optional string, points: number }
steps:
  - send: offer
  - wait: 3d
`,
	"templates/offer.yaml":   "body: \"{{ data.name | default \\\"Hello\\\" }}, {{ number data.points }} points <b>today</b>\"\n",
	"audiences/shoppers.csv": "id,name,points\nann,Ann,120\nbob,,40\ncid,Cid,3\nann,Ann,120\ndee,Dee,lots\n",
}

// campaign starts the campaign, and waits until everybody has begun.
func (w *world) campaign() *client.Campaign {
	w.t.Helper()
	c, err := w.api.StartCampaign(w.t.Context(), client.CampaignStart{Flow: "sale"})
	must(w.t, err)
	eventually(w.t, "everybody has begun", func() bool {
		c, err = w.api.Campaign(w.t.Context(), c.ID)
		must(w.t, err)
		return c.Taken == 4 && c.Outcomes["sent"] == 2
	})
	return c
}

var counted = regexp.MustCompile(`<b>([\d,]+)</b> ([a-z ]+)</span>`)

// TestCampaign: the bar adds up to the audience, and who did not get it stands there with the reason.
func TestCampaign(t *testing.T) {
	w := start(t, sale, tokens()...)
	c := w.campaign()
	page := w.visitor("read").get("/console/campaigns/"+url.PathEscape(c.ID)).has(200, "<b>5</b> people in the audience, all accounted for", "by the admin",
		"Condition was false", `href="/console/people/cid"`, "In the audience twice", "Row cannot be read", "points must be a number", "Hello, 40 points &lt;b&gt;today&lt;/b&gt;", "<b class=\"num\">4</b> of 4 rows",
		"without data.name", "How far it is").hasNot("Pause", "Cancel")
	sum := 0
	for _, m := range counted.FindAllStringSubmatch(page.body, -1) {
		n, err := strconv.Atoi(m[1])
		must(t, err)
		sum += n
	}
	if sum != 5 {
		t.Errorf("the parts of the bar add up to %d: %q", sum, counted.FindAllString(page.body, -1))
	}
	w.visitor("read").get("/console/campaigns").has(200, "sale", "Everybody has begun", "Of 5: 2 sent, 2 left out, 1 not readable")
	w.visitor("read").get("/console/campaigns/none").has(404)
}

// TestCampaignActions: pausing is taken back by resuming, cancelling asks for the name, and all of it is in the audit trail.
func TestCampaignActions(t *testing.T) {
	project := maps.Clone(sale)
	project["flows/sale.yaml"] = strings.Replace(project["flows/sale.yaml"], ", if:", ", rate: 1/h, if:", 1)
	w := start(t, project, tokens()...)
	c, err := w.api.StartCampaign(t.Context(), client.CampaignStart{Flow: "sale"})
	must(t, err)
	eventually(t, "one has begun", func() bool {
		c, err = w.api.Campaign(t.Context(), c.ID)
		must(t, err)
		return c.Taken > 0
	})
	v, at := w.visitor("operate"), "/console/campaigns/"+url.PathEscape(c.ID)
	v.get(at).has(200, "Running", "Pause", "Cancel", "at most 1/h")
	n := "Pause for " + strconv.Itoa(int(c.Outcomes["to come"])) + " "
	v.post(at+"/pause", v.get(at+"/pause").has(200, n, "Resuming undoes it").form("reason", "a wrong price"))
	page := v.get(at).has(200, "Paused", "A wrong price.", "is paused", ">Resume<")
	v.post(at+"/resume", url.Values{"form": {page.formToken(at + "/resume")}, "expect": {"9"}})
	v.get(at).has(200, "Running", "goes on")
	q := v.get(at+"/cancel").has(200, "A cancelled campaign cannot go on.", "Type <code>sale</code>")
	v.post(at+"/cancel", q.form()).has(409, "Type sale to confirm.")
	v.post(at+"/cancel", v.get(at+"/cancel").form("confirm", "sale", "reason", "over", "end_runs", "yes"))
	v.get(at).has(200, "Cancelled", "the operate", "a wrong price", "over").hasNot(at+"/pause", at+"/cancel")
	reader := w.visitor("read")
	for _, verb := range []string{"pause", "resume", "cancel"} {
		reader.get(at + "/" + verb).has(403)
		reader.post(at+"/"+verb, nil).has(403)
	}
}

// TestNewCampaign: looking ahead says who would get it, and starting asks with that number.
func TestNewCampaign(t *testing.T) {
	w := start(t, sale, tokens()...)
	v := w.visitor("operate")
	form := v.get("/console/campaigns/new?flow=sale").has(200, "Look ahead").formToken("/console/campaigns/new")
	p := v.post("/console/campaigns/new", url.Values{"form": {form}, "flow": {"sale"}})
	if p.status != 303 {
		t.Fatalf("looking ahead was answered with %d: %s", p.status, p.body)
	}
	var page *shown
	eventually(t, "the preview is done", func() bool {
		page = v.get(p.location).has(200)
		return !strings.Contains(page.body, "Looking ahead:")
	})
	page.has(200, "<b>5</b> people in the audience", "<b>2</b> sends at once", "In the audience twice", "without data.name", "Hello, 40 points", "1 message")
	link := regexp.MustCompile(`href="(/console/campaigns/start[^"]+)"`).FindStringSubmatch(page.body)
	if link == nil {
		t.Fatalf("there is no way to start:\n%s", page.body)
	}
	question := v.get(strings.ReplaceAll(link[1], "&amp;", "&")).has(200, "Start for 2 people", "3 people of the audience get nothing")
	started := v.post("/console/campaigns/start", question.form())
	if started.status != 303 || !strings.HasPrefix(started.location, "/console/campaigns/sale@") {
		t.Fatalf("the start was answered with %d %s: %s", started.status, started.location, started.body)
	}
	v.get(started.location).has(200, "sale has started.", "Pause")
	v.post("/console/campaigns/start", v.get(strings.ReplaceAll(link[1], "&amp;", "&")).form("flow", "other")).has(409, "says nothing of the flow other")
	w.visitor("read").get("/console/campaigns/new?flow=sale").has(200, "Somebody who may operate").hasNot("Look ahead<")
	w.visitor("read").post("/console/campaigns/new", url.Values{"flow": {"sale"}}).has(403)
}

// TestCalendar: a start to come stands on its day, by the clock of the people where it is local.
func TestCalendar(t *testing.T) {
	w := start(t, sale, tokens()...)
	v := w.visitor("read")
	v.get("/console/campaigns?month=2099-11").has(200, "November 2099", `href="/console/campaigns/new?flow=sale"><span class="num">10:00 local</span> sale`, "month=2099-10", "month=2099-12")
	v.get("/console/campaigns?month=2099-10&zone=Pacific/Auckland").has(200, "October 2099", `value="Pacific/Auckland" selected`, "zone=Pacific%2FAuckland").hasNot("10:00 local")
	v.get("/console/campaigns?month=nonsense&zone=nowhere").has(200, "today")
}
