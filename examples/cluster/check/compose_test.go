// Package check holds the files around the project of examples/cluster to each other. It is a module of its own, so that
// programs that use Nudge do not get its dependencies.
package check

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"go.yaml.in/yaml/v3"
)

// longestStop is how long a node may take to stop; see docs/operations.md.
const longestStop = 22 * time.Second

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// load reads compose.yaml as docker compose does, with the variables of .env.example.
func load(t *testing.T) *types.Project {
	t.Helper()
	environment := types.Mapping{}
	for name := range described(t) {
		environment[name] = "some-value"
	}
	environment["PORT"], environment["SITE"] = "127.0.0.1:8080", ":8080"
	project, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir: "..", ConfigFiles: []types.ConfigFile{{Filename: "../compose.yaml"}}, Environment: environment,
	}, loader.WithProfiles([]string{"sandbox"}))
	if err != nil {
		t.Fatal(err)
	}
	return project
}

var (
	describedLine = regexp.MustCompile(`(?m)^(?:#(?: (\w+) {2,}\S|(\w+)=)|(\w+)=)`)
	variable      = regexp.MustCompile(`\$\{(\w+)(:-[^}]*)?`)
)

// described is the variables of .env.example. Each stands below a comment, or in one.
func described(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	before := ""
	for line := range strings.Lines(read(t, ".env.example")) {
		if m := describedLine.FindStringSubmatch(line); m != nil {
			if !strings.HasPrefix(before, "#") && !describedLine.MatchString(before) {
				t.Errorf("nothing says what %s is", strings.TrimSpace(line))
			}
			all[m[1]+m[2]+m[3]] = true
		}
		before = line
	}
	return all
}

// variables are those of a file; those without a default are true.
func variables(text string) map[string]bool {
	all := map[string]bool{}
	for _, m := range variable.FindAllStringSubmatch(text, -1) {
		all[m[1]] = all[m[1]] || m[2] == ""
	}
	return all
}

// TestVariables holds that each variable of the files is described, and that each described one is used.
func TestVariables(t *testing.T) {
	used := variables(read(t, "nudge.yaml"))
	maps.Copy(used, variables(read(t, "compose.yaml")))
	if got, want := slices.Sorted(maps.Keys(described(t))), slices.Sorted(maps.Keys(used)); !slices.Equal(got, want) {
		t.Errorf(".env.example describes\n%v\nthe files use\n%v", got, want)
	}
}

func TestServices(t *testing.T) {
	p := load(t)
	if got, want := p.ServiceNames(), []string{"balancer", "nudge-1", "nudge-2", "nudge-3", "postgres", "sandbox"}; !slices.Equal(got, want) {
		t.Errorf("services %v, want %v", got, want)
	}
	for name, s := range p.Services {
		if s.Restart != types.RestartPolicyUnlessStopped {
			t.Errorf("%s is not started again", name)
		}
		for _, secret := range s.Secrets {
			if p.Secrets[secret.Source].File == "" {
				t.Errorf("%s has a secret %s that is in no file", name, secret.Source)
			}
		}
		for _, port := range s.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s is open to other machines by default: %+v", name, port)
			}
		}
	}
	if profiles := p.Services["sandbox"].Profiles; !slices.Equal(profiles, []string{"sandbox"}) {
		t.Errorf("the sandbox is started with %v", profiles)
	}
}

// nodes are the services that are nodes.
func nodes(p *types.Project) (all []types.ServiceConfig) {
	for _, name := range p.ServiceNames() {
		if strings.HasPrefix(name, "nudge-") {
			all = append(all, p.Services[name])
		}
	}
	return all
}

