package appmessaging

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// canary is found wherever a secret gets out.
const canary = "canary-5f1e"

// No way of printing, logging or encoding anything that holds a secret shows it.
func TestSecretsAreNeverShown(t *testing.T) {
	config := Config{BaseURL: "https://api.comapi.com", PathPrefix: "/cpaas", Token: canary}
	hook := Webhook{Secrets: []Secret{canary, "older-" + canary}}
	client, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	basic := config
	basic.Token, basic.User, basic.Password = "", "joe", canary
	var out bytes.Buffer
	for _, v := range []any{Secret(canary), config, &config, basic, &basic, hook, &hook, client} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t", "%10.3s"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
		if asJSON, err := json.Marshal(v); err == nil {
			out.Write(asJSON)
		}
		if asYAML, err := yaml.Marshal(v); err == nil {
			out.Write(asYAML)
		}
	}
	for _, line := range strings.Split(out.String(), "\n") {
		for _, form := range []string{canary, fmt.Sprintf("%x", canary), strings.ToUpper(canary)} {
			if strings.Contains(line, form) {
				t.Errorf("shows a secret: %s", line)
			}
		}
	}
	if string(Secret(canary)) != canary {
		t.Error("the text of a secret cannot be had")
	}
}

// A provider that repeats what it was given does not make results and errors tell it.
func TestSecretsAreRedacted(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, `{"message":"no: %s %s"}`, r.Header.Get("Authorization"), password)
	}))
	defer server.Close()
	for _, change := range []func(*Config){
		func(c *Config) { c.Token = canary },
		func(c *Config) { c.Token, c.User, c.Password = "", "joe", canary },
	} {
		c := newClient(t, server.URL, change)
		said := c.Send(t.Context(), hello()).Reason
		for _, r := range c.SendBatch(t.Context(), people(2)) {
			said += r.Reason
		}
		_, err := c.Ask(t.Context(), "m1")
		said += err.Error()
		if strings.Contains(said, canary) || strings.Contains(said, "am9lOmNhbmFyeS01ZjFl") {
			t.Errorf("shows a secret: %s", said)
		}
		if !strings.Contains(said, "[redacted]") {
			t.Errorf("got %s, want it to tell that something was left out", said)
		}
	}
}
