package schema

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"nudge/flows"
)

// unknown is a key that no mapping has. What the parser says of it names those that
// it has.
const unknown = "zzz"

const (
	aStart = "flow: f\ntrigger: { event: e }\n"
	aSend  = aStart + "steps:\n  - id: s\n    send: { body: x }\n"
)

// probes is for every mapping of the schema, by its title, a project with an unknown
// key in such a mapping.
var probes = map[string]struct {
	schema *schema
	file   string
	texts  []string // of which each shows some keys
}{
	"A project":  {project(), "nudge.yaml", []string{"zzz: 1\n"}},
	"A category": {category(), "nudge.yaml", []string{"categories: { c: { zzz: 1 } }\n"}},
	"A sender":   {sender(), "nudge.yaml", []string{"from: { id: x, zzz: 1 }\n"}},

	"A flow":   {flow(), "flows/f.yaml", []string{aSend + "zzz: 1\n"}},
	"Entry":    {entry(), "flows/f.yaml", []string{aSend + "entry: { zzz: 1 }\n"}},
	"Promises": {promises(), "flows/f.yaml", []string{aSend + "promises: { zzz: 1 }\n"}},
	"A migration": {migration(), "flows/f.yaml", []string{
		aSend + "migrate: [ { from: any, to: same, zzz: 1 } ]\n", aSend + "migrate: [ { from: any, exit: old, zzz: 1 } ]\n"}},
	"A trigger": {trigger(), "flows/f.yaml", []string{
		"flow: f\ntrigger: { zzz: 1, event: e }\nsteps: [ { wait: 1d } ]\n",
		"flow: f\ntrigger: { zzz: 1, reply: any }\nsteps: [ { wait: 1d } ]\n",
		"flow: f\ntrigger: { zzz: 1, cron: 0 9 * * mon, timezone: local, max_delay: 6h }\nsteps: [ { wait: 1d } ]\n",
	}},
	"An audience":            {audience(), "flows/f.yaml", []string{"flow: f\ntrigger: { cron: 0 9 * * mon, timezone: local, max_delay: 6h, audience: { if: true, zzz: 1 } }\nsteps: [ { send: { body: x } } ]\n"}},
	"Pages":                  {pages(), "flows/f.yaml", []string{"flow: f\ntrigger: { cron: 0 9 * * mon, timezone: local, max_delay: 6h, audience: { fetch: { url: 'https://x.example', zzz: 1 } } }\nsteps: [ { send: { body: x } } ]\n"}},
	"An exit":                {line(inExit), "flows/f.yaml", []string{aSend + "exit: [ { event: e, zzz: 1 } ]\n", aSend + "exit: [ { reply: any, zzz: 1 } ]\n"}},
	"A step":                 {step(), "flows/f.yaml", []string{aSend + "  - { wait: 1d, zzz: 1 }\n"}},
	"A send":                 {send(), "flows/f.yaml", []string{aSend + "  - send: { body: x, zzz: 1 }\n"}},
	"A part":                 {part(), "flows/f.yaml", []string{aSend + "  - send: { parts: [ { data: x, type: y, zzz: 1 } ] }\n"}},
	"An alert":               {alert(), "flows/f.yaml", []string{aSend + "  - send: { body: x, alert: { title: x, zzz: 1 } }\n"}},
	"Platforms":              {platforms(), "flows/f.yaml", []string{aSend + "  - send: { body: x, alert: { platforms: { apns: { x: y }, zzz: 1 } } }\n"}},
	"A line of a wait":       {line(inWait), "flows/f.yaml", []string{aSend + "  - wait: [ { event: e, zzz: 1 }, { after: 1d } ]\n", aSend + "  - wait: [ { reply: any, zzz: 1 }, { after: 1d } ]\n"}},
	"An arm of a branch":     {arm(), "flows/f.yaml", []string{aSend + "  - branch: [ { if: true, then: [ { exit: x } ], zzz: 1 } ]\n"}},
	"An arm of a split":      {share(), "flows/f.yaml", []string{aSend + "  - split: [ { as: x, weight: 1, zzz: 1 }, { as: y, weight: 1 } ]\n"}},
	"A loop":                 {repeat(), "flows/f.yaml", []string{aSend + "  - repeat: { times: 1, steps: [ { wait: 1d } ], zzz: 1 }\n"}},
	"A line of a loop":       {line(inRepeat), "flows/f.yaml", []string{aSend + "  - repeat: { times: 1, steps: [ { wait: 1d } ], until: [ { event: e, zzz: 1 } ] }\n", aSend + "  - repeat: { times: 1, steps: [ { wait: 1d } ], until: [ { reply: any, zzz: 1 } ] }\n"}},
	"A collection":           {collect(), "flows/f.yaml", []string{aSend + "  - collect: { event: e, until: [ { after: 1d } ], zzz: 1 }\n"}},
	"A line of a collection": {line(inCollect), "flows/f.yaml", []string{aSend + "  - collect: { event: e, until: [ { event: e, zzz: 1 }, { after: 1d } ] }\n", aSend + "  - collect: { event: e, until: [ { reply: any, zzz: 1 }, { after: 1d } ] }\n"}},
	"An event":               {emit(), "flows/f.yaml", []string{aSend + "  - emit: { event: e, zzz: 1 }\n"}},
	"A call":                 {start(), "flows/f.yaml", []string{aSend + "  - start: { flow: f, zzz: 1 }\n"}},
	"A request":              {fetch(), "flows/f.yaml", []string{aSend + "  - fetch: { url: 'https://x.example', zzz: 1 }\n"}},
	"An end":                 {exit(), "flows/f.yaml", []string{aSend + "  - exit: { as: x, zzz: 1 }\n"}},

	"A template": {mapping("", "", messageKeys()...), "templates/t.yaml", []string{"body: x\nzzz: 1\n"}},
}

