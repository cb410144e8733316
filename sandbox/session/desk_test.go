package session_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"nudge/sandbox/session"
)

var start = time.Date(2030, 1, 31, 9, 0, 0, 0, time.UTC)

// claims are those of a good token for a challenge.
func claims(c session.Challenge) map[string]any {
	return map[string]any{
		"iss": "nudge", "aud": "sandbox", "sub": `TEAM\a b_c@d`, "nonce": c.Nonce,
		"iat": start.Unix(), "exp": start.Add(time.Minute).Unix(),
	}
}

func TestSession(t *testing.T) {
	d := session.New(session.Auth{})
	c := d.Start("a1", start)
	token := session.Sign(claims(c), session.DefaultAuth().Secret)
	s, err := d.Create("s1", "space", c.AuthenticationID, token, "127.0.0.1", session.Device{Platform: "javascript"}, start)
	if err != nil {
		t.Fatal(err)
	}
	if s.ProfileID != `TEAM\a b_c@d` || !session.Claims(s.Token) || session.Claims(token) {
		t.Errorf("got %+v", s)
	}
	if _, err := d.Create("s2", "space", c.AuthenticationID, token, "", session.Device{}, start); !errors.Is(err, session.ErrNoChallenge) {
		t.Errorf("a challenge answered twice: got %v", err)
	}
	if _, ok := d.Find(s.Token, start); !ok {
		t.Error("the session is not found by its token")
	}
	if !d.Alive(s.ProfileID, start) || d.Alive(s.ProfileID, start.Add(session.Lifetime)) {
		t.Error("want the session alive for its lifetime, and no longer")
	}
	if _, ok := d.Find(s.Token, start); ok {
		t.Error("the session is found after its end")
	}
}

func TestTokensThatAreNotGood(t *testing.T) {
	secret := session.DefaultAuth().Secret
	for name, test := range map[string]struct {
		change func(map[string]any)
		secret string
		want   string
	}{
		"issuer":   {func(c map[string]any) { c["iss"] = "other" }, secret, "issuer"},
		"audience": {func(c map[string]any) { c["aud"] = []string{"a", "b"} }, secret, "audience"},
		"nonce":    {func(c map[string]any) { c["nonce"] = "old" }, secret, "nonce"},
		"expired":  {func(c map[string]any) { c["exp"] = start.Unix() }, secret, "expired"},
		"no exp":   {func(c map[string]any) { delete(c, "exp") }, secret, "exp"},
		"no sub":   {func(c map[string]any) { delete(c, "sub") }, secret, "claim sub"},
		"secret":   {func(map[string]any) {}, "another", "another secret"},
	} {
		d := session.New(session.Auth{})
		c := d.Start("a1", start)
		all := claims(c)
		test.change(all)
		_, err := d.Create("s1", "space", "a1", session.Sign(all, test.secret), "", session.Device{}, start)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want it to speak of %s", name, err, test.want)
		}
	}
	d := session.New(session.Auth{})
	for _, token := range []string{"", "a", "a.b.c", "e30.e30.", "eyJhbGciOiJub25lIn0.e30."} {
		d.Start("a1", start)
		if _, err := d.Create("s1", "space", "a1", token, "", session.Device{}, start); err == nil {
			t.Errorf("the token %q was taken", token)
		}
	}
}

func TestAnonymous(t *testing.T) {
	d := session.New(session.Auth{IDClaim: "user"})
	c := d.Start("a1", start)
	s, err := d.Create("s1", "space", "a1", d.Anonymous("1dae", c.Nonce, start), "", session.Device{}, start)
	if err != nil || s.ProfileID != "anon_1dae" {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestPush(t *testing.T) {
	d := session.New(session.Auth{})
	c := d.Start("a1", start)
	s, err := d.Create("s1", "space", "a1", d.Anonymous("x", c.Nonce, start), "", session.Device{}, start)
	if err != nil {
		t.Fatal(err)
	}
	push := &session.Push{FCM: &session.FCM{Package: "p", RegistrationID: "r"}}
	if !d.Register(s.ID, push) || d.Register("other", push) {
		t.Error("want a device registered with its session only")
	}
	if all := d.Of("anon_x", start); len(all) != 1 || all[0].Push != push {
		t.Errorf("got %+v", all)
	}
	if !d.End(s.ID) || d.End(s.ID) || d.Alive("anon_x", start) {
		t.Error("want a session ended once, and then gone")
	}
}

// Two sessions of one device that begin at one instant keep their order, and so does a
// restart: the newest one has the device's push registration.
func TestOrder(t *testing.T) {
	d := session.New(session.Auth{})
	d.Track()
	var want []string
	for i := range 200 {
		id := fmt.Sprintf("s%d", i*7919%200)
		c := d.Start(id, start)
		if _, err := d.Create(id, "space", id, d.Anonymous("x", c.Nonce, start), "", session.Device{DeviceID: "phone"}, start); err != nil {
			t.Fatal(err)
		}
		want = append(want, id)
	}
	push := &session.Push{FCM: &session.FCM{Package: "p", RegistrationID: "r"}}
	d.Register(want[199], push)
	check := func(d *session.Sessions) {
		t.Helper()
		all := d.Of("anon_x", start)
		var got []string
		for _, s := range all {
			got = append(got, s.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want the order in which they began", got)
		}
		if newest := all[len(all)-1]; newest.Push == nil || newest.Push.FCM.RegistrationID != "r" {
			t.Errorf("got %+v, want the registration", newest)
		}
	}
	check(d)
	var saved []session.Saved
	for _, s := range d.Changes() {
		saved = append(saved, *s)
	}
	again := session.New(session.Auth{})
	again.Restore(saved, start)
	check(again)
	late := session.New(session.Auth{})
	if late.Restore(saved, start.Add(session.Lifetime)); late.Alive("anon_x", start) {
		t.Error("sessions that have expired came back")
	}
}
