package store

import (
	"encoding/json"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/lang/trace"
)

func encodeJournaled(j *engine.Journaled) []byte {
	return encode(journalVersion, func(c *codec) { journaledFields(c, j) })
}

func decodeJournaled(record []byte) (*engine.Journaled, error) {
	j := &engine.Journaled{Input: new(engine.Input)}
	return j, decode(record, journalVersion, func(c *codec) { journaledFields(c, j) })
}

func journaledFields(c *codec, j *engine.Journaled) {
	c.uint(&j.Seq)
	integer(c, &j.Stamp)
	list(c, (*[]engine.Slot)(&j.Slots), func(c *codec, s *engine.Slot) { c.str(&s.Account); integer(c, &s.Free) })
	in, kind := j.Input, engine.InputKind(0)
	if !c.reading {
		kind = in.Kind()
	}
	integer(c, &kind)
	c.str(&in.ID)
	integer(c, &in.Depth)
	c.uint(&in.Derived)
	more := journalPlain
	if in.By != nil {
		more |= journalBy
	}
	if in.Origin != nil || len(in.Elsewhere) > 0 {
		more |= journalDivided
	}
	c.uint(&more)
	if more&journalPlain == 0 || more&^(journalPlain|journalBy|journalDivided) != 0 || payloads[kind] == nil {
		c.fail()
		return
	}
	if more&journalBy != 0 {
		if c.reading {
			in.By = new(engine.Actor)
		}
		actorFields(c, in.By)
	}
	if more&journalDivided != 0 {
		optional(c, &in.Origin, func(c *codec, o *engine.Origin) { integer(c, &o.From); c.uint(&o.Number) })
		list(c, &in.Elsewhere, integer[int])
	}
	payloads[kind](c, &in.Payload)
}

// What stands between the head of an input and its payload.
const (
	journalPlain   = uint64(1) // always set
	journalBy      = uint64(2) // who gave the command
	journalDivided = uint64(4) // where it comes from, and whom else it concerns, in a divided installation
)

// payloads has the function that writes and reads the payload of each kind of input.
var payloads = map[engine.InputKind]func(*codec, *engine.Payload){
	engine.InputEvent:           payload(eventFields),
	engine.InputReceipt:         payload(receiptFields),
	engine.InputReply:           payload(replyFields),
	engine.InputResult:          payload(resultFields),
	engine.InputTimer:           payload(timerFields),
	engine.InputClaim:           payload(claimFields),
	engine.InputCancel:          payload(cancelFields),
	engine.InputDeploy:          payload(deployFields),
	engine.InputControl:         payload(controlFields),
	engine.InputProfile:         payload(profileFields),
	engine.InputCall:            payload(callFields),
	engine.InputChildEnded:      payload(childEndedFields),
	engine.InputDequeue:         payload(dequeueFields),
	engine.InputFetched:         payload(fetchedFields),
	engine.InputTick:            payload(tickFields),
	engine.InputSnapshot:        payload(frozenFields),
	engine.InputRows:            payload(rowsFields),
	engine.InputCampaignControl: payload(steerFields),
	engine.InputSweep:           payload(sweepFields),
	engine.InputMove:            payload(moveFields),
	engine.InputAccounts:        payload(accountsFields),
	engine.InputExpireOrphans:   payload(expireOrphansFields),
	engine.InputStatusAnswer:    payload(askedFields),
	engine.InputRecheckRuns:     payload(askRunsFields),
	engine.InputQuarantine:      payload(quarantineFields),
	engine.InputNote:            payload(noteFields),
	engine.InputRetry:           payload(retryFields),
}

// payload writes or reads a payload of one type.
func payload[T any, P interface {
	*T
	engine.Payload
}](fields func(*codec, *T)) func(*codec, *engine.Payload) {
	return func(c *codec, v *engine.Payload) {
		if c.reading {
			*v = P(new(T))
		}
		fields(c, (*v).(P))
	}
}

func expireOrphansFields(c *codec, x *engine.ExpireOrphans) { list(c, &x.ProviderIDs, (*codec).str) }

func accountsFields(c *codec, x *engine.Accounts) {
	list(c, &x.List, policyFields)
	c.bool(&x.Down)
}

func askedFields(c *codec, x *engine.StatusAnswer) {
	c.bytes(x.Run[:])
	integer(c, &x.Message)
	providerFields(c, &x.Receipt)
	c.str(&x.Failed)
	c.bool(&x.Busy)
}

func askRunsFields(c *codec, x *engine.RecheckRuns) {
	list(c, &x.Runs, func(c *codec, id *engine.RunID) { c.bytes(id[:]) })
	c.bool(&x.Survey)
	c.bool(&x.Last)
}

