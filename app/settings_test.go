package app

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nudge/channels/appmessaging"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/server"
)

func env(name string) (string, bool) {
	value, ok := map[string]string{"TOKEN": "t0ken-t0ken", "EMPTY": "", "PORT": "9090"}[name]
	return value, ok
}

func TestSettings(t *testing.T) {
	s, list := AllSettings(env)(`
account: { url: "https://api.comapi.com", path: /apispaces/1a2b, token: "${TOKEN}", senders: 8, batch: 20, rate: 90/m, correlate: id, verify_unread: true, timeout: 140s, webhooks: { secrets: the-third } }
webhooks: { secrets: [ the-first, "$${second}" ] }
listen: 127.0.0.1:${PORT}
tokens: [ "${ABSENT:-developer}", "x${TOKEN}x" ]
data_dir: /var/lib/nudge
retention: { runs: 2w1d, journal: "${KEEP:-30d}", versions: 400d }
preferences: { public_url: "https://shop.example/me", listen: ":8091", secrets: [ "new-new-new-new-new-new-new-new-new", "old-old-old-old-old-old-old-old-old" ], expires: 30d, names: { orders: Orders, news: { en: News, de: Neues } } }
tls: { certificate: "tls/${CERT:-cert}.pem", key: /etc/key.pem }
limits: { connections: 100, connections_per_address: 10, unproven_bytes: 1048576, body_patience: 5s, body_rate: 1024, free_bytes: 4096 }
outbound: { only: [ bob, ann ] }
people: { ann: reads after 5s }
fetch: { allow_private: [ 10.1.2.3/16, "${HOST:-billing.internal}" ] }
clock: { speed: 500 }
`)
	if len(list) > 0 {
		t.Fatal(list.Error())
	}
	if a := s.Accounts[0]; a.Token != "t0ken-t0ken" || a.Senders != 8 || a.Concurrency != 8 || a.Batch != 20 || a.Rate != (flows.Rate{Messages: 90, Per: time.Minute}) || a.Timeout != 140*time.Second || !a.ByID || !a.Verify {
		t.Errorf("account is %+v", a)
	}
	if !slices.Equal(s.Secrets, []appmessaging.Secret{"the-first", "${second}", "the-third"}) || !reflect.DeepEqual(s.Tokens, []server.Token{server.NewToken("token 1", "developer"), server.NewToken("token 2", "xt0ken-t0kenx")}) {
		t.Errorf("secrets are %q, tokens %+v", s.Secrets, s.Tokens)
	}
	if s.Listen.API != "127.0.0.1:9090" || s.DataDir != "/var/lib/nudge" || s.Speed != 500 {
		t.Errorf("settings are %+v", s)
	}
	if s.Retained != (runner.Retention{Runs: 15 * day, Journal: 30 * day, Versions: 400 * day}) {
		t.Errorf("what is over is kept for %+v", s.Retained)
	}
	if want := (server.Limits{Connections: 100, PerAddress: 10, Unproven: 1 << 20, BodyPatience: 5 * time.Second, BodyRate: 1024, Free: 4096}); s.Limits != want {
		t.Errorf("limits are %+v, want %+v", s.Limits, want)
	}
	if tls := s.TLS.in("/shop"); tls != (TLSSettings{"/shop/tls/cert.pem", "/etc/key.pem"}) {
		t.Errorf("the certificate is %+v", tls)
	}
	if len(s.Fetch) != 2 || s.Fetch[0].String() != "10.1.0.0/16" || s.Fetch[1].String() != "billing.internal" {
		t.Errorf("what may be fetched is %v", s.Fetch)
	}
	if p := s.Preferences; p.PublicURL != "https://shop.example/me" || p.Listen != ":8091" || len(p.Secrets) != 2 || p.Expires != 30*day || p.Names["orders"][""] != "Orders" || p.Names["news"]["de"] != "Neues" {
		t.Errorf("preferences are %+v", p)
	}
	if s.Outbound.Outbound != engine.OutboundOnly || len(s.Outbound.Only) != 2 || len(s.People["ann"]) == 0 {
		t.Errorf("outbound is %+v, people are %v", s.Outbound, s.People)
	}
}

