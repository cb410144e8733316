package app

import (
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"nudge/channels/appmessaging"
	"nudge/flows"
	"nudge/lang/node"
)

// maxSenders is the largest `senders` of an account; a larger one is a mistake of the settings.
const maxSenders = 4096

// accounts reads the single account or all accounts, the default one first.
func (r *reader) accounts() []Account {
	if r.top.Has("account") && r.top.Has("accounts") {
		r.top.Errorf("accounts", node.CodeBadValue, "move it to accounts, with a name", "there is an account beside accounts")
		return nil
	}
	if m := r.top.Child("account"); m != nil {
		return []Account{r.account("", m)}
	}
	m := r.top.Child("accounts")
	if m == nil {
		return nil
	}
	var all []Account
	for _, e := range m.Entries() {
		if e.Key.Value != flows.DefaultAccountKey {
			all = append(all, r.account(e.Key.Value, e.Value.Map()))
		}
	}
	return r.defaultFirst(m, all)
}

// defaultFirst puts the default account before the others.
func (r *reader) defaultFirst(m *node.Map, all []Account) []Account {
	if !m.Has(flows.DefaultAccountKey) {
		if len(all) != 1 {
			m.Errorf("", flows.CodeMissingKey, "for example default: main", "accounts does not say which of them is the default")
		}
		return all
	}
	name := r.str(m.Text(flows.DefaultAccountKey))
	i := slices.IndexFunc(all, func(a Account) bool { return a.Name == name })
	if i < 0 {
		m.Errorf(flows.DefaultAccountKey, node.CodeBadValue, "name one of those below it", "there is no account %q", name)
		return all
	}
	first := all[i]
	return slices.Insert(slices.Delete(all, i, i+1), 0, first)
}

// account reads one account. The channel checks it; account reports each mistake at its
// key.
func (r *reader) account(name string, m *node.Map) Account {
	if m == nil { // not a mapping; this is already reported
		return Account{Name: name}
	}
	before := len(r.list)
	a := Account{Name: name, Config: appmessaging.Config{
		BaseURL: r.str(m.Text("url")), PathPrefix: r.str(m.Text("path")), Token: r.secret(m, "token"),
		User: r.str(m.Text("user")), Password: r.secret(m, "password"), Timeout: m.Duration("timeout"),
	}}
	a.Senders = r.number(m, "senders", maxSenders, "leave it out for 64")
	a.Batch = r.number(m, "batch", appmessaging.MaxBatch, "leave it out for 500")
	a.Rate = flows.ReadRate(m.Text("rate"), &r.list)
	a.ByID = r.correlatesByID(m)
	a.Verify = m.Bool("verify_unread")
	hooks := m.Child("webhooks")
	a.Secrets = r.secrets(hooks)
	hooks.Close()
	a.Concurrency = a.Senders
	m.Close()
	if len(r.list) > before {
		return a
	}
	if client, err := appmessaging.New(a.Config); err != nil {
		key, text := inWordsOfSettings(Plain(err))
		m.Errorf(key, node.CodeBadValue, "", "%s", text)
	} else {
		client.Close()
	}
	return a
}

// correlatesByID reads how the account matches receipts to messages.
func (r *reader) correlatesByID(m *node.Map) bool {
	by := m.Text("correlate")
	switch words := r.str(by); words {
	case "", "metadata":
	case "id":
		return true
	default:
		m.Errorf("correlate", node.CodeBadValue, "allowed here: metadata, id", "correlate cannot be %q", words)
	}
	return false
}

// number reads a number that is at least 1. It returns 0 if there is none.
func (r *reader) number(m *node.Map, key string, most int, hint string) int {
	if !m.Has(key) {
		return 0
	}
	n := m.Int(key)
	if n < 1 || n > most {
		m.Errorf(key, node.CodeBadValue, hint, "%s must be 1 to %d", key, most)
	}
	return n
}

// maxSecretFile is how many bytes of a secret file are read; the rest is left out.
const maxSecretFile = 64 << 10

// secret reads a secret, from its key or from a file that KEY_file names. The line break
// at the end of the file does not belong to the secret.
func (r *reader) secret(m *node.Map, key string) appmessaging.Secret {
	file := key + "_file"
	here, path := r.str(m.Text(key)), r.str(m.Text(file))
	if path == "" {
		if n := len(here); n > 0 && n < minSecret {
			m.Errorf(key, node.CodeBadValue, "", "%s must have %d characters or more", key, minSecret)
		}
		return appmessaging.Secret(here)
	}
	if m.Has(key) {
		m.Errorf(file, node.CodeBadValue, "leave one of them out", "%s stands beside %s", file, key)
	}
	text, err := readSmall(path, maxSecretFile)
	secret := strings.TrimRight(text, "\r\n")
	switch {
	case err != nil:
		m.Errorf(file, node.CodeBadValue, "", "%s cannot be read: %s", file, errors.Unwrap(err))
	case secret == "":
		m.Errorf(file, node.CodeEmpty, "", "the file %s is empty", path)
	case len(secret) < minSecret:
		m.Errorf(file, node.CodeBadValue, "", "the file %s must have %d characters or more", path, minSecret)
	}
	return appmessaging.Secret(secret)
}

// readSmall reads a file, but at most limit bytes of it.
func readSmall(path string, limit int64) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, limit))
	return string(text), err
}

// accountKeys has the channel's fields and the keys that set them.
var accountKeys = []struct{ field, key string }{
	{"BaseURL", "url"}, {"PathPrefix", "path"}, {"Password", "password"}, {"Token", "token"}, {"User", "user"},
}

// inWordsOfSettings replaces the fields in a text with their keys. It also returns the key
// at the beginning of the text.
func inWordsOfSettings(text string) (key, said string) {
	var pairs []string
	for _, k := range accountKeys {
		pairs = append(pairs, k.field, k.key)
		if key == "" && strings.HasPrefix(text, k.field) {
			key = k.key
		}
	}
	return key, strings.NewReplacer(pairs...).Replace(text)
}
