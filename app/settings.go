package app

import (
	"cmp"
	"slices"

	"nudge/channels/appmessaging"
	"nudge/engine"
	"nudge/flows"
	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/runner"
	"nudge/runner/fetch"
	"nudge/runner/notify"
	"nudge/sandbox/people"
	"nudge/server"
)

// Settings are the keys of nudge.yaml that concern the server and not the flows:
//
//	account:                  # required by nudge serve and nudge send
//	  url: https://api.comapi.com
//	  path: /apispaces/0f8a…  # or /cpaas
//	  token: ${COMAPI_TOKEN}  # or user and password
//	  senders: 64             # requests under way at the same time
//	  batch: 500              # messages in one request, when many wait
//	  rate: 100/s
//	  timeout: 130s
//	accounts:                 # instead, if there are several
//	  default: main           # carries the messages of flows that name none
//	  main: { … }             # as account, and also webhooks
//	  orders: { … }
//	webhooks:
//	  secrets: [ "${COMAPI_SECRET}" ]
//	  profiles: true          # update stored profiles from webhooks
//	  max_body: 10485760      # bytes; default 4 MiB
//	  url: https://…          # this key and the next ones are for nudge webhooks register
//	  name: nudge shop
//	  batch: 500              # events in one request
//	  batch_timeout: 1s
//	listen: 127.0.0.1:8080    # or { api: …, webhooks: … }
//	tls: { certificate: fullchain.pem, key: key.pem }   # of all listeners; relative to the project
//	tokens: [ "${NUDGE_TOKEN}" ]   # or { name: shop, token: "${SHOP}", scopes: [events], expires: 2027-01-31 }
//	forgotten_list: /backups/forgotten.list  # gets a line for everybody who is forgotten
//	tokens_file: tokens.yaml  # more of them, as hashes; relative to the project
//	cors: [ "https://shop.example" ]   # pages of these origins may send events
//	deploys:                  # by the API
//	  second_person: true     # somebody proposes each, and somebody else approves it
//	preferences:              # the page on which people choose what they get
//	  public_url: https://shop.example   # under which they reach it
//	  listen: 127.0.0.1:8091
//	  secrets: [ "${NUDGE_PREFERENCES_SECRET}" ]   # that sign the links, the newest first
//	  expires: 400d           # of a link, from its message on
//	  names: { orders: Orders, news: { en: News, de: Neues } }
//	endpoints:                # other systems that get notices of what happens
//	  - { name: crm, url: https://…, secret: "${CRM_SECRET}", events: [run.ended] }
//	targets:                  # other servers that this project is deployed to; see Targets
//	  staging: { url: https://…, token: "${STAGING_TOKEN}" }
//	  production: { url: https://…, token: "${NUDGE_TOKEN}", propose: true }
//	data_dir: data            # relative to the project
//	store: postgres://…       # in place of files in the data folder
//	cluster: { name: a }      # this node, of several with one store
//	retention:                # how long old data is kept; never: drop nothing
//	  runs: 90d               # ended runs
//	  journal: never          # inputs
//	  versions: never         # versions of flows that were replaced
//	limits:                   # of what requests can make the server hold
//	  connections: 4096       # on each listener
//	fetch:                    # private addresses that fetch steps may ask
//	  allow_private: [ 10.1.0.0/16, billing.internal, .example.internal ]
//	outbound: live            # or hold, or { only: [ann, bob] }
//	people:                   # of the sandbox, in nudge dev
//	  ann: reads after 3s
//	clock: { speed: 500 }     # for load and crash tests only
//
// Their texts may hold ${NAME}, ${NAME:-default} and $$; see expand.
type Settings struct {
	Accounts []Account // the default one first; empty: the file has none
	Webhooks WebhookSettings
	Secrets  []appmessaging.Secret // for the webhooks of all accounts; none: webhooks are off
	Listen   Addresses
	TLS      *TLSSettings // nil: the listeners speak HTTP without TLS
	Limits   server.Limits
	Tokens   []server.Token
	// ForgottenList is a file that gets a line for everybody who is forgotten, which a restore of a backup reads; empty: none. A
	// relative path begins at the project.
	ForgottenList string
	// TokensFile has more tokens; empty: none. A relative path begins at the project.
	TokensFile string
	Origins    []string // whose pages may send events
	// SecondPerson says that every deploy by the API is proposed by one person and approved by another.
	SecondPerson bool
	Endpoints    []notify.Endpoint
	Preferences  *PreferenceSettings // nil: there is no page
	DataDir      string
	Fetch        []fetch.Allowed
	Retained     runner.Retention
	Outbound     *engine.Control // nil: keep the mode of the store
	People       map[string]people.Script
	Speed        float64 // of the clock; 1 is real time
	// Partitions is into how many partitions a new store is divided; 0: the file says nothing.
	Partitions int
	// Store is the URL of the database that has the store; empty: it is in files of the data folder.
	Store   string
	Cluster ClusterSettings // of a store in a database
}

// servingKeys are the keys of nudge.yaml that contain settings.
var servingKeys = []string{
	"account", "accounts", "clock", "cluster", "cors", "data_dir", "deploys", "endpoints", "fetch", "forgotten_list", "limits", "listen", "outbound", "partitions", "people", "preferences", "retention", "store", "targets", "tls", "tokens", "tokens_file", "webhooks",
}

// Account is a connection to the provider that messages go through.
type Account struct {
	appmessaging.Config
	Name    string // empty for a single account
	Senders int    // 0: the default of the runner
	Rate    flows.Rate
	ByID    bool                  // correlate: id
	Verify  bool                  // verify_unread
	Secrets []appmessaging.Secret // for its webhooks, in addition to those for all accounts
}

