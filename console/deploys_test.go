package console_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"

	"nudge/server"
)

// upload sends files as a browser does for a folder that somebody selects.
func (v *visitor) upload(path string, fields, files map[string]string) *shown {
	v.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range fields {
		must(v.t, form.WriteField(name, value))
	}
	for name, text := range files {
		part, err := form.CreatePart(textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf(`form-data; name="folder"; filename=%q`, name)}, "Content-Type": {"application/octet-stream"}})
		must(v.t, err)
		part.Write([]byte(text))
	}
	must(v.t, form.Close())
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.url+path, &body)
	must(v.t, err)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Origin", v.url)
	return v.do(r)
}

// second is the shop where nobody deploys alone, and people are tokens of two authors.
func second() (project map[string]string, people []server.Token) {
	project = maps.Clone(shop)
	project["nudge.yaml"] += "deploys: { second_person: true }\n"
	for _, name := range []string{"mira", "sam"} {
		token := server.NewToken(name, name)
		token.Scopes = []server.Scope{server.ScopeAuthor}
		people = append(people, token)
	}
	return project, append(people, tokens()...)
}

// below puts a project into a folder, with what a folder also has.
func below(folder string, project map[string]string) map[string]string {
	files := map[string]string{folder + "/README": "no flow needs this", folder + "/.git/config": "nor this", folder + "/data/dev/nudge.db": "nor this"}
	for name, text := range project {
		files[folder+"/"+name] = text
	}
	return files
}

// propose proposes the shop with another text, and returns the page of the proposal.
func propose(t *testing.T, v *visitor, note string) string {
	t.Helper()
	return proposeOf(t, v, shop, note)
}

// proposeOf proposes a project with another text.
func proposeOf(t testing.TB, v *visitor, project map[string]string, note string) string {
	t.Helper()
	next := maps.Clone(project)
	next["flows/order.yaml"] = strings.Replace(next["flows/order.yaml"], "is on its way", "<b>comes</b> "+note, 1)
	token := v.get("/console/deploys").has(200, "Propose a project").formToken("/console/deploys")
	p := v.upload("/console/deploys", map[string]string{"form": token, "note": note}, below("shop", next))
	if p.status != 303 || !strings.HasPrefix(p.location, "/console/deploys/") {
		t.Fatalf("the proposal was answered with %d %s: %s", p.status, p.location, p.body)
	}
	return p.location
}

// TestPropose: a folder is proposed by a form, and somebody else approves it after its plan, with the number that the plan has said.
func TestPropose(t *testing.T) {
	project, people := second()
	w := start(t, project, people...)
	w.ship("7", "ann")
	mira, sam := w.visitor("mira"), w.visitor("sam")
	at := propose(t, mira, "shorter <i>")
	mira.get(at).has(200, "shorter &lt;i&gt;", "Somebody else has to approve it.", "Nobody has found out yet what it does.", "flows/order.yaml",
		`<span class="bad">-     send: { body: &#34;Your order {{ data.order_id }} is on its way.&#34;, from: Shop }</span>`, "&lt;b&gt;comes&lt;/b&gt;").hasNot(at+"/approve", "<b>comes")
	mira.get(at+"/approve").has(403, "nobody approves an own proposal")
	sam.get(at+"/approve").has(200, "Nobody has found out how many people it moves or ends", "Deploy 1 flow", "Type <code>nudge</code>")
	for _, kind := range []string{"plan", "prove"} {
		sam.post(at+"/"+kind, map[string][]string{"form": {sam.get(at).formToken(at + "/" + kind)}}).has(303)
		eventually(t, "the "+kind+" is done", func() bool {
			return strings.Contains(sam.get(at).body, "Found out") && !strings.Contains(sam.get(at).body, "asked for by")
		})
	}
	sam.get(at).has(200, "Nobody is moved or ended; ", `class="verdict wary"`, `<span class="tag ">stays</span>`)
	q := sam.get(at+"/approve").has(200, "0 runs move to it, and 0 end, as the plan has said.")
	sam.post(at+"/approve", q.form()).has(409, "Type nudge to confirm.")
	sam.post(at+"/approve", sam.get(at+"/approve").form("confirm", "nudge")).has(303)
	sam.get(at).has(200, "Approved by <b>sam</b>", "It is deployed.", "&lt;b&gt;comes&lt;/b&gt;").hasNot("Withdraw", "Find out")
	sam.get("/console/deploys").has(200, "Deploy 1", "mira", "sam")
	sam.get(at+"/approve").has(409, "approved already, by sam")
}

