package simtest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"nudge/flows"
	"nudge/flows/schema"
)

// notWritten are the mappings and keys of a project that say nothing of what a flow does.
var notWritten = regexp.MustCompile(`^(A node|An account|Webhooks|Fetching|A clock|Retention|Only some|Limits of requests)\.` +
	`|^Token\.|^Endpoint\.|^Preferences\.|^Deploys\.|^Target\.|^TLS\.|^A project\.(account|webhooks|tokens|tokens_file|forgotten_list|cors|deploys|targets|endpoints|preferences|listen|tls|data_dir|retention|outbound|fetch|people|clock|limits|partitions|store|cluster)$|on_bad_row`)

// TestConstructs shows that the author writes every key that the schemas of the language
// have, and every function and operator of its expressions.
func TestConstructs(t *testing.T) {
	files := map[string]*described{flows.ProjectFile: describe(t, schema.Project()), "flows/": describe(t, schema.Flow()), "templates/": describe(t, schema.Template())}
	written, text := map[string]bool{}, strings.Builder{}
	for seed := range uint64(150) {
		a := &author{dice: rand.New(rand.NewPCG(seed, 0)), rarer: rand.New(rand.NewPCG(seed, 1)), broken: rand.New(rand.NewPCG(seed, 2)), talks: rand.New(rand.NewPCG(seed, 3))}
		a.waits = rand.New(rand.NewPCG(seed, 4))
		a.crowds = rand.New(rand.NewPCG(seed, 6))
		a.times = rand.New(rand.NewPCG(seed, 5))
		a.hours = rand.New(rand.NewPCG(seed, 6))
		a.dos = rand.New(rand.NewPCG(seed, 7))
		a.edition()
		a.edition()
		for path, file := range a.files {
			text.Write(file.Data)
			for prefix, d := range files {
				var doc yaml.Node
				if !strings.HasPrefix(path, prefix) {
					continue
				}
				if err := yaml.Unmarshal(file.Data, &doc); err != nil {
					t.Fatal(err)
				}
				d.read(d.root, doc.Content[0], written)
			}
		}
	}
	for _, d := range files {
		for key := range d.keys {
			inline := strings.Replace(key, "A send.", "A template.", 1) // a message is the same in both places
			if !written[key] && !written[inline] && !notWritten.MatchString(key) {
				t.Errorf("the author never writes the key %s", key)
			}
		}
	}
	for _, word := range strings.Fields(`lower upper trim split len abs ceil floor round min max int float string first last all any none one count find filter map unique date time weekday day month days_between open remaining`) {
		if !strings.Contains(text.String(), word+"(") {
			t.Errorf("the author never calls %s", word)
		}
	}
	for _, path := range strings.Fields(`reply.text reply.keyword reply.number reply.parts reply.metadata`) {
		if !strings.Contains(text.String(), path) {
			t.Errorf("the author never reads %s", path)
		}
	}
	for _, sign := range strings.Fields(`== != < <= > >= in contains startsWith endsWith matches and or not ?? ? + - * / % ^ && || !`) {
		if !strings.Contains(text.String(), " "+sign) {
			t.Errorf("the author never writes the operator %s", sign)
		}
	}
}

// described is what a schema says of a kind of file.
type described struct {
	root *node
	keys map[string]bool // "a mapping's title.key"
	met  map[*node]bool
}

// node is the part of a JSON schema that says which keys there are.
type node struct {
	Title       string
	Ref         string           `json:"$ref"`
	Properties  map[string]*node `json:"properties"`
	Additional  any              `json:"additionalProperties"`
	Items       *node
	AllOf       []*node
	AnyOf       []*node
	OneOf       []*node
	Definitions map[string]*node

	values *node // of keys that people name
}

func describe(t *testing.T, document []byte) *described {
	t.Helper()
	d := &described{root: new(node), keys: map[string]bool{}, met: map[*node]bool{}}
	if err := json.Unmarshal(document, d.root); err != nil {
		t.Fatal(err)
	}
	d.collect(d.root)
	return d
}

// collect notes the keys of a schema and of what is in it.
func (d *described) collect(n *node) {
	for _, form := range d.forms(n) {
		if d.met[form] {
			continue
		}
		d.met[form] = true
		for key, value := range form.Properties {
			d.keys[form.Title+"."+key] = true
			d.collect(value)
		}
		if form.Items != nil {
			d.collect(form.Items)
		}
		if _, is := form.Additional.(map[string]any); is {
			raw, _ := json.Marshal(form.Additional)
			form.values = new(node)
			if err := json.Unmarshal(raw, form.values); err != nil {
				panic(fmt.Sprintf("%s: %v", form.Title, err))
			}
			d.collect(form.values)
		}
	}
}

// forms are a schema and all that it may stand for.
func (d *described) forms(n *node) []*node {
	if n.Ref != "" {
		return d.forms(d.root.Definitions[n.Ref[strings.LastIndex(n.Ref, "/")+1:]])
	}
	list := []*node{n}
	for _, other := range slices.Concat(n.AllOf, n.AnyOf, n.OneOf) {
		list = append(list, d.forms(other)...)
	}
	return list
}

// read notes the keys that a file has.
func (d *described) read(n *node, y *yaml.Node, written map[string]bool) {
	for _, form := range d.forms(n) {
		switch {
		case y.Kind == yaml.MappingNode:
			for i := 0; i < len(y.Content); i += 2 {
				key, value := y.Content[i].Value, y.Content[i+1]
				if known := form.Properties[key]; known != nil {
					written[form.Title+"."+key] = true
					d.read(known, value, written)
				} else if form.values != nil {
					d.read(form.values, value, written)
				}
			}
		case y.Kind == yaml.SequenceNode && form.Items != nil:
			for _, item := range y.Content {
				d.read(form.Items, item, written)
			}
		}
	}
}
