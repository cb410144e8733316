package prove_test

import (
	"testing"
	"testing/fstest"

	"nudge/flows"
	"nudge/whatif/prove"
)

func TestCircles(t *testing.T) {
	const tail = "steps: [ { send: { body: x } }, { wait: 1d } ]\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"two flows by events": {map[string]string{
			"one": "flow: one\ntrigger: { event: a }\nsteps: [ { wait: 1d }, { emit: { event: b } } ]\n",
			"two": "flow: two\ntrigger: { event: b }\nsteps: [ { start: { flow: one } } ]\n",
		}, "one emits b, which starts two, two starts one"},
		"an automatic answer":      {map[string]string{"one": "flow: one\ntrigger: { reply: any }\n" + tail}, "one sends, and an automatic answer starts one"},
		"an answer that must fit":  {map[string]string{"one": "flow: one\ntrigger: { reply: any, if: reply.keyword == \"stop\" }\n" + tail}, ""},
		"an answer that is enough": {map[string]string{"one": "flow: one\ntrigger: { reply: any }\nentry: { at_most: 1 }\n" + tail}, ""},
		"an answer to nothing":     {map[string]string{"one": "flow: one\ntrigger: { reply: any }\nsteps: [ { wait: 1d } ]\n"}, ""},
		"no way back": {map[string]string{
			"one": "flow: one\ntrigger: { event: a }\nsteps: [ { emit: { event: b } } ]\n", "two": "flow: two\ntrigger: { event: b }\n" + tail,
		}, ""},
	} {
		files := fstest.MapFS{}
		for flow, text := range c.files {
			files["flows/"+flow+".yaml"] = &fstest.MapFile{Data: []byte(text)}
		}
		p, list := flows.Load(files)
		if list.HasErrors() {
			t.Fatal(name, list)
		}
		got := ""
		for _, circle := range prove.Project(p).Circles {
			got += circle.String()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
