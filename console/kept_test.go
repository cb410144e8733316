package console

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestKeptForms: forms that wait for a login are bounded in number, size and time.
func TestKeptForms(t *testing.T) {
	var k keptForms
	form := url.Values{"reason": {"ticket 12"}, formField: {"x"}, expectField: {"1"}}
	first := k.keep("/a", form)
	for range maxKeptForms {
		k.keep("/b", form)
	}
	if len(k.all) != maxKeptForms || k.has(first) {
		t.Errorf("%d forms are kept, and the first is among them: %v", len(k.all), k.has(first))
	}
	large := url.Values{"reason": {strings.Repeat("x", maxKeptForm-100)}}
	for range maxKeptBytes/maxKeptForm + 10 {
		k.keep("/c", large)
	}
	if k.bytes > maxKeptBytes || len(k.all) > maxKeptBytes/(maxKeptForm-200) {
		t.Errorf("%d forms have %d bytes", len(k.all), k.bytes)
	}
	if name := k.keep("/d", url.Values{"reason": {strings.Repeat("x", maxKeptForm)}}); name != "" || k.keep("/d", url.Values{formField: {"x"}}) != "" {
		t.Error("a form that is too large is kept, or one in which nothing was filled in")
	}
	last := k.keep("/e", form)
	if got := k.take(last); got == nil || got.fields.Get("reason") != "ticket 12" || got.fields.Has(formField) || got.fields.Has(expectField) || k.take(last) != nil {
		t.Errorf("the form is %+v", got)
	}
	last = k.keep("/f", form)
	for _, f := range k.all {
		f.until = time.Now().Add(-time.Second)
	}
	if k.has(last) || len(k.all) != 0 || k.bytes != 0 {
		t.Errorf("%d forms of %d bytes are kept although their time is over", len(k.all), k.bytes)
	}
}
