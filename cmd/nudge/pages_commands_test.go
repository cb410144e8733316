package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"nudge/client"
	"nudge/docs/pagetest"
)

// foreign are the commands of the pages that are of other programs, as they stand there.
var foreign = []string{
	"export NUDGE_SERVER=http://127.0.0.1:8080 NUDGE_TOKEN=…", "journalctl -u nudge -n 50", "dmesg | tail", "iostat -x 1",
	"df -h /var/lib/nudge", "systemctl reload nudge", "diff -r active proposed", "cd editors/vscode", "npm ci && npm run package", "npm ci",
	"cd shop", `export PATH="$PWD:$PATH"`, "export COMAPI_TOKEN=local-token COMAPI_SECRET=local-secret",
	"npm test", "npm run check", "npm run package", "code --install-extension nudge.vsix", "promtool test rules docs/monitoring/alerts_test.yaml",
	"mv data/nudge.db damaged.db", "mv repaired.db data/nudge.db", "./test.sh", "./test.sh fuzz 15m", "go build -o nudge ./cmd/nudge",
	"benchstat docs/performance/benchmarks.txt new.txt",
	"openssl x509 -noout -enddate -in /etc/nudge/tls/fullchain.pem", "journalctl -u nudge | grep certificate", "journalctl -u nudge | grep clock", "journalctl -u nudge | grep partition", "journalctl -u nudge | grep lease",
	"journalctl -u nudge | grep stranger", "timedatectl", "systemctl status nudge-copy", "ls -l /backups/warm",
	"editor /etc/nudge/environment", "editor /etc/nudge/nudge.yaml", "systemctl enable --now nudge",
	"examples/cluster/run.sh", "cd examples/cluster", "mkdir -m 700 secrets", "cp .env.example .env", "editor .env", "docker compose up -d", "docker compose --profile sandbox up -d", "docker compose ps",
	"docker build -f packaging/image/Dockerfile -t nudge .", "openssl rand -hex 24 | tr -d '\\n' >secrets/postgres_password",
	`printf 'postgres:5432:nudge:nudge:%s' "$(cat secrets/postgres_password)" >secrets/pgpass`, "chmod 444 secrets/*", "kill -9 PROCESS",
	"helm install nudge packaging/helm/nudge --set secret=nudge",
	"docker run -v ./shop:/etc/nudge:ro -v nudge:/var/lib/nudge -p 127.0.0.1:8080:8080 --env-file secrets nudge:v1.2.3",
}

var (
	besideCommand = regexp.MustCompile(`(?m)(?:^|  +)# .*$`)
	nudgeCommand  = regexp.MustCompile(`^(?:[A-Z_]+=\S+ )*(?:go run (?:-v )?)?(?:\.{0,2}/)*(?:cmd/)?nudge (.*)$`)
	curlURL       = regexp.MustCompile(`(?:\$NUDGE_SERVER|https?://[\w.:-]+)(/[^\s'"?]*)`)
	curlMethod    = regexp.MustCompile(`-X ([A-Z]+)`)
	curlBody      = regexp.MustCompile(`(?s)(?:-d|--json) '([^']*)'`)
	curlFlag      = regexp.MustCompile(` (--?[A-Za-z][a-z-]*)`)
	quoted        = regexp.MustCompile(`'[^']*'|"[^"]*"`)
	newFlag       = regexp.MustCompile(`flag\.\w+\((?:&\w+, )?"([\w-]+)"`)
)

// holdCommands parses every command of a block, up to its arguments.
func (h *holder) holdCommands(b pagetest.Block) error {
	var errs []error
	for _, command := range commandsOf(b) {
		if err := h.holdCommand(command); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", command, err))
		}
	}
	return errors.Join(errs...)
}

// commandsOf are the commands of a block, without its comments and without output.
func commandsOf(b pagetest.Block) (commands []string) {
	text := strings.ReplaceAll(b.Text, "\\\n", " ")
	open := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if open == "" && b.Language == "console" && !strings.HasPrefix(line, "$ ") {
			continue
		}
		line = open + strings.TrimPrefix(line, "$ ")
		if open = ""; strings.Count(line, "'")%2 == 1 && !strings.Contains(line, "  # ") {
			open = line + " " // a quote that goes on in the next line
			continue
		}
		if line = strings.TrimSpace(besideCommand.ReplaceAllString(line, "")); line != "" {
			commands = append(commands, line)
		}
	}
	return commands
}

func (h *holder) holdCommand(command string) error {
	if m := nudgeCommand.FindStringSubmatch(command); m != nil {
		m[1], _, _ = strings.Cut(m[1], " && ")
		return quotedCommand{command, "block", m[1]}.check()
	}
	switch {
	case strings.HasPrefix(command, "curl "):
		return h.holdCurl(command)
	case strings.HasPrefix(command, "go test "):
		return holdGoTest(command)
	case strings.HasPrefix(command, "promtool "):
		if _, err := os.Stat(root + command[strings.LastIndex(command, " ")+1:]); err != nil {
			return err
		}
	}
	if !slices.Contains(foreign, command) {
		return errors.New("nothing holds this command; list it in pages_commands_test.go")
	}
	return nil
}

