package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"strings"
	"testing"
)

// connecting are the folders that open connections, with where these lead. Everything else asks
// one of them, so that its checks cannot be forgotten.
var connecting = map[string]string{
	"app/systemd":           "the service manager of this machine, by a socket that the environment names",
	"app/tracing":           "the collector that the environment names",
	"bench":                 "the server that it measures",
	"bench/bare":            "the provider that is measured",
	"channels/appmessaging": "the provider of an account",
	"client":                "the server that the caller names",
	"cluster":               "the other nodes of the cluster, at the addresses that they have in the registry; each proves that it knows the secret",
	"console":               "the API in this process: nothing is dialled",
	"runner/fetch":          "what a flow or an audience names: nothing private unless it is allowed",
	"runner/notify":         "the endpoints of nudge.yaml, which operators choose; no redirect is followed",
	"store/postgres":        "the database of the store, which the operator names",
	"store/postgres/pgtest": "the servers that it starts for tests",
	"sandbox":               "the webhooks of a project that is tried out",
}

// dials matches what opens connections to the outside.
var dials = regexp.MustCompile(`^(http\.(Client|Transport|Get|Post|PostForm|Head|DefaultClient|DefaultTransport)|net\.(Dial\w*)|tls\.(Dial\w*)|websocket\.Dial|smtp\.\w+|rpc\.Dial\w*|pgx\.Connect\w*|pgxpool\.New\w*|otlptracehttp\.New)$`)

// TestWhoConnects lists who opens connections.
func TestWhoConnects(t *testing.T) {
	found := map[string]bool{}
	files := token.NewFileSet()
	for _, file := range sources(t) {
		parsed, err := parser.ParseFile(files, file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			selector, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := selector.X.(*ast.Ident); ok && dials.MatchString(x.Name+"."+selector.Sel.Name) {
				found[path.Dir(file)] = true
				if connecting[path.Dir(file)] == "" {
					t.Errorf("%s: %s.%s: only the packages listed in house_security_test.go open connections", files.Position(n.Pos()), x.Name, selector.Sel.Name)
				}
			}
			return true
		})
	}
	for folder := range connecting {
		if !found[folder] {
			t.Errorf("%s opens no connections: take it off the list", folder)
		}
	}
}

var claimForm = regexp.MustCompile(`(?m)^\| ([0-9]+\.[0-9]+\.[0-9]+[^|]*) \|([^|]*)\|([^|]*)\|$`)

// TestClaims holds the table of requirements in SECURITY.md: each names its test, or says that
// it does not hold, is not tested or does not apply. TestNamedOnPages looks for the tests.
func TestClaims(t *testing.T) {
	claims := claimForm.FindAllStringSubmatch(read(t, "SECURITY.md"), -1)
	if len(claims) < 20 {
		t.Fatalf("SECURITY.md has %d requirements", len(claims))
	}
	for _, c := range claims {
		item, holds, test := strings.TrimSpace(c[1]), strings.TrimSpace(c[2]), strings.TrimSpace(c[3])
		open := regexp.MustCompile(`^(Does not (hold|apply)|Holds in part)`).MatchString(holds)
		if !testForm.MatchString(test) && !(test == "–" && open || test == "not tested") {
			t.Errorf("SECURITY.md, %s: %q names no test and does not say that there is none", item, test)
		}
	}
}
