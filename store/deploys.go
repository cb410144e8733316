package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"nudge/engine"
)

// Deploy is a deploy that changed the active flows. It follows from the journal, and is kept longer.
type Deploy struct {
	Seq      uint64 // number of its input in the journal
	At       engine.Instant
	By       engine.Actor
	Proposal uint64          // the one that was approved; 0: nobody proposed it
	Before   json.RawMessage // an object: the versions that are no longer active, by flow
	After    json.RawMessage // an object: those that came in their place, by flow
}

func (d *Deploy) fields(c *codec) {
	c.uint(&d.Seq)
	integer(c, &d.At)
	actorFields(c, &d.By)
	c.uint(&d.Proposal)
	c.raw(&d.Before)
	c.raw(&d.After)
}

func encodeDeploy(d *Deploy) []byte { return encode(deployVersion, d.fields) }

func decodeDeploy(record []byte) (*Deploy, error) {
	d := new(Deploy)
	return d, decode(record, deployVersion, d.fields)
}

// ProposalState is what has become of a proposal. The store keeps its number, so the number never changes.
type ProposalState uint8

const (
	ProposalOpen      ProposalState = iota // nobody has decided about it
	ProposalApproved                       // its flows were deployed
	ProposalWithdrawn                      // it will never be deployed
)

// Proposal is a deploy that somebody proposes, for somebody to approve. It decides nothing: that it is approved is a
// deploy, which is an input. So a replay of the journal makes no proposals.
type Proposal struct {
	Number  uint64 // rises with time
	At      engine.Instant
	By      engine.Actor
	Note    string // why, in the words of the person who proposed it
	Digest  string // of its files and its note
	Bytes   int    // of its files
	Against []engine.FlowVersion
	Next    []engine.FlowVersion // that it makes active
	Changes []FlowChange         // the difference of the two, by flow

	State   ProposalState
	Decided engine.Instant // 0 while it is open
	Decider engine.Actor   // who approved or withdrew it
	Seq     uint64         // number of its deploy in the journal; 0: there is none

	Watch Watch // while it is open
}

// FlowChange is what a proposal does to one flow.
type FlowChange struct {
	Flow   string   `json:"flow"`
	Before string   `json:"before,omitempty"` // the version that was active; empty: the flow is new
	After  string   `json:"after,omitempty"`  // the version that is proposed; empty: the flow is removed
	Files  []string `json:"files,omitempty"`  // that differ between the two
}

func (p *Proposal) fields(c *codec) {
	c.uint(&p.Number)
	integer(c, &p.At)
	actorFields(c, &p.By)
	c.str(&p.Note)
	c.str(&p.Digest)
	integer(c, &p.Bytes)
	list(c, &p.Against, versionFields)
	list(c, &p.Next, versionFields)
	list(c, &p.Changes, func(c *codec, x *FlowChange) {
		c.str(&x.Flow)
		c.str(&x.Before)
		c.str(&x.After)
		list(c, &x.Files, (*codec).str)
	})
	integer(c, &p.State)
	integer(c, &p.Decided)
	actorFields(c, &p.Decider)
	c.uint(&p.Seq)
	p.Watch.fields(c)
}

func encodeProposal(p *Proposal) []byte { return encode(proposalVersion, p.fields) }

func decodeProposal(record []byte) (*Proposal, error) {
	p := new(Proposal)
	return p, decode(record, proposalVersion, p.fields)
}

// proposedFiles is the part of a proposal that holds its files. Only an open one has it.
const proposedFiles = "files"

// Reviews are what jobs find out about a proposal, each a part of it.
var Reviews = []string{"plan", "backtest", "prove"}

// proposedKey is where a part of a proposal stands: those of one kind together.
func proposedKey(number uint64, part string) []byte { return append(sized(nil, part), be(number)...) }

// proposed is a part of a proposal: its files, or what a job has found out about it.
type proposed struct {
	number uint64
	part   string
	json   json.RawMessage
	review Review // without its result, which is in json
}

