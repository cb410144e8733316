package runner

import (
	"math"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
)

const (
	breakAfter = 5                // requests that fail in a row open the breaker
	firstBreak = time.Second      // how long it stays open at first
	maxBreak   = 2 * time.Minute  // longest pause of an account after requests that fail in a row; each trial that fails doubles it up to this
	maxHold    = time.Hour        // longest pause of an account that its provider may ask for; a longer one is shortened
	rateSpan   = time.Second / 10 // what a rate saves up while nothing is sent
)

// limiter says how many messages of an account may be claimed. It combines the number of
// senders, the account's rate, a hold that the provider asked for, and the circuit breaker.
// Messages that it holds back stay planned, so they can still be called off.
//
//	       breakAfter failed requests in a row
//	closed ─────────────────────────────────▶ open ◀──────────┐
//	   ▲                                       │ pause passed │ trial failed: twice the pause
//	   └──────────── any success ─── half open ◀┘ ────────────┘
//	                                 (one message)
type limiter struct {
	places int // messages that may be claimed and without an outcome at a time
	rate   flows.Rate
	share  engine.Partition // whose part of the rate it is
	busy   int              // claimed, without an outcome
	room   int              // messages that senders can take at present, or have behind them

	saved   float64 // messages that the rate allows at once
	counted engine.Instant

	heldSince engine.Instant // since when requests fail, or the provider asks to wait; 0: they do not
	why       string         // what the last of them said

	heldUntil engine.Instant // by the provider: 429, or 503 with Retry-After
	failures  int            // requests in a row
	openUntil engine.Instant // the breaker's pause; 0: closed
	pause     time.Duration  // how long it was
}

// free returns how many messages may be claimed at an instant.
func (g *limiter) free(now engine.Instant) int {
	g.save(now)
	switch {
	case now < g.heldUntil || now < g.openUntil:
		return 0
	case g.openUntil != 0:
		return max(1-g.busy, 0)
	}
	free := max(min(g.places-g.busy, g.room), 0)
	if g.rate.Messages > 0 {
		free = min(free, int(g.saved))
	}
	return free
}

// opens returns when a message may be claimed again without any further outcome; 0 if only
// an outcome can change that, or if nothing is held back.
func (g *limiter) opens(now engine.Instant) engine.Instant {
	switch at := max(g.heldUntil, g.openUntil); {
	case now < at:
		return at
	case g.rate.Messages > 0 && g.saved < 1 && g.busy < g.places && g.room > 0:
		if g.share.Divided() {
			return g.nextTurn(now)
		}
		missing := (1 - g.saved) * float64(g.rate.Per) / float64(g.rate.Messages)
		return now.Add(time.Duration(missing) + time.Millisecond)
	}
	return 0
}

// save adds what the rate allows for the time since the last call.
func (g *limiter) save(now engine.Instant) {
	if g.rate.Messages == 0 || now <= g.counted {
		return
	}
	if g.share.Divided() {
		g.saveTurns(now)
		return
	}
	most := max(g.perMilli()*float64(rateSpan.Milliseconds()), 1)
	if g.counted == 0 {
		g.saved = most
	}
	g.saved = min(g.saved+g.perMilli()*float64(now-g.counted), most)
	g.counted = now
}

// perMilli returns how many messages the rate allows in a millisecond.
func (g *limiter) perMilli() float64 {
	return float64(g.rate.Messages) / float64(g.rate.Per.Milliseconds())
}

// saveTurns does so where the rate is that of several partitions. They take turns: a turn is as long as the rate allows one
// message, and its number says whose it is. So all of them together keep the rate, and none needs to know what the others do.
func (g *limiter) saveTurns(now engine.Instant) {
	first := g.turn(now)
	if g.perMilli()*float64(rateSpan.Milliseconds()) >= 1 {
		first = g.turn(now.Add(-rateSpan))
	}
	most := g.turns(g.turn(now)) - g.turns(first-1)
	if g.counted == 0 {
		g.saved = float64(most)
	}
	g.saved = min(g.saved+float64(g.turns(g.turn(now))-g.turns(g.turn(g.counted))), float64(most))
	g.counted = now
}

// turn returns the number of the turn at an instant.
func (g *limiter) turn(at engine.Instant) int64 {
	return int64(math.Floor(float64(at) * g.perMilli()))
}

// turns returns how many of all turns up to one are this partition's.
func (g *limiter) turns(upTo int64) int64 {
	return (upTo - int64(g.share.Number) + int64(g.share.Of)) / int64(g.share.Of)
}

// nextTurn returns when the next turn of this partition begins.
func (g *limiter) nextTurn(now engine.Instant) engine.Instant {
	n := g.turns(g.turn(now))*int64(g.share.Of) + int64(g.share.Number)
	return max(engine.Instant(math.Ceil(float64(n)/g.perMilli())), now+1)
}

// claim takes places.
func (g *limiter) claim(n int) {
	g.busy += n
	g.room -= n
	g.saved -= float64(n)
}

// ended frees the places of a request with an outcome, or of messages that were returned
// without one.
func (g *limiter) ended(now engine.Instant, g0 *Group) {
	g.busy -= g0.Frees
	failed, posted := true, false
	for _, in := range g0.Inputs {
		r, ok := in.Payload.(*engine.SendResult)
		if !ok || r.Returned {
			continue
		}
		posted = true
		g.remember(now, r)
		if r.RetryAfter > 0 {
			g.heldUntil = max(g.heldUntil, now.Add(min(r.RetryAfter, maxHold)))
		}
		failed = failed && (r.Outcome == channels.Unknown || r.Outcome == channels.Deferred) && r.RetryAfter == 0
	}
	if posted {
		g.judge(now, failed)
	}
}

// pauseUntil holds the account back because the provider asked for it when another partition posted.
func (g *limiter) pauseUntil(now, until engine.Instant, why string) {
	if until <= g.heldUntil || until <= now {
		return
	}
	g.heldUntil = until
	if g.heldSince == 0 {
		g.heldSince, g.why = now, why
	}
}

// judge moves the breaker.
func (g *limiter) judge(now engine.Instant, failed bool) {
	if !failed {
		g.failures, g.openUntil, g.pause = 0, 0, 0
		return
	}
	g.failures++
	switch {
	case g.openUntil == 0 && g.failures >= breakAfter:
		g.pause = firstBreak
	case g.openUntil != 0 && now >= g.openUntil:
		g.pause = min(2*g.pause, maxBreak)
	default:
		return // it is closed, or it fails what was under way when it opened
	}
	g.openUntil = now.Add(g.pause)
}

// held reports whether messages that are claimed and not yet posted must be taken back.
func (g *limiter) held(now engine.Instant) bool { return now < g.heldUntil || now < g.openUntil }
