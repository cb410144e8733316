//go:build unix

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"gopkg.in/yaml.v3"
)

// pipelines are the folder of the pipelines that docs/environments.md quotes.
const pipelines = "examples/integrations/ci/"

// workflow is what our workflow of GitHub uses of theirs.
type workflow struct {
	Name string
	On   struct {
		PullRequest *struct{} `yaml:"pull_request"`
		Push        struct{ Branches []string }
	}
	Permissions map[string]string
	Env         map[string]string
	Jobs        map[string]workflowJob
}

type workflowJob struct {
	If, Needs                string
	RunsOn                   string `yaml:"runs-on"`
	Environment, Concurrency string
	Permissions              map[string]string
	Env, Outputs             map[string]string
	Steps                    []struct{ Name, ID, Uses, Run string }
}

// gitlabCI is what our pipeline of GitLab uses of theirs.
type gitlabCI struct {
	Stages  []string
	Default struct {
		Image        string
		BeforeScript []string `yaml:"before_script"`
	}
	Jobs map[string]gitlabJob `yaml:",inline"`
}

type gitlabJob struct {
	Stage, Environment string
	ResourceGroup      string `yaml:"resource_group"`
	Rules              []struct {
		If, When     string
		AllowFailure bool `yaml:"allow_failure"`
	}
	Script    []string
	Artifacts struct {
		When    string
		Reports map[string]string
	}
}

