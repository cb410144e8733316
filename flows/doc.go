// Package flows is the flow language: it reads a project's YAML, tells every
// mistake at its line and column, and compiles each flow to a flat program. It says
// nothing about running one; that is package engine.
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
//	trigger   what starts a run: an event, a reply or a schedule
//	run       one execution of a flow for one person
//	step      one instruction: send, wait, branch, split, repeat, collect, set, emit,
//	          start, fetch, opt_out, opt_in or exit
//	wait      what a run is parked on: lines of which the first to happen wins
//	line      one signal with its condition and what follows it
//	signal    read, delivered, failed, reply, event, if, after or at; in a collect
//	          also quiet and items
//	moment    a point in time as a flow says it: 09:00, or 24h before another one
//	round     one taking of the steps of a repeat: 1, 2, …
//	outcome   how a wait or a run ended
//	exit      leaving a flow early, by a step or by a signal at any time
//	key       the words by which an event finds its run
//	scope     the names that expressions and templates see
//	shape     what data looks like
//	category  what messages of one kind have in common: hours, a cap, opt-outs
//	template  a message with places to fill in
//	project   a folder: nudge.yaml, flows, templates
//	bundle    the source files that one version of a flow is made of
//
// # From a file to a program
//
//	YAML ── node ──▶ values with their place ── reader ──▶ Flow
//	                        │                     │
//	                      shape               exprChecker, templates
//	                        └──────── diag ───────┘
//
// YAML is walked by hand (package node), so every value knows where it stands.
// A first walk (outline) finds the heads of all steps and gives them ids; the
// second one (reader) reads them in the order of the file and appends them to the
// program. What is known of a run at each place (type known) grows on the way and
// is copied where the flow forks: that is how a condition can be told that a step
// cannot have come before it. A loop's steps are read before its until, and know the
// messages of the round before theirs.
//
// The program is flat: steps refer to each other by index, and what leads out of a
// nested block is connected to the step behind the block that holds it, or to the
// repeat around it. So a run's place is one number, and following it needs no stack.
//
// # Expressions
//
// Conditions, keys and people are expressions of expr-lang. Their types are checked
// here and not by expr, whose types have no word for a value that may be absent and
// let a value of unknown type be anything. Here,
//
//   - a name or field that does not exist is an error with the nearest right one;
//   - a value of unknown type may be a key or a person, may have a default (??) and
//     may be converted, and is an error anywhere else: a typo is never silently
//     false;
//   - what is absent compares as false, and is false as a condition;
//   - only functions without a clock, chance or memory exist, and source, nodes and
//     nesting have limits, because nothing can stop an expression while it runs.
//
// # Versions
//
// A version is a hash of what the flow means: its normalised text, its templates,
// the shapes of its events, and what it uses of nudge.yaml. Comments, layout,
// quotes and the order of keys do not count. [Compile] makes the same version of
// its [Bundle] again, so runs stay with the version they began with.
//
// # Promises
//
//   - Load reports all mistakes of all files at once, sorted, and never panics on
//     what a file holds.
//   - A flow that loads can be rendered and evaluated with any scope of its types;
//     what can still fail (an absent value that is printed, text that is no number)
//     is an error with its place.
//   - The same scope gives the same value, on any machine, in any zone, at any time.
//   - A [Flow] is immutable and safe for concurrent use.
//
// # Why this way
//
// Decoding into structs loses columns, and ignores unknown keys in nested values;
// so nodes are read by hand. A typed environment for expr lost because it compiles
// to instructions that fail on an absent value that is declared as text. An
// interpreter over the tree would have saved the joints of the compiler, and cost
// every run a stack in the store.
package flows