// TestSettingsOfAccounts verifies that the default account comes first, and that a token
// may be in a file.
func TestSettingsOfAccounts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("from-a-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, list := AllSettings(env)(`
accounts:
  default: orders
  main: { url: "https://api.comapi.com", path: /apispaces/1a2b, token: x2345678 }
  orders: { url: "https://r1-api.dotdigital.com", path: /cpaas, token_file: ` + file + ` }
`)
	if len(list) > 0 {
		t.Fatal(list.Error())
	}
	if a := s.Accounts; len(a) != 2 || a[0].Name != "orders" || a[0].Token != "from-a-file" || a[1].Name != "main" {
		t.Errorf("accounts are %+v", a)
	}
}

func TestSettingsOfAnEmptyFile(t *testing.T) {
	s, list := AllSettings(env)("")
	if len(list) > 0 || s.Accounts != nil || s.Listen.API != DefaultListen || s.DataDir != DefaultDataDir ||
		s.Outbound != nil || s.Speed != 1 || s.Retained != (runner.Retention{Runs: 90 * day}) {
		t.Errorf("settings are %+v, %v", s, list)
	}
}

func TestSettingsAreRefusedAtTheirPlace(t *testing.T) {
	const account = "account: { url: https://a.example, path: /cpaas, "
	for _, test := range []struct{ name, text, want string }{
		{"unset variable", "data_dir: a/${NOBODY}/b", "nudge.yaml:1:13: the environment variable NOBODY is not set"},
		{"bare dollar", "data_dir: a/$HOME", "nudge.yaml:1:13: a $ begins a variable here: ${NAME} (write $$ for a dollar)"},
		{"no name", "data_dir: ${}", "nudge.yaml:1:11: there is no variable's name in the braces"},
		{"empty variable", "data_dir: ${EMPTY}", "nudge.yaml:1:11: this is empty"},
		{"account without token", account + "}", "token is empty; want an access token, or user and password"},
		{"account with both", account + "token: x2345678, user: y, password: z2345678 }", "token excludes user and password"},
		{"account with a bad path", "account: { url: https://a.example, path: /v2, token: x2345678 }", `nudge.yaml:1:36: path "/v2": want /apispaces/{id}`},
		{"account with a bad url", "account: { url: a.example, path: /cpaas, token: x2345678 }", `nudge.yaml:1:12: url "a.example": want a scheme`},
		{"account with many senders", account + "token: x2345678, senders: 100000 }", "senders must be 1 to 4096"},
		{"account with a rate of nothing", account + "token: x2345678, rate: fast }", `"fast" is not a rate`},
		{"account with another correlation", account + "token: x2345678, correlate: name }", `correlate cannot be "name"`},
		{"account with large batches", account + "token: x2345678, batch: 5001 }", "batch must be 1 to 5000"},
		{"account with a file that is not there", account + "token_file: /nowhere/token }", "nudge.yaml:1:50: token_file cannot be read: no such file or directory"},
		{"account with a token twice", account + "token: x2345678, token_file: /dev/null }", "token_file stands beside token"},
		{"account beside accounts", account + "token: x2345678 }\naccounts: {}", "there is an account beside accounts"},
		{"accounts without a default", "accounts: { a: {}, b: {} }", "accounts does not say which of them is the default"},
		{"default that is none", "accounts: { default: c, a: {} }", `nudge.yaml:1:13: there is no account "c"`},
		{"one of the accounts is bad", "accounts: { a: { url: https://a.example, path: /v2, token: x2345678 } }", `nudge.yaml:1:42: path "/v2": want /apispaces/{id}`},
		{"account with an unknown key", account + "tokn: x }", `did you mean "token"?`},
		{"account that is text", "account: comapi", `account must be a mapping, not "comapi"`},
		{"webhooks with an unknown key", "webhooks: { secret: x }", `did you mean "secrets"?`},
		{"no secrets", "webhooks: { secrets: [] }", "secrets has no entry"},
		{"a port alone", "listen: 8080", `"8080" is not an address with a port`},
		{"open API", `listen: { api: ":8080" }`, "without tokens anybody there could send messages"},
		{"unknown mode", "outbound: off", `outbound cannot be "off"`},
		{"only nobody", "outbound: { onyl: [ann] }", `did you mean "only"?`},
		{"script", "people: { ann: sleeps }", `ann: script "sleeps": unknown "sleeps"`},
		{"a URL to fetch", "fetch: { allow_private: [ https://a.internal ] }", `"https://a.internal" is neither an address (10.0.0.7), a range`},
		{"nothing to fetch", "fetch: { allow_private: [] }", "allow_private has no entry"},
		{"fetch with an unknown key", "fetch: { allow: 10.0.0.0/8 }", "allow_private"},
		{"runs that go at once", "retention: { runs: 6d23h }", "nudge.yaml:1:14: runs must be 7d or longer"},
		{"a journal for a while", "retention: { journal: some }", "journal: "},
		{"retention with an unknown key", "retention: { run: 90d }", `did you mean "runs"?`},
		{"a token that can be guessed", "tokens: [ letmein ]", "tokens must have 8 characters or more"},
		{"a secret that can be guessed", "webhooks: { secrets: s3cret }", "secrets must have 8 characters or more"},
		{"a short token of an account", "account: { url: https://a.example, path: /cpaas, token: a }", "1:50: token must have 8 characters or more"},
		{"half a pair", "tls: { certificate: cert.pem }", "nudge.yaml:1:6: tls has no key"},
		{"a pair with another key", "tls: { certificate: cert.pem, key: key.pem, ca: x }", `nudge.yaml:1:45: `},
		{"no connections", "limits: { connections: 0 }", "connections must be 1 to 1000000"},
		{"no patience", "limits: { body_patience: 10ms }", "body_patience must be 1s to 1h"},
		{"an unknown limit", "limits: { body_size: 5 }", "body_size"},
		{"retention that is text", "retention: 90d", `retention must be a mapping, not "90d"`},
		{"speed", "clock: { speed: fast }", "speed must be a whole number"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, list := AllSettings(env)(test.text)
			if got := list.Error(); !strings.Contains(got, test.want) {
				t.Errorf("got %s\nwant %s", got, test.want)
			}
		})
	}
	if _, list := AllSettings(env)("listen: { api: 127.0.0.1:1, webhooks: 0.0.0.0:2 }"); list.HasErrors() {
		t.Errorf("webhooks may be open: %v", list)
	}
	if _, list := AllSettings(env)("listen: 0.0.0.0:1\ntokens: x2345678"); list.HasErrors() {
		t.Errorf("an API with tokens may be open: %v", list)
	}
}

// No error in the settings may reveal a secret.
func TestSettingsKeepSecrets(t *testing.T) {
	for _, text := range []string{
		"account: { url: https://a.example, path: /cpaas, token: hunter2, user: x }",
		"account: { url: https://u:hunter2@a.example, path: /cpaas, token: x2345678 }",
		"account: { url: https://a.example, path: /cpaas, token: \"hunter2 \" }",
		"tokens: hunter2\nlisten: x",
		"webhooks: { secrets: hunter2, x: y }",
	} {
		_, list := AllSettings(env)(text)
		if strings.Contains(list.Error(), "hunter2") {
			t.Errorf("%s\nis told as\n%s", text, list.Error())
		}
	}
}

func TestWithoutSecrets(t *testing.T) {
	const text = `project: x # tokens are below
account:
  token: hunter2#22
  password: "hunter 3"
  user: joe
webhooks: { secrets: [ ${SECRET}, hunter4 ], more: x }
tokens:
- ${TOKEN:-hunter5}
- "Bearer ${TOKEN}"
- ${hunter
- hunter5
- |
  hunter6: 7

endpoints:
  - { name: crm, secret: "whsec_hunter7", url: http://crm.example, types: [run.ended] }
  - { name: erp, secret: hunter8, token: hunter9,
      url: http://erp.example }
  - { name: odd, secret: "hunter"10", url: x }
  - secret: whsec_hunter11
    url: http://hr.example
    name: hr
listen: 127.0.0.1:80
`
	const want = `project: x # tokens are below
account:
  token: **********
  password: "****** *"
  user: joe
webhooks: { secrets: [ ${SECRET}, ******* ], ***** * }
tokens:
- ${TOKEN:-*******}
- "****** ${TOKEN}"
- *{******
- *******
- |
  ******** *

endpoints:
  - { name: crm, secret: "*************", url: http://crm.example, types: [run.ended] }
  - { name: erp, secret: *******, token: *******,
      url: http://erp.example }
  - { name: odd, secret: "******"**", **** * }
  - secret: **************
    url: http://hr.example
    name: hr
listen: 127.0.0.1:80
`
	if got := withoutSecrets(text); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A key of nudge.yaml is either for the flows, and is deployed, or for the server, and may
// be secret. A new key must be assigned to one side.
func TestEveryKeyHasItsSide(t *testing.T) {
	flowKeys := []string{
		"project", "timezone", "profile", "events", "categories", "from", "on_unknown", "merge_fields", "locale",
	}
	_, list := flows.Load(fstest.MapFS{"nudge.yaml": {Data: []byte("no_such_key: 1\n")}})
	_, allowed, _ := strings.Cut(list[0].Hint, "allowed here: ")
	known := strings.Split(allowed, ", ")
	slices.Sort(known)
	if want := slices.Sorted(slices.Values(slices.Concat(flowKeys, servingKeys))); !slices.Equal(known, want) {
		t.Errorf("the keys of nudge.yaml are\n%q, here they are\n%q", known, want)
	}
}