// Review is what a job finds out about a proposal.
type Review struct {
	Kind    string // one of Reviews
	Job     string // its ID
	By      engine.Actor
	Asked   engine.Instant
	Done    engine.Instant       // 0: it has found out nothing yet
	Active  []engine.FlowVersion // the flows that the proposal was compared with
	Verdict string               // on one line
	Result  json.RawMessage      // an object; empty before it is done
	Earlier json.RawMessage      // an object: the numbers of the one before; empty: there was none
}

func (p *proposed) fields(c *codec) {
	c.uint(&p.number)
	c.str(&p.part)
	text := string(p.json) // as it is: nothing is looked for in it
	c.str(&text)
	p.json = json.RawMessage(text)
	c.str(&p.review.Job)
	actorFields(c, &p.review.By)
	integer(c, &p.review.Asked)
	integer(c, &p.review.Done)
	list(c, &p.review.Active, versionFields)
	c.str(&p.review.Verdict)
	earlier := string(p.review.Earlier)
	c.str(&earlier)
	p.review.Earlier = json.RawMessage(earlier)
}

func encodeProposed(p *proposed) []byte { return encode(proposedVersion, p.fields) }

func decodeProposed(record []byte) (*proposed, error) {
	p := new(proposed)
	return p, decode(record, proposedVersion, p.fields)
}

// MaxOpenProposals is how many proposals may be open at a time; another one is refused with 409 until one of
// them is approved or withdrawn.
const MaxOpenProposals = 20

// ErrManyProposals means that as many proposals are open as may be.
var ErrManyProposals = fmt.Errorf("%d proposals are open, which is the limit: approve or withdraw one of them first", MaxOpenProposals)

// AddProposal keeps a new proposal with its files, a JSON value, and gives it a number. If the same person has proposed the same,
// and it is open still, it returns that one instead. It fails with [ErrManyProposals].
func (s *Store) AddProposal(p *Proposal, files json.RawMessage) (kept *Proposal, err error) {
	err = s.kv.Update(func(w Writer) error {
		open, last, err := openProposals(w)
		if err != nil {
			return err
		}
		for _, o := range open {
			if o.By.Name == p.By.Name && o.Digest == p.Digest && slices.Equal(o.Against, p.Against) {
				kept = o
				return nil
			}
		}
		if len(open) >= MaxOpenProposals {
			return ErrManyProposals
		}
		kept = p
		p.Number = last + 1
		return errors.Join(w.Put(Proposals, be(p.Number), encodeProposal(p)),
			w.Put(Proposed, proposedKey(p.Number, proposedFiles), encodeProposed(&proposed{number: p.Number, part: proposedFiles, json: files})))
	})
	return kept, err
}

// openProposals returns the proposals that are open, which are those with files, and the number of the last one.
func openProposals(r Reader) (open []*Proposal, last uint64, err error) {
	r.Descend(Proposals, nil, func(key, _ []byte) bool {
		last = binary.BigEndian.Uint64(key)
		return false
	})
	prefix := sized(nil, proposedFiles)
	r.Ascend(Proposed, prefix, func(key, _ []byte) bool {
		if !bytes.HasPrefix(key, prefix) {
			return false
		}
		var p *Proposal
		if p, err = readProposal(r, binary.BigEndian.Uint64(key[len(prefix):])); p != nil && p.State == ProposalOpen {
			open = append(open, p)
		}
		return err == nil
	})
	return open, last, err
}

func readProposal(r Reader, number uint64) (*Proposal, error) {
	record := r.Get(Proposals, be(number))
	if record == nil {
		return nil, nil
	}
	p, err := decodeProposal(record)
	return p, damaged(Proposals, be(number), err)
}

// Proposal returns a proposal, or nil if there is none with the number.
func (s *Store) Proposal(number uint64) (p *Proposal, err error) {
	err = s.kv.View(func(r Reader) error {
		p, err = readProposal(r, number)
		return err
	})
	return p, err
}

