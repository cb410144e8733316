package flows

import "testing"

func TestKeyword(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "...": "", "STOP": "stop", " Stop! ": "stop", "Stop. Thank you": "stop", "ＳＴＯＰ!": "stop", "Stop!!! now": "stop",
		"Stop?": "stop?", "Stop by tomorrow": "stop by tomorrow", "Yes, but later": "yes, but later", "Yes. But later": "yes",
		"… stop": "stop", "stop\nit": "stop", "\"Stop!\"": "stop", "What? No!": "what? no", "¡Sí!": "sí", "हाँ!": "हाँ",
		"stop ❤️": "stop", "1️⃣": "1", "3.5": "3.5", "\u00a0OK\u00a0then": "ok then", "!!!\r\n9.": "9",
	} {
		if got := Keyword(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
		if again := Keyword(want); again != want {
			t.Errorf("the keyword %q is no keyword: %q", want, again)
		}
	}
}