func TestNodes(t *testing.T) {
	needed := variables(read(t, "nudge.yaml"))
	for _, s := range nodes(load(t)) {
		for name, required := range needed {
			if value := s.Environment[name]; required && (value == nil || *value == "") {
				t.Errorf("%s lacks %s", s.Name, name)
			}
		}
		for name := range s.Environment {
			if _, known := needed[name]; !known {
				t.Errorf("%s has %s, which nudge.yaml does not use", s.Name, name)
			}
		}
		if node := s.Environment["NUDGE_NODE"]; node == nil || *node != s.Name {
			t.Errorf("%s is called otherwise", s.Name)
		}
		if !s.ReadOnly || !slices.Equal(s.Tmpfs, []string{"/tmp"}) || !slices.Equal(s.CapDrop, []string{"ALL"}) {
			t.Errorf("%s may write more than it needs, or less", s.Name)
		}
		if s.HealthCheck == nil || !slices.Equal(s.HealthCheck.Test, []string{"CMD", "/usr/bin/nudge", "health", "--ready"}) {
			t.Errorf("%s is asked %+v", s.Name, s.HealthCheck)
		}
		if s.StopGracePeriod == nil || time.Duration(*s.StopGracePeriod) <= longestStop {
			t.Errorf("%s is killed before it can have stopped", s.Name)
		}
		if s.DependsOn["postgres"].Condition != types.ServiceConditionHealthy {
			t.Errorf("%s starts before the database", s.Name)
		}
	}
}

// TestAddresses holds the ports and names of nudge.yaml, compose.yaml and the Caddyfile to each other.
func TestAddresses(t *testing.T) {
	p := load(t)
	var settings struct{ Listen string }
	if err := yaml.Unmarshal([]byte(read(t, "nudge.yaml")), &settings); err != nil {
		t.Fatal(err)
	}
	_, port, found := strings.Cut(strings.TrimSuffix(settings.Listen, "}"), "0.0.0.0")
	if !found {
		t.Fatalf("nudge.yaml has listen: %s", settings.Listen)
	}
	var reached []string
	for _, s := range nodes(p) {
		reached = append(reached, s.Name+port)
	}
	balancer := read(t, "Caddyfile")
	if want := "reverse_proxy {$NODES:" + strings.Join(reached, " ") + "} {"; !strings.Contains(balancer, want) {
		t.Errorf("the Caddyfile lacks %s", want)
	}
	if ports := p.Services["balancer"].Ports; len(ports) != 1 || ports[0].Target != 8080 || !strings.Contains(balancer, "{$SITE::8080}") {
		t.Errorf("the balancer is published as %+v, and does not listen there", ports)
	}
	sandbox := p.Services["sandbox"]
	if webhook := "http://balancer:8080/webhooks/comapi"; !slices.Contains(sandbox.Command, webhook) || !strings.Contains(read(t, ".env.example"), "#COMAPI_URL=http://sandbox:8081\n") ||
		!slices.Contains(sandbox.Command, "0.0.0.0:8081") {
		t.Errorf("the sandbox does not reach the nodes, or they do not reach it: %v", sandbox.Command)
	}
}

// TestDatabase holds the address of the database to the database.
func TestDatabase(t *testing.T) {
	p := load(t)
	database := p.Services["postgres"]
	setting := func(name string) string {
		if v := database.Environment[name]; v != nil {
			return *v
		}
		return ""
	}
	for _, s := range nodes(p) {
		want := "postgres://" + setting("POSTGRES_USER") + "@postgres:5432/" + setting("POSTGRES_DB") + "?sslmode=disable&passfile=/run/secrets/" + s.Secrets[0].Source
		if store := s.Environment["NUDGE_STORE"]; store == nil || *store != want {
			t.Errorf("%s has its store not at %s", s.Name, want)
		}
	}
	if file := setting("POSTGRES_PASSWORD_FILE"); len(database.Secrets) != 1 || file != "/run/secrets/"+database.Secrets[0].Source {
		t.Errorf("the database reads its password from %s", file)
	}
	if !slices.ContainsFunc(database.Volumes, func(v types.ServiceVolumeConfig) bool {
		return v.Type == types.VolumeTypeVolume && v.Target == "/var/lib/postgresql/data"
	}) {
		t.Error("the database is gone with its container")
	}
	if database.HealthCheck == nil || database.Image != "postgres:17" {
		t.Errorf("the database is %s, and nobody sees whether it is there", database.Image)
	}
}
