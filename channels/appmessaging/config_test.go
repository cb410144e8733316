package appmessaging

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestNewNamesTheWrongField(t *testing.T) {
	for _, test := range []struct {
		want   string
		change func(*Config)
	}{
		{"BaseURL", func(c *Config) { c.BaseURL = "" }},
		{"BaseURL", func(c *Config) { c.BaseURL = "api.comapi.com" }},
		{"BaseURL", func(c *Config) { c.BaseURL = "ftp://api.comapi.com" }},
		{"BaseURL", func(c *Config) { c.BaseURL = "https://u:" + token + "@api.comapi.com" }},
		{"BaseURL", func(c *Config) { c.BaseURL = "https://" + token + "@\x7f" }},
		{"BaseURL", func(c *Config) { c.BaseURL = "https://api.comapi.com/v1" }},
		{"BaseURL", func(c *Config) { c.BaseURL = "https://api.comapi.com?x" }},
		{"PathPrefix", func(c *Config) { c.PathPrefix = "" }},
		{"PathPrefix", func(c *Config) { c.PathPrefix = "/cpaas/" }},
		{"PathPrefix", func(c *Config) { c.PathPrefix = "/apispaces/" }},
		{"PathPrefix", func(c *Config) { c.PathPrefix = "/apispaces/a/b" }},
		{"Token", func(c *Config) { c.Token = "" }},
		{"Token", func(c *Config) { c.User = "u" }},
		{"Token", func(c *Config) { c.Token += "\n" }},
		{"User", func(c *Config) { c.Token, c.Password = "", "p" }},
		{"User", func(c *Config) { c.Token, c.User, c.Password = "", "a:b", "p" }},
		{"Password", func(c *Config) { c.Token, c.User = "", "u" }},
		{"Timeout", func(c *Config) { c.Timeout = -1 }},
		{"Concurrency", func(c *Config) { c.Concurrency = -1 }},
		{"Batch", func(c *Config) { c.Batch = -1 }},
		{"Batch", func(c *Config) { c.Batch = MaxBatch + 1 }},
	} {
		config := Config{BaseURL: "https://api.comapi.com", PathPrefix: "/cpaas", Token: token}
		test.change(&config)
		_, err := New(config)
		if err == nil || !strings.HasPrefix(err.Error(), "appmessaging: "+test.want) {
			t.Errorf("got %v, want an error about %s", err, test.want)
		}
		if err != nil && strings.Contains(err.Error(), token) {
			t.Errorf("the error shows a secret: %v", err)
		}
	}
}

// TestTokens: a token may have every character that can be seen.
func TestTokens(t *testing.T) {
	for r := rune(0); r < 0x100; r++ {
		_, err := New(Config{BaseURL: "https://api.comapi.com", PathPrefix: "/cpaas", Token: Secret("a" + string(r) + "b")})
		if may := r > ' ' && r < 0x7f; (err == nil) != may {
			t.Errorf("a token with %q: %v", r, err)
		}
	}
}

func TestConfigShowsNoSecret(t *testing.T) {
	config := Config{BaseURL: "https://api.comapi.com", PathPrefix: "/cpaas", Token: token}
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("started", "account", config)
	fmt.Fprintf(&out, "%v %+v %s", config, &config, config)
	if text := out.String(); strings.Contains(text, token) || !strings.Contains(text, "/cpaas") {
		t.Errorf("got %s, want the address and no secret", text)
	}
}
