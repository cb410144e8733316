package flows

import "testing"

func TestCronInWords(t *testing.T) {
	for spec, want := range map[string]string{
		"0 9 * * mon":        "at 09:00 on Monday",
		"30 8,17 * * 1-5":    "at 08:30 and 17:30 on Monday to Friday",
		"*/5 * * * *":        "every 5 minutes",
		"0 * * * *":          "every hour",
		"0 9 * * *":          "at 09:00 every day",
		"0 9 1,15 * *":       "at 09:00 on day 1 and 15 of the month",
		"0 9 1 1,jul *":      "at 09:00 on day 1 of the month in January and July",
		"@weekly":            "at 00:00 on Sunday",
		"15 */2 * * sat,sun": "at minute 15 of every 2 hours on Saturday and Sunday",
		"0 9 1 * fri":        "at 09:00 on day 1 of the month, and on every Friday",
		"10-20 9 * * *":      "at minute 10 to 20 of hour 9 every day",
	} {
		c, wrong := parseCron(spec)
		if wrong != nil {
			t.Errorf("%s: %s", spec, wrong.text)
			continue
		}
		if got := c.InWords(); got != want {
			t.Errorf("%s: %s, want %s", spec, got, want)
		}
	}
}
