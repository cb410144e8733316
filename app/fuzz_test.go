package app

import (
	"testing"
)

// FuzzSettings holds that no nudge.yaml makes reading its settings panic, and that the limits of
// settings without mistakes are no less than nothing.
func FuzzSettings(f *testing.F) {
	f.Add("account: { url: \"https://api.comapi.com\", path: /apispaces/1a2b, token: x2345678 }\nwebhooks: { secrets: [ \"s2345678\" ] }\n")
	f.Add("accounts: { default: a, a: { url: \"http://127.0.0.1:1\", path: /cpaas, token: \"${T}\", rate: 10/s } }\nlisten: 127.0.0.1:8080\n")
	f.Add("limits: { connections: 100, body_patience: 5s, free_bytes: 4096 }\nretention: { runs: 90d }\noutbound: { only: [ann] }\ntokens: [ \"12345678\" ]\n")
	f.Add("people: { ann: reads after 5s }\nclock: { speed: 60 }\nfetch: { allow_private: [10.0.0.0/8] }\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, list := AllSettings(func(string) (string, bool) { return "12345678", true })(text)
		LocalSettings(func(string) (string, bool) { return "", false })(text)
		if list.HasErrors() {
			return
		}
		if l := s.Limits; l.Connections < 0 || l.PerAddress < 0 || l.Unproven < 0 || l.BodyPatience < 0 || l.BodyRate < 0 || l.Free < 0 {
			t.Errorf("limits are %+v", l)
		}
	})
}