// Addresses are the addresses that the server listens on.
type Addresses struct {
	API      string
	Webhooks string // a second listener that serves only webhooks; empty: none
}

const (
	DefaultListen  = "127.0.0.1:8080"
	DefaultDataDir = "data"
	maxSpeed       = 1_000_000 // the largest `clock.speed`; a larger one is a mistake of the settings
)

// SettingsReader reads the settings that a verb needs from the text of nudge.yaml.
type SettingsReader func(text string) (Settings, diag.List)

// Environment looks up a variable.
type Environment func(name string) (string, bool)

// AllSettings reads all settings, for a verb that talks to the provider. The returned list
// may repeat mistakes that flows.Load reports in the same file.
func AllSettings(env Environment) SettingsReader {
	return func(text string) (Settings, diag.List) {
		r := newReader(text, env)
		s := Settings{
			Accounts: r.accounts(),
			Webhooks: r.webhooks(r.top.Child("webhooks")),
			Tokens:   r.tokens(r.top.Get("tokens")),
			Origins:  r.origins(r.top.Get("cors")),

			SecondPerson: r.secondPerson(r.top.Child("deploys")),

			Endpoints:   r.endpoints(r.top.List("endpoints")),
			Preferences: r.preferences(r.top.Child("preferences")),
			DataDir:     cmp.Or(r.str(r.top.Text("data_dir")), DefaultDataDir),
			Fetch:       r.fetch(r.top.Child("fetch")),
			TLS:         r.tls(r.top.Child("tls")),
			Limits:      r.limits(r.top.Child("limits")),
			Retained:    r.retention(r.top.Child("retention")),
			Outbound:    r.outbound(r.top.Get("outbound")),
			People:      r.people(r.top.Child("people")),
			Speed:       r.clock(r.top.Child("clock")),
			Partitions:  r.partitions(),
			Store:       r.store(),
			Cluster:     r.cluster(r.top.Child("cluster")),
		}
		s.Secrets = slices.Clone(s.Webhooks.Secrets)
		for _, a := range s.Accounts {
			s.Secrets = append(s.Secrets, a.Secrets...)
		}
		if r.top.Has("forgotten_list") {
			s.ForgottenList = r.str(r.top.Text("forgotten_list"))
		}
		if r.top.Has("tokens_file") {
			s.TokensFile = r.str(r.top.Text("tokens_file"))
		}
		r.targets(r.top.Child("targets")) // for their mistakes
		s.Listen = r.listen(r.top.Get("listen"), r.top.Has("tokens") || r.top.Has("tokens_file"))
		return s, r.list
	}
}

// LocalSettings reads only the settings that matter with a sandbox as the provider. So a
// user can try a project without its secrets.
func LocalSettings(env Environment) SettingsReader {
	return func(text string) (Settings, diag.List) {
		r := newReader(text, env)
		return Settings{People: r.people(r.top.Child("people")), Fetch: r.fetch(r.top.Child("fetch")), Speed: 1,
			Preferences: r.localPreferences(r.top.Child("preferences")), Partitions: r.partitions()}, r.list
	}
}

// reader reads settings. It adds mistakes to its list.
type reader struct {
	top  *node.Map
	env  Environment
	list diag.List
}

func newReader(text string, env Environment) *reader {
	r := &reader{env: env}
	r.top = node.Parse(flows.ProjectFile, []byte(text), &r.list)
	return r
}

func (r *reader) outbound(v *node.Value) *engine.Control {
	if v == nil {
		return nil
	}
	if v.IsMap() {
		m := v.Map()
		if !m.Has("only") {
			m.Errorf("only", flows.CodeMissingKey, "for example outbound: { only: [ann] }", "outbound names nobody")
		}
		only := r.texts(m.Get("only"), "only")
		m.Close()
		return &engine.Control{Outbound: engine.OutboundOnly, Only: only}
	}
	text := r.str(v.Text())
	mode, err := engine.ParseOutbound(text)
	if text != "" && (err != nil || mode == engine.OutboundOnly) {
		v.Errorf(node.CodeBadValue, "allowed here: live, hold, { only: [profiles] }", "outbound cannot be %q", text)
		return nil
	}
	return &engine.Control{Outbound: mode}
}

func (r *reader) people(m *node.Map) map[string]people.Script {
	scripts := map[string]people.Script{}
	for _, e := range m.Entries() {
		text := r.str(e.Value.Text())
		if text == "" {
			continue
		}
		script, err := people.ParseScript(text)
		if err != nil {
			e.Value.Errorf(node.CodeBadValue, "", "%s: %v", e.Key.Value, err)
			continue
		}
		scripts[e.Key.Value] = script
	}
	return scripts
}

func (r *reader) partitions() int {
	if !r.top.Has("partitions") {
		return 0
	}
	n := r.top.Int("partitions")
	if err := (engine.Partition{Of: n}).Check(); err != nil || n < 1 {
		r.top.Errorf("partitions", node.CodeBadValue, "a power of two", "partitions must be 1, 2, 4, 8 and so on up to %d", engine.MaxPartitions)
		return 0
	}
	return n
}

func (r *reader) clock(m *node.Map) float64 {
	speed := 1
	if m.Has("speed") {
		speed = m.Int("speed")
		if speed < 1 || speed > maxSpeed {
			m.Errorf("speed", node.CodeBadValue, "1 is real time", "speed must be 1 to %d", maxSpeed)
		}
	}
	m.Close()
	return float64(speed)
}
