package preferences

import (
	"errors"
	"strings"
	"testing"
	"time"
)

const (
	first  = "the-first-secret-0123456789abcdef"
	second = "the-second-secret-0123456789abcdef"
	expiry = 24 * time.Hour
)

var planned = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// tokenOf is the token of a link.
func tokenOf(t *testing.T, l *Links, profile, category string) string {
	t.Helper()
	token, ok := strings.CutPrefix(l.URL(profile, category, planned), "https://shop.example/me/p/")
	if !ok {
		t.Fatalf("the link is %q", l.URL(profile, category, planned))
	}
	return token
}

func linksOf(secrets ...string) *Links { return New("https://shop.example/me/", expiry, secrets) }

func TestLinksAreRead(t *testing.T) {
	l := linksOf(first)
	for _, want := range []Link{
		{Profile: "ann", Category: "orders"}, {Profile: "ann"}, {Profile: "李雷 / 😀", Category: "cart"}, {Profile: strings.Repeat("a", 256), Category: strings.Repeat("c", 255)},
	} {
		token := tokenOf(t, l, want.Profile, want.Category)
		got, err := l.Read(token, planned)
		want.Ends = planned.Add(expiry)
		if err != nil || got.Profile != want.Profile || got.Category != want.Category || !got.Ends.Equal(want.Ends) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
		if len(token) > MaxToken || strings.Contains(token, want.Profile) || strings.Trim(token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
			t.Errorf("the token of %s is %q", want.Profile, token)
		}
	}
}

// TestSameLink shows that a link depends on nothing but the secret, the person, the category and the
// instant of the message.
func TestSameLink(t *testing.T) {
	want := linksOf(first).URL("ann", "orders", planned)
	if got := linksOf(first, second).URL("ann", "orders", planned); got != want {
		t.Errorf("another time it is %q, want %q", got, want)
	}
	for name, other := range map[string]string{
		"person": linksOf(first).URL("bob", "orders", planned), "category": linksOf(first).URL("ann", "cart", planned),
		"instant": linksOf(first).URL("ann", "orders", planned.Add(time.Second)), "secret": linksOf(second).URL("ann", "orders", planned),
	} {
		if other == want {
			t.Errorf("with another %s it is the same", name)
		}
	}
}

func TestExpiredLinks(t *testing.T) {
	l := linksOf(first)
	token := tokenOf(t, l, "ann", "orders")
	if _, err := l.Read(token, planned.Add(expiry-time.Second)); err != nil {
		t.Errorf("a second before its end: %v", err)
	}
	if _, err := l.Read(token, planned.Add(expiry)); !errors.Is(err, ErrExpired) {
		t.Errorf("at its end: %v", err)
	}
}

// TestRotatedSecrets shows that links stay valid as long as their secret is in the list.
func TestRotatedSecrets(t *testing.T) {
	old := tokenOf(t, linksOf(first), "ann", "orders")
	if _, err := linksOf(second, first).Read(old, planned); err != nil {
		t.Errorf("beside a newer secret: %v", err)
	}
	if _, err := linksOf(second).Read(old, planned); !errors.Is(err, ErrInvalid) {
		t.Errorf("without its secret: %v", err)
	}
	if got, want := tokenOf(t, linksOf(second, first), "ann", ""), tokenOf(t, linksOf(second), "ann", ""); got != want {
		t.Error("the first secret does not sign")
	}
}

// TestTamperedLinks shows that a token of which any character differs is invalid, also one that a
// lenient decoder would read.
func TestTamperedLinks(t *testing.T) {
	l := linksOf(first)
	token := tokenOf(t, l, "ann", "orders")
	for i := range token {
		for _, c := range "A0-_z=./ " {
			if other := token[:i] + string(c) + token[i+1:]; other != token {
				if _, err := l.Read(other, planned); !errors.Is(err, ErrInvalid) {
					t.Errorf("%q in place of %q at %d: %v", c, token[i], i, err)
				}
			}
		}
	}
	for _, other := range []string{"", "1", "2" + token[1:], token[:len(token)-4], token + "AAAA", token + "\n", strings.Repeat("1", MaxToken+1), "1" + strings.Repeat("A", 40)} {
		if _, err := l.Read(other, planned); !errors.Is(err, ErrInvalid) {
			t.Errorf("%.60q: %v", other, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	l := linksOf(first, second)
	f.Add(strings.TrimPrefix(l.URL("ann", "orders", planned), l.base))
	f.Add("1")
	f.Fuzz(func(t *testing.T, token string) {
		link, err := l.Read(token, planned)
		if err == nil && !strings.HasSuffix(l.URL(link.Profile, link.Category, link.Ends.Add(-expiry)), token) {
			t.Errorf("%q is valid, and is not what makes it", token)
		}
	})
}