// elsewhere is the mappings of nudge.yaml that the nudge command reads.
var elsewhere = []string{"An account", "Accounts", "Webhooks", "Only some", "Retention", "Limits of requests", "Token", "Endpoint", "A clock", "Fetching", "Preferences", "Deploys", "Target", "TLS", "A node"}

// saysWhy is the keys that the parser knows in a place where they mean nothing, to say
// so in better words.
var saysWhy = map[string][]string{
	"An exit":          {"quiet", "items", "then"},
	"Pages":            {"json", "form", "method"},
	"A line of a wait": {"quiet", "items", "goal"},
	"A line of a loop": {"quiet", "items", "goal"}, "A line of a collection": {"goal"},
}

// TestParity holds the keys of the schema against those that the parser knows.
func TestParity(t *testing.T) {
	for title, probe := range probes {
		t.Run(title, func(t *testing.T) {
			var known []string
			for _, text := range probe.texts {
				known = append(known, knownKeys(t, probe.file, text)...)
			}
			for _, key := range known {
				if probe.schema.Properties[key] == nil && !slices.Contains(saysWhy[title], key) {
					t.Errorf("the parser knows %s, and the schema does not", key)
				}
			}
			for key := range probe.schema.Properties {
				if !slices.Contains(known, key) {
					t.Errorf("the schema has %s, which the parser does not know", key)
				}
			}
		})
	}
}

// knownKeys is what the parser says is allowed beside the unknown key.
func knownKeys(t *testing.T, file, text string) []string {
	t.Helper()
	_, list := flows.Load(fstest.MapFS{file: {Data: []byte(text)}})
	for _, d := range list {
		if strings.Contains(d.Message, `"`+unknown+`"`) {
			_, allowed, _ := strings.Cut(d.Hint, "allowed here: ")
			return strings.FieldsFunc(allowed, func(r rune) bool { return r == ',' || r == ' ' })
		}
	}
	t.Fatalf("the parser takes the unknown key: %v", list)
	return nil
}

// TestEveryMappingIsProbed holds that no mapping of the schema is without a probe.
func TestEveryMappingIsProbed(t *testing.T) {
	seen := map[string]bool{}
	for _, root := range []*schema{flow(), project()} {
		eachMapping(root, func(s *schema) { seen[s.Title] = true })
	}
	for _, s := range flowDefinitions() {
		eachMapping(s, func(s *schema) { seen[s.Title] = true })
	}
	for title := range seen {
		if _, ok := probes[title]; !ok && !slices.Contains(elsewhere, title) {
			t.Errorf("%q has no probe", title)
		}
	}
	if len(seen) < len(probes)-1 {
		t.Errorf("%d mappings for %d probes", len(seen), len(probes))
	}
}

// eachMapping calls f for every mapping of keys in a schema.
func eachMapping(s *schema, f func(*schema)) {
	if s == nil {
		return
	}
	if len(s.Properties) > 0 {
		f(s)
	}
	for _, p := range s.Properties {
		eachMapping(p, f)
	}
	for _, inner := range slices.Concat(s.AnyOf, s.OneOf, s.AllOf) {
		eachMapping(inner, f)
	}
	eachMapping(s.Items, f)
	if inner, ok := s.Additional.(*schema); ok {
		eachMapping(inner, f)
	}
}
