//go:build unix

package main

import (
	"compress/gzip"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"nudge/client"
	"nudge/store"
	"nudge/store/bolt"
)

var update = flag.Bool("update", false, "rewrite the expected output in the scripts")

func TestMain(m *testing.M) {
	testscript.Main(tidy{m}, map[string]func(){
		"nudge": main,
		"http":  httpMain,
		"edit":  editMain,
	})
}

// TestScripts runs the command lines of testdata/script. Beside the usual commands
// they have:
//
//	freeport NAME              sets $NAME to an address that is free
//	daemon NAME ARGS...        starts nudge with the arguments and waits until it is
//	                           ready; $NAME_api and so on have the addresses it says
//	signal NAME HUP|USR1|KILL  sends a signal
//	end NAME [CODE]            interrupts it and waits; it must exit with the code, 0
//	                           by default; NAME.out and NAME.err have what it said
//	await PATTERN PROGRAM ...  runs nudge or http until its output matches
//	example NAME DIR           copies an example
//	oldstore DIR               makes a data folder with a store of the oldest format that is upgraded
//	certificate CERT KEY       writes a certificate for 127.0.0.1 and its key
//	runid NAME ARGS...         sets $NAME to the newest run that runs list finds
//	damage DATA_DIR RUN|state  flips a bit of a record in a stopped server's store
//	campaignid NAME FLOW       sets $NAME to the newest campaign of the flow
//	code CODE ARGS...          runs nudge, which must exit with the code; out and err
//	                           have what it said
//	forge NAME                 plays GitHub and GitLab, and sets $NAME to its address; see forge
//	ci github|gitlab JOB       runs a job of our pipelines; out and err have what it said
//	comments PATTERN [drop]    holds that our comment on the pull request has the pattern
//	http METHOD URL            see httpMain; a program
//	edit DIR SCRIPT            see editMain; a program
func TestScripts(t *testing.T) {
	refuseStop(t)
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			// The race detector would let every process sleep for a second at its end.
			env.Vars = append(env.Vars, "GORACE=atexit_sleep_ms=0")
			env.Vars = append(env.Vars, "NO_COLOR=1", "SECRET=hook-s3cret", "COMAPI_TOKEN=0ld-t0ken")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"freeport": freeport, "daemon": startDaemon, "signal": signalDaemon, "end": stopDaemon,
			"await": await, "example": copyExample, "oldstore": unzipStore, "code": runForCode, "runid": findRun,
			"ci": runPipeline, "forge": startForge, "comments": holdComments, "campaignid": findCampaign, "damage": damageRecord, "certificate": writeCertificate,
		},
	})
}

// refuseStop verifies that no line of a script begins with stop. That command of the
// script language ends the script successfully, so the lines below it would not run.
func refuseStop(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob("testdata/script/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if regexp.MustCompile(`(?m)^stop\b`).Match(text) {
			t.Errorf("%s: stop ends the script there; a daemon is ended by end NAME", file)
		}
	}
}

// freeport finds a port that nobody listens on.
func freeport(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv(args[0], l.Addr().String())
	ts.Check(l.Close())
}

// writeCertificate writes the certificate that the library has for tests.
func writeCertificate(ts *testscript.TestScript, _ bool, args []string) {
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS()
	defer s.Close()
	pair := s.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), 0o600))
}

func copyExample(ts *testscript.TestScript, _ bool, args []string) {
	wd, err := os.Getwd()
	ts.Check(err)
	ts.Check(os.CopyFS(ts.MkAbs(args[1]), os.DirFS(filepath.Join(wd, "..", "..", "examples", args[0]))))
}

func unzipStore(ts *testscript.TestScript, _ bool, args []string) {
	wd, err := os.Getwd()
	ts.Check(err)
	in, err := os.Open(filepath.Join(wd, "..", "..", "app", "testdata", fmt.Sprintf("format%d.db.gz", store.OldestFormat)))
	ts.Check(err)
	defer in.Close()
	z, err := gzip.NewReader(in)
	ts.Check(err)
	raw, err := io.ReadAll(z)
	ts.Check(err)
	ts.Check(os.MkdirAll(ts.MkAbs(args[0]), 0o700))
	ts.Check(os.WriteFile(filepath.Join(ts.MkAbs(args[0]), bolt.FileName), raw, 0o600))
}

func findRun(ts *testscript.TestScript, _ bool, args []string) {
	out, err := command(ts, append([]string{"runs", "list", "-o", "json", "--limit", "1"}, args[1:]...)...).Output()
	ts.Check(err)
	var page client.RunPage
	ts.Check(json.Unmarshal(out, &page))
	if len(page.Runs) == 0 {
		ts.Fatalf("there is no run")
	}
	ts.Setenv(args[0], page.Runs[0].ID)
}

func findCampaign(ts *testscript.TestScript, _ bool, args []string) {
	out, err := command(ts, "campaigns", "list", "-o", "json", "--limit", "1", "--flow", args[1]).Output()
	ts.Check(err)
	var page client.CampaignPage
	ts.Check(json.Unmarshal(out, &page))
	if len(page.Campaigns) == 0 {
		ts.Fatalf("there is no campaign of %s", args[1])
	}
	ts.Setenv(args[0], page.Campaigns[0].ID)
}

// await runs a program again and again: a command line has no other way to learn that
// something has happened in another process.
func await(ts *testscript.TestScript, _ bool, args []string) {
	pattern := regexp.MustCompile(args[0])
	var out string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		said, err := program(ts, args[1], args[2:]...).CombinedOutput()
		if out = string(said); err == nil && pattern.MatchString(out) {
			return
		}
	}
	ts.Fatalf("%v never said %s; at last it said\n%s", args[1:], args[0], out)
}
