// Package flows is the flow language. It reads a project's YAML, reports every mistake
// with its line and column, and compiles each flow to a flat program. It does not run
// flows; package engine does.
//
//	project, list := flows.Load(os.DirFS("."))
//	diag.Render(os.Stderr, list, project.Source)
//	if list.HasErrors() {
//		return 1
//	}
//	flow := project.Flow("order_shipped")
//
// # Words
//
//	flow      a versioned definition of a conversation with one person
//	trigger   starts a run: an event, a reply or a schedule
//	run       one execution of a flow for one person
//	step      one instruction: send, wait, branch, split, repeat, collect, set, emit,
//	          start, fetch, opt_out, opt_in or exit
//	wait      parks a run until the first of its lines happens
//	line      one signal with its condition and the steps that follow
//	signal    read, delivered, failed, reply, event, if, after, at or open; in a collect
//	          also quiet and items
//	moment    a point in time as a flow writes it: 09:00, or 24h before another one
//	round     one pass through the steps of a repeat: 1, 2, …
//	outcome   how a wait or a run ended
//	exit      ends a run early, by a step or by a signal at any time
//	key       the text by which an event finds its run
//	scope     the names that expressions and templates can use
//	shape     the type of data
//	category  the rules for one kind of messages: hours, caps, opt-outs
//	template  a message with placeholders
//	project   a folder: nudge.yaml, flows, templates
//	bundle    the source files of one version of a flow
//
// # From a file to a program
//
//	YAML ── node ──▶ values with their place ── reader ──▶ Flow
//	                        │                     │
//	                      shape               exprChecker, templates
//	                        └──────── diag ───────┘
//
// Package node walks the YAML tree, so every value knows its place. A first walk
// (outline) finds the heads of all steps and gives them ids. A second walk (reader) reads
// the steps in the order of the file and appends them to the program. A typeEnv holds what
// is known of a run at one place. It grows along the way and is copied where the flow
// forks, so that a condition can report a step that cannot have run before it. The steps
// of a loop are read before its until, and they can use the messages of the round before.
//
// The program is flat: steps refer to each other by index. The end of a nested block leads
// to the step behind the block that contains it, or back to the repeat around it. So the
// place of a run is one number, and following it needs no stack.
//
// # Expressions
//
// Conditions, keys and people are expressions of expr-lang. Their types are checked here
// and not by expr, which has no type for a value that may be absent and lets a value of
// unknown type be anything. The rules are:
//
//   - A name or field that does not exist is an error; the hint has the nearest name.
//   - A value of unknown type can be a key or a person, can have a default (??) and can
//     be converted. Anywhere else it is an error, so that a typo is never silently false.
//   - An absent value compares as false, and is false as a condition.
//   - Functions have no clock, no randomness and no memory. Source, nodes and nesting have
//     limits, because a running expression cannot be stopped.
//
// # Versions
//
// A version is a hash of what the flow means: its normalised text, its templates, the
// shapes of its events, and the part of nudge.yaml that it uses. Comments, layout, quotes
// and the order of keys do not count. [Compile] rebuilds the same version from its
// [Bundle], so runs stay with the version they began with.
//
// # Promises
//
//   - Load reports all mistakes of all files at once, sorted, and never panics on the
//     content of a file.
//   - A loaded flow can be rendered and evaluated with any scope of its types. The
//     remaining failures (a printed value that is absent, text that is not a number) are
//     errors with their place.
//   - The same scope gives the same value, on any machine, in any zone, at any time.
//   - A [Flow] is immutable and safe for concurrent use.
//
// # Alternatives
//
// Decoding YAML into structs loses columns and ignores unknown keys in nested values, so
// nodes are read one by one. A typed environment for expr does not work, because it
// compiles to instructions that fail for an absent value that is declared as text. An
// interpreter over the tree would not need connected ends, but every run would need a
// stack in the store.
package flows
