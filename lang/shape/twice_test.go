package shape

import (
	"slices"
	"testing"
)

func TestKeysIn(t *testing.T) {
	for _, test := range []struct {
		name, raw string
		keys      []string
		twice     string
	}{
		{"no object", `["a","a"]`, nil, ""},
		{"an empty object", ` {} `, nil, ""},
		{"each once", `{"a":1,"b":{"a":2,"c":[1,2]},"c":null}`, []string{"a", "b", "c"}, ""},
		{"twice", `{"a":1, "b" : "}", "a" : [ {} ] }`, []string{"a", "b", "a"}, "a"},
		{"twice, written differently", `{"id":"1","\u0069d":"2"}`, []string{"id", "id"}, "id"},
		{"quotes and brackets in texts", `{"a":"\\\"},{","b":"[","c":["]","\\"]}`, []string{"a", "b", "c"}, ""},
		{"another case is another key", `{"id":1,"ID":2}`, []string{"id", "ID"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var keys []string
			for key := range KeysIn([]byte(test.raw)) {
				keys = append(keys, string(key))
			}
			if !slices.Equal(keys, test.keys) {
				t.Errorf("keys %q, want %q", keys, test.keys)
			}
			if name, twice := TwiceIn([]byte(test.raw)); name != test.twice || twice != (test.twice != "") {
				t.Errorf("twice %q %v, want %q", name, twice, test.twice)
			}
		})
	}
}