// decodePipeline decodes a pipeline of the examples: a key that its type does not have is an error.
func decodePipeline(file string, into any) error {
	text, err := os.ReadFile(filepath.Join(root, pipelines, file))
	if err != nil {
		return err
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	return d.Decode(into)
}

// runPipeline runs a job of a pipeline in the current folder, as its provider would, each script by sh: ci github|gitlab JOB.
// What the provider gives are variables of the script; out and err have what the job said.
func runPipeline(ts *testscript.TestScript, _ bool, args []string) {
	j := &pipelineJob{ts: ts, name: args[1], dir: ts.MkAbs(".")}
	j.archive()
	switch args[0] {
	case "github":
		j.github()
	case "gitlab":
		j.gitlab()
	default:
		ts.Fatalf("ci github|gitlab JOB")
	}
	ts.Check(os.WriteFile(ts.MkAbs("out"), j.out.Bytes(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("err"), j.errs.Bytes(), 0o600))
	ts.Logf("%s%s", j.out.String(), j.errs.String())
}

// pipelineJob is one run of a job.
type pipelineJob struct {
	ts        *testscript.TestScript
	name      string
	dir       string // with the checked out project
	temp      string // of the runner
	env       []string
	out, errs bytes.Buffer
}

// archive makes the archive of a release, in which the program only leads to the one under test, and the rest that a runner has. The
// program itself is not in the path of a job: it has to be installed.
func (j *pipelineJob) archive() {
	ts := j.ts
	temp, err := os.MkdirTemp(ts.Getenv("WORK"), "runner")
	ts.Check(err)
	program := "#!/bin/sh\nexec '" + program(ts, "nudge").Path + "' \"$@\"\n"
	var raw bytes.Buffer
	z := gzip.NewWriter(&raw)
	t := tar.NewWriter(z)
	ts.Check(t.WriteHeader(&tar.Header{Name: "nudge_v1.2.3_linux_amd64/nudge", Mode: 0o755, Size: int64(len(program))}))
	_, err = t.Write([]byte(program))
	ts.Check(err)
	ts.Check(t.Close())
	ts.Check(z.Close())
	file := filepath.Join(temp, "nudge_v1.2.3_linux_amd64.tar.gz")
	ts.Check(os.WriteFile(file, raw.Bytes(), 0o600))
	tools := filepath.Join(temp, "tools")
	ts.Check(os.Mkdir(tools, 0o700))
	ts.Check(os.WriteFile(filepath.Join(tools, "apt-get"), []byte("#!/bin/sh\n"), 0o700)) // what it would install is here
	install, err := os.ReadFile(filepath.Join(root, pipelines, "install-nudge.sh"))
	ts.Check(err)
	ts.Check(os.MkdirAll(filepath.Join(j.dir, "ci"), 0o700))
	ts.Check(os.WriteFile(filepath.Join(j.dir, "ci", "install-nudge.sh"), install, 0o600))
	path := []string{tools}
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if !isFile(filepath.Join(dir, "nudge")) {
			path = append(path, dir)
		}
	}
	j.temp = temp
	j.env = []string{
		"PATH=" + strings.Join(path, ":"), "HOME=" + temp, "TMPDIR=" + temp, "GORACE=atexit_sleep_ms=0", "NO_COLOR=1",
		"NUDGE_ARCHIVE=file://" + file, fmt.Sprintf("NUDGE_SHA256=%x", sha256.Sum256(raw.Bytes())),
		"STAGING_API=" + ts.Getenv("staging_api"), "PRODUCTION_API=" + ts.Getenv("production_api"),
	}
}

// sh runs a script in the folder of the project.
func (j *pipelineJob) sh(script string, env ...string) {
	cmd := exec.Command("sh", "-e", "-c", script)
	cmd.Dir, cmd.Env = j.dir, slices.Concat(j.env, env)
	cmd.Stdout, cmd.Stderr = &j.out, &j.errs
	if err := cmd.Run(); err != nil {
		j.ts.Fatalf("%s: %v\n%s\n%s%s", j.name, err, script, j.out.String(), j.errs.String())
	}
}

// holds reports whether a condition is true: comparisons of values and quoted texts, of which all must be.
func (j *pipelineJob) holds(condition string, value func(string) string) bool {
	if condition == "" {
		return true
	}
	for _, part := range strings.Split(condition, " && ") {
		m := regexp.MustCompile(`^(\S+) (==|!=) (\S+)$`).FindStringSubmatch(part)
		if m == nil {
			j.ts.Fatalf("%s: the condition %q is not one that this test reads", j.name, part)
		}
		side := func(text string) string {
			if strings.ContainsAny(text[:1], `'"`) {
				return strings.Trim(text, `'"`)
			}
			return value(text)
		}
		if (side(m[1]) == side(m[3])) != (m[2] == "==") {
			return false
		}
	}
	return true
}

var expression = regexp.MustCompile(`\$\{\{ (.*?) \}\}`)

// github runs a job of the workflow. Outputs of jobs are variables of the script, for the jobs after it.
func (j *pipelineJob) github() {
	ts, w := j.ts, &workflow{}
	ts.Check(decodePipeline("github/nudge.yml", w))
	job, ok := w.Jobs[j.name]
	if !ok {
		ts.Fatalf("there is no job %s", j.name)
	}
	steps := map[string]string{} // outputs
	value := func(name string) string {
		known := map[string]string{
			"vars.NUDGE_ARCHIVE": j.variable("NUDGE_ARCHIVE"), "vars.NUDGE_SHA256": j.variable("NUDGE_SHA256"), "secrets.STAGING_TOKEN": "token-of-ci",
			"secrets.PRODUCTION_TOKEN": "token-of-ci", "secrets.APPROVER_TOKEN": "token-of-release", "github.token": forgeToken,
			"github.event_name": ts.Getenv("EVENT"), "github.event.pull_request.number": "7",
			"github.event.pull_request.head.repo.full_name": "shop/flows", "github.repository": "shop/flows", "needs.propose.outputs.proposal": ts.Getenv("proposal"),
		}
		maps.Copy(known, steps)
		v, ok := known[name]
		if !ok {
			ts.Fatalf("%s: nothing is known of %s", j.name, name)
		}
		return v
	}
	filled := func(text string) string {
		return expression.ReplaceAllStringFunc(text, func(e string) string { return value(expression.FindStringSubmatch(e)[1]) })
	}
	if job.Needs != "" && w.Jobs[job.Needs].Steps == nil {
		ts.Fatalf("%s needs %s, which is no job", j.name, job.Needs)
	}
	if !j.holds(job.If, value) {
		fmt.Fprintln(&j.out, j.name, "is skipped")
		return
	}
	env := []string{"GITHUB_API_URL=" + ts.Getenv("FORGE"), "GITHUB_REPOSITORY=shop/flows", "GITHUB_SHA=c0ffee", "RUNNER_TEMP=" + j.temp}
	for _, vars := range []map[string]string{w.Env, job.Env} {
		for name, text := range vars {
			env = append(env, name+"="+filled(text))
		}
	}
	for _, s := range job.Steps {
		if (s.Uses == "") == (s.Run == "") {
			ts.Fatalf("%s: a step runs something or uses something: %+v", j.name, s)
		}
		if expression.MatchString(s.Run) { // a text of somebody's would become a part of the script
			ts.Fatalf("%s: %s has an expression; put it into env", j.name, s.Name)
		}
		j.githubStep(s.ID, s.Run, env, steps)
	}
	for name, text := range job.Outputs {
		ts.Setenv(name, filled(text))
	}
}

// githubStep runs a step, with the files in which it leaves folders of programs and outputs.
func (j *pipelineJob) githubStep(id, script string, env []string, outputs map[string]string) {
	paths, left := filepath.Join(j.temp, "path"), filepath.Join(j.temp, "output")
	for _, file := range []string{paths, left} {
		j.ts.Check(os.WriteFile(file, nil, 0o600))
	}
	j.sh(script, append(env, "GITHUB_PATH="+paths, "GITHUB_OUTPUT="+left)...)
	for _, line := range linesIn(j.ts, paths) {
		j.env[0] = strings.Replace(j.env[0], "PATH=", "PATH="+line+":", 1)
	}
	for _, line := range linesIn(j.ts, left) {
		name, value, _ := strings.Cut(line, "=")
		outputs["steps."+id+".outputs."+name] = value
	}
}

func linesIn(ts *testscript.TestScript, file string) []string {
	text, err := os.ReadFile(file)
	ts.Check(err)
	return strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' })
}

// variable is one of the job.
func (j *pipelineJob) variable(name string) string {
	for _, v := range j.env {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}

// gitlab runs a job of the pipeline. What it reports as dotenv are variables of the script, for the jobs after it.
func (j *pipelineJob) gitlab() {
	ts, p := j.ts, &gitlabCI{}
	ts.Check(decodePipeline("gitlab/gitlab-ci.yml", p))
	job, ok := p.Jobs[j.name]
	if !ok || !slices.Contains(p.Stages, job.Stage) {
		ts.Fatalf("there is no job %s, or no stage %q", j.name, job.Stage)
	}
	source, branch := "push", "main"
	if ts.Getenv("EVENT") == "pull_request" {
		source, branch = "merge_request_event", ""
	}
	env := map[string]string{
		"CI_PIPELINE_SOURCE": source, "CI_COMMIT_BRANCH": branch, "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_SHA": "c0ffee", "CI_API_V4_URL": ts.Getenv("FORGE") + "/api/v4",
		"CI_PROJECT_ID": "3", "CI_MERGE_REQUEST_IID": "7", "COMMENT_TOKEN": forgeToken, "STAGING_TOKEN": "token-of-ci", "PRODUCTION_TOKEN": "token-of-ci",
		"APPROVER_TOKEN": "token-of-release", "PROPOSAL": ts.Getenv("PROPOSAL"),
	}
	if !slices.ContainsFunc(job.Rules, func(r struct {
		If, When     string
		AllowFailure bool `yaml:"allow_failure"`
	}) bool {
		return j.holds(r.If, func(name string) string { return env[strings.TrimPrefix(name, "$")] })
	}) {
		fmt.Fprintln(&j.out, j.name, "is skipped")
		return
	}
	var vars []string
	for name, value := range env {
		vars = append(vars, name+"="+value)
	}
	j.sh(strings.Join(slices.Concat(p.Default.BeforeScript, job.Script), "\n"), vars...)
	for _, file := range job.Artifacts.Reports {
		if !isFile(filepath.Join(j.dir, file)) {
			ts.Fatalf("%s reports %s, and does not write it", j.name, file)
		}
	}
	if file := job.Artifacts.Reports["dotenv"]; file != "" {
		for _, line := range linesIn(ts, filepath.Join(j.dir, file)) {
			name, value, _ := strings.Cut(line, "=")
			ts.Setenv(name, value)
		}
	}
}

// TestPipelinesTried holds that testdata/script/ci.txt runs every job of the pipelines.
func TestPipelinesTried(t *testing.T) {
	script, err := os.ReadFile("testdata/script/ci.txt")
	if err != nil {
		t.Fatal(err)
	}
	w, p := &workflow{}, &gitlabCI{}
	for file, into := range map[string]any{"github/nudge.yml": w, "gitlab/gitlab-ci.yml": p} {
		if err := decodePipeline(file, into); err != nil {
			t.Fatal(err)
		}
	}
	for provider, jobs := range map[string][]string{"github": slices.Sorted(maps.Keys(w.Jobs)), "gitlab": slices.Sorted(maps.Keys(p.Jobs))} {
		if len(jobs) < 5 {
			t.Errorf("%s has the jobs %v", provider, jobs)
		}
		for _, job := range jobs {
			if !strings.Contains(string(script), "\nci "+provider+" "+job+"\n") {
				t.Errorf("the script does not run the job %s of %s", job, provider)
			}
		}
	}
}