// ProposalFiles returns the files of a proposal, as [Store.AddProposal] got them; nil if it is not open any more.
func (s *Store) ProposalFiles(number uint64) (files json.RawMessage, err error) {
	err = s.kv.View(func(r Reader) error {
		p, err := readProposed(r, number, proposedFiles)
		if p != nil {
			files = p.json
		}
		return err
	})
	return files, err
}

// readProposed returns a part of a proposal, or nil if there is none.
func readProposed(r Reader, number uint64, part string) (*proposed, error) {
	key := proposedKey(number, part)
	record := r.Get(Proposed, key)
	if record == nil {
		return nil, nil
	}
	p, err := decodeProposed(record)
	return p, damaged(Proposed, key, err)
}

// WithdrawProposal notes that a proposal is withdrawn, if it is open, and returns it as it is then; nil if there is none with the
// number.
func (s *Store) WithdrawProposal(number uint64, by engine.Actor, at engine.Instant) (p *Proposal, err error) {
	err = s.kv.Update(func(w Writer) error {
		if p, err = readProposal(w, number); err != nil || p == nil || p.State != ProposalOpen {
			return err
		}
		p.State, p.Decided, p.Decider = ProposalWithdrawn, at, by
		return decideProposal(w, p)
	})
	return p, err
}

// ForgetProposal removes a proposal as if it had never been made.
func (s *Store) ForgetProposal(number uint64) error {
	return s.kv.Update(func(w Writer) error {
		return errors.Join(w.Delete(Proposals, be(number)), w.Delete(Proposed, proposedKey(number, proposedFiles)))
	})
}

// decideProposal writes a proposal that nobody can decide about any more. Its files are dropped: those of an approved one are in
// the versions of its flows.
func decideProposal(w Writer, p *Proposal) error {
	return errors.Join(w.Put(Proposals, be(p.Number), encodeProposal(p)), w.Delete(Proposed, proposedKey(p.Number, proposedFiles)))
}

// noteDeploys keeps the deploys of a batch that changed flows, and notes on their proposals that they are approved.
func noteDeploys(w Writer, entries []*engine.AuditEntry) error {
	for _, e := range entries {
		if e.Did != engine.DidDeployFlows {
			continue
		}
		number := engine.ProposalNumber(e.On)
		if number != 0 {
			p, err := readProposal(w, number)
			if err != nil {
				return err
			}
			if p != nil && p.State == ProposalOpen {
				p.State, p.Decided, p.Decider, p.Seq = ProposalApproved, e.At, e.By, e.Seq
				if err := decideProposal(w, p); err != nil {
					return err
				}
			}
		}
		if len(e.Before)+len(e.After) == 0 {
			continue
		}
		d := &Deploy{Seq: e.Seq, At: e.At, By: e.By, Proposal: number, Before: e.Before, After: e.After}
		if err := w.Put(Deploys, be(d.Seq), encodeDeploy(d)); err != nil {
			return err
		}
	}
	return nil
}

// DeployItem is one line of the history: a proposal, a deploy that nobody proposed, or a deploy whose proposal is dropped.
type DeployItem struct {
	Proposal *Proposal // nil for a deploy
	Deploy   *Deploy   // nil for a proposal
}

// DeployCursor is where a page of the history begins: before a proposal, and before a deploy. Zero stands for the newest.
type DeployCursor struct {
	Proposal uint64 // a number
	Deploy   uint64 // the number of its input
}

