package story

// The codes of the diagnostics about tests; those about YAML itself are in package
// node. A code never changes its meaning.
const (
	CodeMissing = "test-missing-key"    // a key that must be there is not
	CodeMove    = "test-one-move"       // a line of a story with no move or several
	CodeExpect  = "test-expectation"    // an expectation that says nothing, or several things
	CodeUnknown = "test-unknown-name"   // a flow, person, message, event or step that does not exist
	CodeMoment  = "test-bad-moment"     // not an instant, moment or duration
	CodeScript  = "test-bad-script"     // not what a person can do
	CodeWho     = "test-whose"          // it is not said whose
	CodePattern = "test-bad-pattern"    // not a regular expression
	CodeName    = "test-duplicate-name" // two tests of one name
)

const (
	// Folder is where the tests of a project are.
	Folder = "tests"
	// MaxMoves is how many moves a story may have.
	MaxMoves = 1000
	// MaxTimes is how often one move may have an event happen.
	MaxTimes = 1000
	// MaxTests is how many tests a file may have.
	MaxTests = 1000
)
