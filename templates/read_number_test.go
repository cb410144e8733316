package templates

import "testing"

// TestReadNumber reads the first number of replies as their locales write it.
func TestReadNumber(t *testing.T) {
	for _, c := range []struct {
		locale, text string
		want         any
	}{
		{"en", "I'd say 9!", 9}, {"en", "9/10", 9}, {"en", "9.", 9}, {"en", "none", nil}, {"en", "", nil}, {"", "1,500", 1500}, {"xx", "1,500", 1500},
		{"en", ".5", 0.5}, {"en", "-.5", -0.5}, {"en", "−1", -1}, {"en", "-1", -1}, {"en", "it is - 1", 1}, {"en", "7-9", 7}, {"en", "to-9", 9},
		{"en", "1,500", 1500}, {"en", "1,500.50", 1500.5}, {"en", "12,345,678", 12345678}, {"en", "1,2", 1}, {"en", "1,50", 1}, {"en", "1500,200", 1500},
		{"de", "1,500", 1.5}, {"de", "1.500", 1500}, {"de", "1.500,5", 1500.5}, {"de", "1.5", 1.5}, {"de", ",5", 0.5}, {"de-AT", "2,5", 2.5}, {"de_DE.UTF-8", "2,5", 2.5},
		{"fr", "1 500,5", 1500.5}, {"fr", "1\u202f500", 1500}, {"fr", "5 10", 5}, {"fr", "12 34", 12}, {"de-CH", "1'500.5", 1500.5}, {"en-IN", "12,34,567", 1234567},
		{"en", "order O2: 7", 7}, {"en", "b2b", nil}, {"en", "80kg", nil}, {"en", "80 kg", 80}, {"en", "7f3a9 8", 8}, {"en", "9€", 9}, {"en", "€1,000", 1000},
		{"ja", "９点です", 9}, {"zh", "我给9分", 9}, {"ko", "9점", 9}, {"en", "１．５", 1.5}, {"en", "½", nil}, {"en", "x² 3", 3},
		{"en", "123456789012345678901234567890", 1.2345678901234568e+29},
	} {
		if got := ReadNumber(c.text, c.locale); got != c.want {
			t.Errorf("%q in %q is %v, want %v", c.text, c.locale, got, c.want)
		}
	}
}