// DeployHistory returns at most limit proposals and deploys, newest first, and where the next page begins; zero when there is none. A deploy
// that was proposed is shown as its proposal. A page may be empty and still have a next one, because it reads a limited number of records.
func (s *Store) DeployHistory(c DeployCursor, limit int) (items []DeployItem, next DeployCursor, err error) {
	limit = min(max(limit, 1), MaxPage)
	err = s.kv.View(func(r Reader) error {
		proposals, err := below(r, Proposals, c.Proposal, limit+1, decodeProposal, func(*Proposal) bool { return true })
		if err != nil {
			return err
		}
		deploys, err := below(r, Deploys, c.Deploy, limit+1, decodeDeploy, func(d *Deploy) bool {
			return d.Proposal == 0 || r.Get(Proposals, be(d.Proposal)) == nil
		})
		if err != nil {
			return err
		}
		items, next = mergeHistory(proposals, deploys, c, limit)
		return nil
	})
	return items, next, err
}

// found are records from a place downwards, and the key of the last one that was looked at.
type found[T any] struct {
	all  []*T
	last uint64
	more bool // there may be records below the last one
}

// maxHistoryBytes is how many bytes of records one page of the history of deploys reads, about; the page ends there, and its next
// continues.
const maxHistoryBytes = 4 << 20

// below reads the newest records of a bucket that are below a number, or all, and that are wanted.
func below[T any](r Reader, b Bucket, number uint64, limit int, decoded func([]byte) (*T, error), wanted func(*T) bool) (f found[T], err error) {
	var before []byte
	if number != 0 {
		before = be(number)
	}
	looked, size := 0, 0
	r.Descend(b, before, func(key, record []byte) bool {
		if len(f.all) == limit || looked == MaxLook || size > maxHistoryBytes {
			f.more = true
			return false
		}
		var one *T
		if one, err = decoded(record); err != nil {
			err = damaged(b, key, err)
			return false
		}
		looked, size, f.last = looked+1, size+len(record), binary.BigEndian.Uint64(key)
		if wanted(one) {
			f.all = append(f.all, one)
		}
		return true
	})
	return f, err
}

// mergeHistory puts proposals and deploys into one order, by when they were made.
func mergeHistory(p found[Proposal], d found[Deploy], at DeployCursor, limit int) (items []DeployItem, next DeployCursor) {
	i, j := 0, 0
	for len(items) < limit {
		switch {
		case i < len(p.all) && (j == len(d.all) && !d.more || j < len(d.all) && p.all[i].At >= d.all[j].At):
			items, at.Proposal = append(items, DeployItem{Proposal: p.all[i]}), p.all[i].Number
			i++
		case j < len(d.all) && (i < len(p.all) || !p.more):
			items, at.Deploy = append(items, DeployItem{Deploy: d.all[j]}), d.all[j].Seq
			j++
		default: // one of the two ends here, and what is below it may come next
			if j == len(d.all) && d.more {
				at.Deploy = d.last
			}
			if i == len(p.all) && p.more {
				at.Proposal = p.last
			}
			if !p.more && !d.more {
				return items, DeployCursor{}
			}
			return items, at
		}
	}
	if i == len(p.all) && j == len(d.all) && !p.more && !d.more {
		return items, DeployCursor{}
	}
	return items, at
}

// FlowDeploy is what a deploy did to one flow.
type FlowDeploy struct {
	At     engine.Instant
	By     engine.Actor
	Before string // the version that was active; empty: there was none
	After  string // the one that came in its place; empty: none did
}

// FlowDeploys returns what the newest deploys did to a flow, newest first: at most limit. It reads as many records as a page of
// the history; older ones are left out.
func (s *Store) FlowDeploys(flow string, limit int) (all []FlowDeploy, err error) {
	err = s.kv.View(func(r Reader) error {
		_, err := below(r, Deploys, 0, limit, decodeDeploy, func(d *Deploy) bool {
			before, after := d.versionsOf(flow)
			if before == "" && after == "" {
				return false
			}
			all = append(all, FlowDeploy{d.At, d.By, before, after})
			return true
		})
		return err
	})
	return all, err
}

// versionsOf returns the versions of a flow before and after a deploy; both are empty where it did not change the flow.
func (d *Deploy) versionsOf(flow string) (before, after string) {
	return versionsByFlow(d.Before)[flow], versionsByFlow(d.After)[flow]
}

