package shape

import "testing"

func TestRoundDecimal(t *testing.T) {
	for _, c := range []struct {
		number   float64
		decimals int
		want     string
	}{
		{2.5, 0, "3"}, {-2.5, 0, "-3"}, {3.5, 0, "4"}, {0.5, 0, "1"}, {1.005, 2, "1.01"}, {2.675, 2, "2.68"}, {1.045, 2, "1.05"},
		{-0.004, 2, "0.00"}, {-0.005, 2, "-0.01"}, {-0.4, 0, "0"}, {999.995, 2, "1000.00"}, {9.99, 1, "10.0"}, {12, 2, "12.00"},
		{1e21, 1, "1000000000000000000000.0"}, {0.000001, 3, "0.000"}, {1234.5, 3, "1234.500"}, {0.1 + 0.2, 2, "0.30"},
	} {
		if got := RoundDecimal(Decimal(c.number), c.decimals); got != c.want {
			t.Errorf("%v with %d decimals is %s, want %s", c.number, c.decimals, got, c.want)
		}
	}
	if got := Decimal(-1 / 1e300 / 1e300); got != "0" {
		t.Errorf("minus zero is %s", got)
	}
	if got := RoundDecimal("9007199254740993", 2); got != "9007199254740993.00" {
		t.Errorf("a large whole number became %s", got)
	}
}

func TestTextLength(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "abc": 3, "Zürich": 6, "Zu\u0308rich": 6, "👨‍👩‍👧‍👦": 1, "🇩🇪🇫🇷": 2, "👍🏽!": 2, "a\r\nb": 3, "नमस्ते": 3, "❤️": 1, "한국": 2,
	} {
		if got := TextLength(text); got != want {
			t.Errorf("%q has %d characters, want %d", text, got, want)
		}
	}
	if got := CutText("a👨‍👩‍👧‍👦b", 2); got != "a👨‍👩‍👧‍👦" {
		t.Errorf("cut to %q", got)
	}
	if got := CutText("ab", 5); got != "ab" {
		t.Errorf("cut to %q", got)
	}
}