// TestWatchProposal: a proposal is backtested again and again, and the page says what has changed since the one before.
func TestWatchProposal(t *testing.T) {
	w := start(t, shop, tokens()...)
	w.ship("7", "ann")
	v := w.visitor("author")
	at := propose(t, v, "one")
	v.post(at+"/watch", map[string][]string{"form": {v.get(at).has(200, "Watch each hour").hasNot("Stop watching").formToken(at + "/watch")}}).has(303)
	v.get(at).has(200, "Stop watching", "Watched for the author: each hour until ", "over the last 7 days.")
	for range 2 {
		v.post(at+"/backtest", map[string][]string{"form": {v.get(at).formToken(at + "/backtest")}}).has(303)
		eventually(t, "the backtest is done", func() bool { return !strings.Contains(v.get(at).body, "asked for by") })
	}
	v.get(at).has(200, "<dt>Since the one ", "messages &#43;0 before, <b>&#43;0</b> after; different for &#43;0 people")
	v.post(at+"/unwatch", map[string][]string{"form": {v.get(at).formToken(at + "/unwatch")}}).has(303)
	v.get(at).has(200, "Watch each hour").hasNot("Watched for", "Stop watching")
}

// TestStaleProposal: what another deploy has overtaken says so, and cannot be approved.
func TestStaleProposal(t *testing.T) {
	w := start(t, shop, tokens()...)
	v := w.visitor("author")
	first, other := propose(t, v, "one"), propose(t, v, "two")
	v.post(first+"/approve", v.get(first+"/approve").form("confirm", "nudge")).has(303)
	v.get(other).has(200, "stale", "Another deploy has changed order since: propose it again.", "Withdraw").hasNot(other + "/approve")
	v.get(other+"/approve").has(409, "another deploy has changed order")
	v.post(other+"/withdraw", v.get(other+"/withdraw").has(200, "Withdraw 1 proposal").form()).has(303)
	v.get(other).has(200, "Withdrawn by <b>the author</b>", "its files are not kept")
}

// TestProposeArchive: an archive is the same as a folder; what does not load says where it is wrong, and nothing is kept.
func TestProposeArchive(t *testing.T) {
	w := start(t, shop, tokens()...)
	v := w.visitor("author")
	pack := func(flow string) string {
		var raw bytes.Buffer
		z := zip.NewWriter(&raw)
		for name, text := range below("shop-main", map[string]string{"nudge.yaml": shop["nudge.yaml"], "flows/order.yaml": flow}) {
			f, err := z.Create(name)
			must(t, err)
			f.Write([]byte(text))
		}
		must(t, z.Close())
		return raw.String()
	}
	send := func(text string) *shown {
		return v.upload("/console/deploys", map[string]string{"form": v.get("/console/deploys").formToken("/console/deploys")}, map[string]string{"shop.zip": text})
	}
	send(pack(strings.Replace(shop["flows/order.yaml"], "24h", "a while", 1))).has(422, "does not load", "flows/order.yaml:", "Where")
	send("no archive").has(400, "the archive cannot be read")
	v.upload("/console/deploys", map[string]string{"form": v.get("/console/deploys").formToken("/console/deploys")}, nil).has(400, "no file of a project was sent")
	v.get("/console/deploys").hasNot("Deploy 1")
	send(pack(strings.Replace(shop["flows/order.yaml"], "24h", "25h", 1))).has(303)
	v.get("/console/deploys/1").has(200, "after: 25h")
	v.get("/console/deploys/7").has(404)
}

// TestDeployRoles: who is no author proposes and decides nothing.
func TestDeployRoles(t *testing.T) {
	w := start(t, shop, tokens()...)
	at := propose(t, w.visitor("author"), "")
	for _, role := range []string{"read", "operate"} {
		v := w.visitor(role)
		v.get("/console/deploys").has(200, "To review").hasNot("Propose a project")
		v.get(at).has(200).hasNot("Approve", "Withdraw", "Find out")
		for _, verb := range []string{"plan", "backtest", "prove", "watch", "unwatch", "approve", "withdraw"} {
			v.post(at+"/"+verb, nil).has(403)
		}
		v.upload("/console/deploys", nil, below("shop", shop)).has(403)
	}
}

// TestTemplates: a template is a grid of languages and of what may be absent, and the worst case comes first.
func TestTemplates(t *testing.T) {
	project := map[string]string{
		"nudge.yaml":              "project: letters\nlocale: en\nprofile: { first_name: optional string, points: optional number }\nfrom: Shop\n",
		"flows/hello.yaml":        "flow: hello\ntrigger: { event: hi }\nsteps: [ { send: hello } ]\n",
		"templates/hello.yaml":    "body: \"Hello {{ profile.first_name | default \\\"you\\\" }}{{ if profile.points }}, {{ number profile.points }} points{{ end }}\"\nalert: { title: Hi, body: There is news }\n",
		"templates/hello.de.yaml": "body: \"Hallo {{ profile.first_name | default \\\"du\\\" }}<b>\"\n",
	}
	v := start(t, project, tokens()...).visitor("read")
	v.get("/console/templates").has(200, `href="/console/templates/hello"`, "hello", `<span class="tag">de</span>`)
	v.get("/console/templates/hello").has(200, `<th scope="col">en`, `<th scope="col">de`, "profile.first_name", "Hello you", "Hallo du&lt;b&gt;", "Alert", "There is news").hasNot("Hallo du<b>")
	v.get("/console/templates/none").has(404)
}