func versionsByFlow(object json.RawMessage) map[string]string {
	versions := map[string]string{}
	if len(object) == 0 || json.Unmarshal(object, &versions) != nil {
		return nil
	}
	return versions
}

func flowVersionsOf(object json.RawMessage) (all []engine.FlowVersion) {
	for flow, version := range versionsByFlow(object) {
		all = append(all, engine.FlowVersion{Flow: flow, Version: version})
	}
	return all
}

// DropDeploys drops at most limit deploys, proposals and parts of proposals from before an instant, and returns how many. The
// newest proposal stays, so that no number is given twice. With replacing, deploys stay that have replaced versions which the store still has:
// by them [Store.PurgeVersions] finds these.
func (s *Store) DropDeploys(before engine.Instant, limit int, replacing bool) (dropped int, err error) {
	var old []write
	drop := func(b Bucket, key []byte) { old = append(old, write{bucket: b, key: bytes.Clone(key), delete: true}) }
	err = s.kv.View(func(r Reader) (failed error) {
		r.Ascend(Deploys, nil, func(key, record []byte) bool {
			d, err := decodeDeploy(record)
			if failed = damaged(Deploys, key, err); failed != nil || d.At >= before || len(old) >= limit {
				return false
			}
			if !replacing || !slices.ContainsFunc(flowVersionsOf(d.Before), func(v engine.FlowVersion) bool { return has(r, Versions, versionKey(v)) }) {
				drop(Deploys, key)
			}
			return true
		})
		var last []byte
		r.Descend(Proposals, nil, func(key, _ []byte) bool {
			last = bytes.Clone(key)
			return false
		})
		r.Ascend(Proposals, nil, func(key, record []byte) bool {
			p, err := decodeProposal(record)
			if failed = errors.Join(failed, damaged(Proposals, key, err)); failed != nil || p.At >= before || len(old) >= limit || bytes.Equal(key, last) {
				return false
			}
			drop(Proposals, key)
			drop(Proposed, proposedKey(p.Number, proposedFiles))
			for _, part := range Reviews {
				drop(Proposed, proposedKey(p.Number, part))
			}
			return true
		})
		return failed
	})
	if err != nil || len(old) == 0 {
		return 0, err
	}
	return len(old), s.kv.Update(func(w Writer) error { return apply(w, old) })
}

// deployKey returns the key that is in a record of a deploy, of a proposal, or of a part of one.
func deployKey(b Bucket, value []byte) (own []byte, err error) {
	switch b {
	case Deploys:
		d, err := decodeDeploy(value)
		return be(d.Seq), err
	case Proposals:
		p, err := decodeProposal(value)
		return be(p.Number), err
	}
	p, err := decodeProposed(value)
	return proposedKey(p.number, p.part), err
}

// maxDeploysBack is how many deploys DeployedSince reads; a flow that none of them has changed counts as deployed by the last of them.
const maxDeploysBack = 1000

// DeployedSince returns when the last deploy was that changed a flow; zero for none. When more than maxDeploysBack deploys came since, it is
// an instant after that one.
func (s *Store) DeployedSince(flow string) (at engine.Instant, err error) {
	err = s.kv.View(func(r Reader) error {
		read := 0
		var failed error
		r.Descend(Deploys, nil, func(key, record []byte) bool {
			d, err := decodeDeploy(record)
			if err != nil {
				failed = damaged(Deploys, key, err)
				return false
			}
			changed := map[string]json.RawMessage{}
			for _, side := range []json.RawMessage{d.Before, d.After} {
				if len(side) > 0 && json.Unmarshal(side, &changed) != nil {
					failed = damaged(Deploys, key, errDamaged)
					return false
				}
			}
			if read++; changed[flow] != nil || read == maxDeploysBack {
				at = d.At
				return false
			}
			return true
		})
		return failed
	})
	return at, err
}