func quarantineFields(c *codec, q *engine.Quarantine) {
	c.bytes(q.Run[:])
	c.uint(&q.Campaign)
	c.str(&q.Profile)
	c.bytes(q.Parent[:])
	integer(c, &q.Call)
}

func noteFields(c *codec, n *engine.Note) {
	c.str(&n.Did)
	c.raw(&n.Before)
	c.raw(&n.After)
	c.str(&n.Profile) // at the end, so that a journal from before it existed is read as well
	c.str(&n.Reason)  // likewise
}

func retryFields(c *codec, p *engine.Retry) {
	c.bytes(p.Run[:])
	c.str(&p.Flow)
	c.str(&p.Version)
	c.str(&p.Profile)
	c.str(&p.Reason)
	c.uint(&p.AsOf)
}

func moveFields(c *codec, m *engine.Move) {
	c.bytes(m.Run[:])
	c.str(&m.Version)
}

func eventFields(c *codec, e *engine.Event) {
	c.str(&e.Type)
	c.str(&e.Profile)
	c.raw(&e.Data)
	optional(c, &e.FanOut, func(c *codec, r *engine.FanOutCursor) {
		c.str(&r.ID)
		c.bytes(r.After[:])
		c.bytes(r.Before[:])
	})
	traceFields(c, &e.Trace) // this and what follows are at the end, so that a journal from before they existed is read as well
	optional(c, &e.Passed, func(c *codec, p *engine.Passed) {
		c.str(&p.ID)
		optional(c, &p.Known, knownFields)
		list(c, &p.Collected, (*codec).str)
		list(c, &p.Later, (*codec).str)
		list(c, &p.Via, integer[int])
		list(c, &p.Only, (*codec).str)
		c.bool(&p.Counts)
		c.str(&p.From)
	})
}

func traceFields(c *codec, t *trace.Context) {
	c.str(&t.Parent)
	c.str(&t.State)
}

func timerFields(c *codec, t *engine.Timer) {
	integer(c, &t.Due)
	c.bytes(t.Run[:])
}

func claimFields(c *codec, r *engine.Claim) {
	c.uint(&r.Order)
	c.bytes(r.Run[:])
	integer(c, &r.Message)
}

func cancelFields(c *codec, x *engine.Cancel) {
	c.bytes(x.Run[:])
	c.str(&x.Reason)
}

func profileFields(c *codec, x *engine.ProfileChange) {
	c.str(&x.Profile)
	c.raw(&x.Set)
	c.bool(&x.Replace)
	optional(c, &x.OptOuts, func(c *codec, v *[]string) { list(c, v, (*codec).str) })
	c.bool(&x.Forget)
	c.str(&x.OptOut)
	c.str(&x.OptIn)
}

func callFields(c *codec, x *engine.Call) {
	c.str(&x.Flow)
	c.str(&x.Profile)
	c.str(&x.Key)
	c.str(&x.By)
	c.raw(&x.Data)
	c.bytes(x.Parent[:])
	integer(c, &x.Number)
	traceFields(c, &x.Trace) // at the end, as that of an event
}

func childEndedFields(c *codec, x *engine.ChildEnded) {
	c.bytes(x.Parent[:])
	integer(c, &x.Call)
	c.bytes(x.Child[:])
	c.str(&x.Outcome)
}

func dequeueFields(c *codec, x *engine.Dequeue) {
	c.str(&x.Flow)
	c.str(&x.Profile)
	c.str(&x.Key)
	list(c, &x.Named, (*codec).str)
}

func fetchedFields(c *codec, x *engine.FetchResult) {
	c.bytes(x.Run[:])
	integer(c, &x.Step)
	integer(c, &x.Attempt)
	integer(c, &x.Status)
	c.raw(&x.JSON)
	c.str(&x.Error)
	c.bool(&x.Busy)
	c.bool(&x.Final)
}

func tickFields(c *codec, x *engine.Tick) {
	c.str(&x.Flow)
	integer(c, &x.Trigger)
	integer(c, &x.Due)
}

func frozenFields(c *codec, x *engine.Snapshot) {
	c.uint(&x.Campaign)
	c.str(&x.Audience)
	integer(c, &x.Rows)
	integer(c, &x.Bad)
	list(c, &x.BadRows, badRowFields)
	c.str(&x.Failed)
	list(c, &x.Dealt, integer[int]) // this and what follows are at the end, so that a journal from before they existed is read as well
	optional(c, &x.Part, partFields)
}

