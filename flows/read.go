package flows

import (
	"nudge/lang/diag"
	"nudge/lang/insight"
	"nudge/lang/node"
	"nudge/lang/shape"
	"nudge/templates"
)

// reader reads one flow: from the nodes of its file to the flat program.
type reader struct {
	project *Project
	list    *diag.List
	flow    *Flow
	profile *shape.Type     // what expressions see of a person
	from    *templates.From // the flow's, else the project's
	keyed   bool            // a trigger has a key, so every event line must say one
	shapes  map[string]*shape.Type
	rows    *shape.Type            // what a row adds to the data of an event
	heads   []head                 // the steps in the order of the program
	headAt  map[diag.Pos]int       // by where a step stands
	loops   []int                  // the repeats around the step being read
	learned map[string]*shape.Type // what can be asked of each step, by its id
	vars    map[string]*shape.Type // of all set steps
	parting int                    // index of the first step of the exits
	unheard []unheard              // waits that have no failed line of their own
	dos     map[int]bool           // indexes of the steps under a do
	endless []endless              // where a run may live for good

	conversation *node.Text // of all its messages that name none; nil for none

	notes *insight.Notes // for editors; nil: nobody asks
	links
}

// links are what a flow has to do with the rest of its project.
type links struct {
	used       map[string]bool // templates
	partials   map[string]bool
	assets     map[string]bool            // that its messages carry
	emits      map[string]bool            // types of events
	categories map[string]bool            // that it names
	heard      []*node.Text               // the types of events that it waits for
	calls      []call                     // of other flows, to be checked when all are read
	uses       map[string][]templates.Use // of each template, by its name
}

// newReader returns a reader of one flow of a project. The notes may be nil.
func (p *Project) newReader(notes *insight.Notes, list *diag.List) *reader {
	return &reader{
		project: p, list: list, profile: p.profile(), notes: notes, shapes: map[string]*shape.Type{},
		headAt: map[diag.Pos]int{}, learned: map[string]*shape.Type{}, dos: map[int]bool{}, vars: map[string]*shape.Type{},
		links: links{used: map[string]bool{}, partials: map[string]bool{}, assets: map[string]bool{}, emits: map[string]bool{}, categories: map[string]bool{}, uses: map[string][]templates.Use{}},
		flow:  &Flow{Zone: p.Zone, Locale: p.Locale},
	}
}

// file reads a file of the folder flows. It returns nil if the flow has errors, so that
// nobody runs half of it.
func (r *reader) file(f File) *Flow {
	before := len(*r.list)
	m := node.Parse(f.Name, []byte(f.Text), r.list)
	if (*r.list)[before:].HasErrors() && len(m.Keys()) == 0 {
		return nil
	}
	r.read(m, stem(f.Name))
	if (*r.list)[before:].HasErrors() {
		return nil
	}
	r.flow.markLast()
	r.flow.Listening = listening(r.flow, r.eventShape)
	r.flow.Profile = r.project.Profile
	r.seal(f, m)
	return r.flow
}

func (r *reader) read(m *node.Map, stem string) {
	r.name(m, stem)
	r.flow.About = m.Str("about")
	triggers := m.Get("trigger")
	r.readData(triggers, m.Get("data"))
	r.readTriggers(triggers)
	r.readEntry(m.Child("entry"))
	exits := m.Get("exit")
	r.flow.Category = r.category(m.Text("category"))
	r.flow.Account = r.account(m.Text("account"))
	r.from = r.project.from
	if own := templates.ParseFrom(m.Get("from")); own != nil {
		r.from = own
	}
	r.conversation = readThread(m)
	r.readPromises(m.Child("promises"))
	migrations := m.Get("migrate")
	r.readSteps(m, exits)
	r.warnOfNow()
	r.readExits(exits)
	r.warnUnheard()
	r.warnEndless()
	r.readMigrations(migrations)
	m.Close()
}

func (r *reader) name(m *node.Map, stem string) {
	t := m.Text("flow")
	if !m.Has("flow") {
		m.Errorf("flow", CodeMissingKey, "begin the file with flow: "+stem, "the flow has no name")
	}
	if !checkName(t, "a flow's name", r.list) {
		return
	}
	r.flow.Name, r.flow.span = t.Value, t.Span
	if t.Value != stem {
		r.list.Errorf(t.Span, codeFlowName, "give both the same name",
			"the flow is called %q, but its file is %s.yaml", t.Value, stem)
	}
}

// category reads a category. If the project declares categories, it must be one of them.
func (r *reader) category(t *node.Text) string {
	if t == nil {
		return ""
	}
	known := r.project.Categories
	if len(known) > 0 && known[t.Value] == nil {
		r.list.Errorf(t.Span, codeUnknownCategory, diag.DidYouMean(t.Value, r.project.categoryNames(), "Categories"),
			"nudge.yaml has no category %q", t.Value)
		return ""
	}
	r.categories[t.Value] = true
	if !checkName(t, "a category", r.list) {
		return ""
	}
	return t.Value
}

// entryWords are in the order of the constants of IfRunning.
var entryWords = []string{"parallel", "skip", "restart", "queue"}

func (r *reader) readEntry(m *node.Map) {
	if i := readWord(m, "if_running", entryWords, r.list); i >= 0 {
		r.flow.Entry.IfRunning = IfRunning(i)
	}
	r.flow.Entry.AtMost, r.flow.Entry.Per = readAtMost(m.Text("at_most"), "for example 1, which is once ever, or 3 per 7d", r.list)
	m.Close()
}
