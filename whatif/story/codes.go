package story

// The codes of the diagnostics about tests; those about YAML itself are in package
// node. A code never changes its meaning.
const (
	codeMissing = "test-missing-key"    // a key that must be there is not
	codeMove    = "test-one-move"       // a line of a story with no move or several
	codeExpect  = "test-expectation"    // an expectation that says nothing, or several things
	codeUnknown = "test-unknown-name"   // a flow, person, message, event or step that does not exist
	codeMoment  = "test-bad-moment"     // not an instant, moment or duration
	codeScript  = "test-bad-script"     // not what a person can do
	codeWho     = "test-whose"          // it is not said whose
	codePattern = "test-bad-pattern"    // not a regular expression
	codeName    = "test-duplicate-name" // two tests of one name
)

const (
	// Folder is where the tests of a project are.
	Folder = "tests"
	// MaxMoves is how many moves a story may have.
	maxMoves = 1000
	// MaxTimes is how often one move may have an event happen.
	maxTimes = 1000
	// MaxTests is how many tests a file may have.
	maxTests = 1000
)