func partFields(c *codec, p *engine.Part) {
	var clock instants
	c.str(&p.ID)
	c.str(&p.Flow)
	c.str(&p.Version)
	integer(c, &p.Trigger)
	clock.write(c, &p.Due)
	clock.write(c, &p.Begun)
	c.bool(&p.Local)
	clock.write(c, &p.Since)
	c.bool(&p.Paused)
	c.str(&p.Reason)
	signalFields(c, &p.Event, &clock)
	c.str(&p.Key)
	list(c, &p.Kept, func(c *codec, h *engine.Signal) { signalFields(c, h, &clock) })
	c.bool(&p.Exited)
	integer(c, &p.Total)
}

func rowsFields(c *codec, x *engine.Rows) {
	c.uint(&x.Campaign)
	integer(c, &x.From)
	integer(c, &x.Next)
	list(c, &x.Rows, func(c *codec, r *engine.Row) { c.str(&r.Profile); c.raw(&r.Data) })
	list(c, &x.Gone, integer[int]) // at the end, so that a journal from before it existed is read as well
}

func steerFields(c *codec, x *engine.CampaignControl) {
	integer(c, &x.Do)
	c.str(&x.Flow)
	c.uint(&x.Campaign)
	c.str(&x.Reason)
	c.bool(&x.EndRuns)
	optional(c, &x.Event, func(c *codec, h *engine.Signal) { // this and what follows are at the end, as that of a snapshot
		var clock instants
		signalFields(c, h, &clock)
	})
	c.bool(&x.Every)
	list(c, &x.Gone, func(c *codec, h *engine.PersonHash) { c.bytes(h[:]) })
}

func sweepFields(c *codec, x *engine.Sweep) {
	c.uint(&x.Campaign)
	c.bytes(x.After[:])
}

func receiptFields(c *codec, r *engine.Receipt) {
	providerFields(c, &r.Receipt)
	c.str(&r.Profile) // this and what follows are at the end, so that a journal from before they existed is read as well
	c.str(&r.Conversation)
}

func providerFields(c *codec, r *channels.Receipt) {
	refFields(c, &r.Ref)
	c.str(&r.ProviderID)
	integer(c, &r.Status)
	c.str(&r.Reason)
	timeField(c, &r.At)
}

func replyFields(c *codec, r *engine.Reply) {
	c.str(&r.ID)
	c.str(&r.Profile)
	c.str(&r.Conversation)
	c.str(&r.Text)
	refFields(c, &r.Answers)
	c.str(&r.AnswersID)
	timeField(c, &r.At)
	// At the end, so that a journal from before they existed is read as well.
	list(c, &r.Parts, func(c *codec, p *channels.ReplyPart) {
		c.str(&p.Type)
		c.str(&p.Name)
		c.str(&p.URL)
		c.raw(&p.Data)
	})
	c.raw(&r.Metadata)
}

func resultFields(c *codec, r *engine.SendResult) {
	c.bytes(r.Run[:])
	integer(c, &r.Message)
	integer(c, &r.Attempt)
	c.bool(&r.Returned)
	integer(c, &r.Outcome)
	c.str(&r.ProviderID)
	c.str(&r.Conversation)
	c.str(&r.Reason)
	integer(c, &r.RetryAfter)
}

func deployFields(c *codec, d *engine.Deploy) {
	list(c, &d.Flows, func(c *codec, b *flows.Bundle) {
		raw := json.RawMessage(nil)
		if !c.reading {
			raw = marshalBundle(*b)
		}
		if c.raw(&raw); c.reading && json.Unmarshal(raw, b) != nil {
			c.fail()
		}
	})
	c.str(&d.Marks)
	c.str(&d.Proposal)
	list(c, &d.Against, versionFields)
}

func versionFields(c *codec, v *engine.FlowVersion) {
	c.str(&v.Flow)
	c.str(&v.Version)
}

func marshalBundle(b flows.Bundle) json.RawMessage {
	raw, err := json.Marshal(b)
	if err != nil {
		panic("store: a bundle is text and always encodes: " + err.Error())
	}
	return raw
}

func controlFields(c *codec, x *engine.Control) {
	integer(c, &x.Outbound)
	list(c, &x.Only, (*codec).str)
	optional(c, &x.Kill, (*codec).bool)
}

// timeField keeps an instant of the provider in milliseconds, which is the provider's own
// precision.
func timeField(c *codec, t *time.Time) {
	ms := int64(0)
	if !t.IsZero() {
		ms = t.UnixMilli()
	}
	signed(c, &ms)
	if *t = (time.Time{}); ms != 0 {
		*t = time.UnixMilli(ms).UTC()
	}
}