// holdCurl finds the route of a call, and decodes its body as strictly as the server does.
func (h *holder) holdCurl(command string) error {
	for _, m := range curlFlag.FindAllStringSubmatch(quoted.ReplaceAllString(command, ""), -1) {
		if !slices.Contains([]string{"-H", "-X", "-d", "--json", "-i", "-s"}, m[1]) {
			return fmt.Errorf("it has the flag %s, which no page needs", m[1])
		}
	}
	url := curlURL.FindStringSubmatch(command)
	if url == nil {
		return errors.New("it has no address of a server")
	}
	method, body := "GET", curlBody.FindStringSubmatch(command)
	if body != nil {
		method = "POST"
	}
	if m := curlMethod.FindStringSubmatch(command); m != nil {
		method = m[1]
	}
	if !slices.ContainsFunc(h.routes, func(r string) bool { return sameRoute(r, method+" "+url[1]) }) {
		return fmt.Errorf("there is no route %s %s", method, url[1])
	}
	if body == nil {
		return nil
	}
	if strings.Contains(command, " -d ") && !strings.Contains(command, "application/json") {
		return errors.New("without a type of JSON the server answers 415; use --json")
	}
	into := map[string]any{"POST /v1/events": &client.Event{}, "PUT /v1/outbound": &client.Outbound{}}[method+" "+url[1]]
	if into == nil {
		return fmt.Errorf("nobody knows what %s %s takes; add it to holdCurl", method, url[1])
	}
	d := json.NewDecoder(strings.NewReader(body[1]))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// sameRoute reports whether a request is one of a route, whose path may have names in braces.
func sameRoute(route, request string) bool {
	want, got := strings.Split(route, "/"), strings.Split(request, "/")
	return len(want) == len(got) && !slices.ContainsFunc(want, func(part string) bool {
		i := slices.Index(want, part)
		return part != got[i] && !strings.HasPrefix(part, "{")
	})
}

// readRoutes are the routes of the API, those without a description too.
func readRoutes() ([]string, error) {
	text, err := os.ReadFile(root + "docs/openapi.json")
	if err != nil {
		return nil, err
	}
	var document struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	routes := []string{"GET /-/healthy", "GET /-/ready", "POST /webhooks/comapi"}
	for path, methods := range document.Paths {
		for method := range methods {
			routes = append(routes, strings.ToUpper(method)+" "+path)
		}
	}
	return routes, nil
}

// goTestFlags are flags of go test itself; those with a value are true.
var goTestFlags = map[string]bool{"-run": true, "-bench": true, "-benchtime": true, "-count": true, "-timeout": true, "-v": false, "-tags": true, "-cpuprofile": true, "-update": false}

// holdGoTest finds the packages of a go test command, its tests and its flags.
func holdGoTest(command string) error {
	command, _, _ = strings.Cut(command, " > ")
	var folders, given []string
	values := map[string]string{}
	for words := shellWords(command)[2:]; len(words) > 0; words = words[1:] {
		word := words[0]
		switch {
		case word == ".", strings.HasPrefix(word, "./"):
			folders = append(folders, path.Clean(strings.TrimSuffix(word, "/...")))
		case strings.HasPrefix(word, "-"):
			given = append(given, word)
			if len(words) > 1 && !strings.HasPrefix(words[1], "-") && !strings.HasPrefix(words[1], "./") {
				values[word] = strings.Trim(words[1], "'")
				words = words[1:]
			}
		default:
			return fmt.Errorf("it has an argument %s", word)
		}
	}
	if len(folders) == 0 {
		return errors.New("it names no package")
	}
	text, err := testsOf(folders)
	if err != nil {
		return err
	}
	for _, name := range given {
		takes, known := goTestFlags[name]
		if known && takes && values[name] == "" {
			return fmt.Errorf("%s has no value", name)
		}
		if !known && !slices.ContainsFunc(newFlag.FindAllStringSubmatch(text, -1), func(m []string) bool { return "-"+m[1] == name }) {
			return fmt.Errorf("its tests have no flag %s", name)
		}
	}
	for name, kind := range map[string]string{"-run": "(?:Test|Example|Fuzz)", "-bench": "Benchmark"} {
		form := values[name]
		if form == "" || form == "^$" {
			continue
		}
		if !matchesSome(form, kind, text) {
			return fmt.Errorf("%s %s: there is no such test", name, form)
		}
	}
	return nil
}

// matchesSome reports whether each alternative of a pattern matches the name of a test.
func matchesSome(form, kind, text string) bool {
	names := regexp.MustCompile(`(?m)^func (`+kind+`\w*)\(`).FindAllStringSubmatch(text, -1)
	alternatives := []string{form}
	if !strings.ContainsAny(form, "(") {
		alternatives = strings.Split(form, "|")
	}
	for _, alternative := range alternatives {
		r, err := regexp.Compile(alternative)
		if err != nil || !slices.ContainsFunc(names, func(m []string) bool { return r.MatchString(m[1]) }) {
			return false
		}
	}
	return true
}

// testsOf is the text of all tests in folders.
func testsOf(folders []string) (string, error) {
	var text strings.Builder
	for _, folder := range folders {
		before := text.Len()
		files, err := fs.Glob(os.DirFS(filepath.Join(root, folder)), "*_test.go")
		if err != nil {
			return "", err
		}
		for _, file := range files {
			raw, err := os.ReadFile(filepath.Join(root, folder, file))
			if err != nil {
				return "", err
			}
			text.Write(raw)
		}
		if text.Len() == before {
			return "", fmt.Errorf("./%s has no tests", folder)
		}
	}
	return text.String(), nil
}
