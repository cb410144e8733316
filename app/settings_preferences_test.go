package app

import (
	"strings"
	"testing"
	"testing/fstest"

	"nudge/flows"
)

// TestPreferenceSettings shows what is wrong with the settings of the page.
func TestPreferenceSettings(t *testing.T) {
	const secret = "secrets: 0123456789abcdef0123456789abcdef"
	for text, want := range map[string]string{
		"public_url: https://shop.example": "no secret",
		secret:                             "does not say under which address",
		"public_url: https://shop.example, secrets: too-short-too-short":                "32 characters",
		"public_url: http://shop.example, " + secret:                                    "no https URL",
		"public_url: shop.example, " + secret:                                           "no https URL",
		"public_url: 'https://shop.example?a=b', " + secret:                             "no https URL",
		"public_url: 'https://ann@shop.example', " + secret:                             "no https URL",
		"public_url: https://shop.example, expires: 1h, " + secret:                      "1d to 3660d",
		"public_url: https://shop.example, expires: 4000d, " + secret:                   "1d to 3660d",
		"public_url: https://shop.example, listen: here, " + secret:                     "not an address",
		"public_url: https://shop.example, names: { orders: { German: x } }, " + secret: "no language",
		"public_url: https://shop.example, url: x, " + secret:                           "unknown key",
		"public_url: https://shop.example, " + secret:                                   "",
		"public_url: 'http://127.0.0.1:8091', " + secret:                                "",
	} {
		s, list := AllSettings(env)("preferences: { " + text + " }")
		switch {
		case want == "" && (list.HasErrors() || s.Preferences.Listen != DefaultPreferencesListen || s.Preferences.Expires != defaultLinkLife):
			t.Errorf("%s: %v, %+v", text, list, s.Preferences)
		case want != "" && !strings.Contains(list.Error(), want):
			t.Errorf("%s: %v, want %q", text, list, want)
		}
	}
}

// TestSecretsOfLinksStay shows that a deploy says that there is a page, and not its secrets.
func TestSecretsOfLinksStay(t *testing.T) {
	files := fstest.MapFS{
		"nudge.yaml":           {Data: []byte("preferences: { public_url: \"https://shop.example\", secrets: [ 0123456789abcdef0123456789abcdef ] }\n")},
		"templates/hello.yaml": {Data: []byte("body: 'Fewer: {{ preferences_url }}'\n")},
		"flows/hello.yaml":     {Data: []byte("flow: hello\ntrigger: { event: hello }\nsteps: [ { send: hello } ]\n")},
	}
	deployed := Read(files, AllSettings(env)).Deployable()
	there := fstest.MapFS{}
	for _, f := range deployed {
		if strings.Contains(f.Text, "0123456789abcdef") {
			t.Errorf("%s has the secret: %s", f.Name, f.Text)
		}
		there[f.Name] = &fstest.MapFile{Data: []byte(f.Text)}
	}
	p, list := flows.Load(there)
	if list.HasErrors() {
		t.Fatal(list)
	}
	if f, err := flows.Compile(p.Flows[0].Bundle); err != nil || f.Version != p.Flows[0].Version {
		t.Errorf("its bundle does not compile to the same version: %v", err)
	}
}
