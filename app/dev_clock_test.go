package app

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestSteeredClock: a held clock stands, a jump lets everything happen that was due on the way, and
// a stopped call does not come.
func TestSteeredClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := time.Date(2027, 3, 8, 10, 0, 0, 0, time.UTC)
		c := NewSteeredClock(from, 60, true)
		calls := map[string]int{}
		c.AfterFunc(time.Hour, func() { calls["hour"]++ })
		stop := c.AfterFunc(time.Hour, func() { calls["stopped"]++ })
		c.AfterFunc(3*time.Hour, func() { calls["three"]++ })
		sleeper := c.Wake(from.Add(time.Hour))
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		if !c.Now().Equal(from) || len(calls) > 0 || !stop() || stop() {
			t.Fatalf("a held clock shows %s and made %v", c.Now(), calls)
		}
		c.JumpTo(from.Add(2 * time.Hour))
		<-sleeper.C // at once
		synctest.Wait()
		if !c.Now().Equal(from.Add(2*time.Hour)) || calls["hour"] != 1 || calls["stopped"] != 0 || calls["three"] != 0 {
			t.Fatalf("after the jump it shows %s and made %v", c.Now(), calls)
		}
		c.JumpTo(from)
		if !c.Now().Equal(from.Add(2 * time.Hour)) {
			t.Fatal("it went back")
		}
		c.Hold(false)
		time.Sleep(61 * time.Second) // an hour
		synctest.Wait()
		if got := c.Now(); got.Before(from.Add(3*time.Hour)) || calls["three"] != 1 {
			t.Fatalf("running it shows %s and made %v", got, calls)
		}
	})
}
