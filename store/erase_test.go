package store_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/store"
	"nudge/store/memory"
)

// The two people of these tests, and a third who is in none of their records.
const (
	gone  = "zoe-zoe"
	stays = "max-max"
)

// twoLives is a store in which two people have lived alike, alone and together: each has a run that has ended, events, a reply, an
// opt-out, a notice, a refused event and an entry of the audit trail, and a campaign took both of them in one input.
func twoLives(t *testing.T) (*memory.KV, *world) {
	t.Helper()
	kv := new(memory.KV)
	w := newWorld(t, kv, map[string]string{
		"flows/tell.yaml": "flow: tell\ntrigger: { event: told, key: event.id }\ndata: { id: string }\nexit: [ { event: over, key: event.id, as: over } ]\nsteps:\n  - send: { body: \"{{ data.id }}\" }\n  - wait: [ { reply: any }, { after: 1h } ]\n",
		"flows/news.yaml": "flow: news\ntrigger: { at: 2026-03-02 11:00, audience: people.jsonl }\nsteps: [ { wait: 1h } ]\n",
	})
	for n, who := range []string{gone, stays} {
		posts := w.apply(&engine.Input{ID: fmt.Sprint("e", n), By: &engine.Actor{Name: "shop"}, Payload: &engine.Event{Type: "told", Profile: who, Data: fmt.Appendf(nil, `{"id":"order-of-%s"}`, who)}}).Posts
		w.result(posts[0], channels.Accepted, "")
		w.apply(&engine.Input{By: &engine.Actor{Name: "ops"}, Payload: &engine.ProfileChange{Profile: who, Set: []byte(`{"name": "` + who + `"}`)}})
		w.apply(&engine.Input{By: &engine.Actor{Name: "ops"}, Payload: &engine.Cancel{Run: posts[0].Run, Reason: "asked by " + who}})
		w.apply(&engine.Input{Payload: &engine.Event{Type: "odd", Profile: who}})
		check(t, w.store.NoteArrivals(nil, []*store.Refusal{{At: engine.InstantOf(w.now), Code: "shape", Profile: who, Body: []byte("{}")}, {At: engine.InstantOf(w.now), Code: "json", Body: []byte(who)}}, 0))
	}
	started := w.apply(&engine.Input{Payload: &engine.CampaignControl{Do: engine.CampaignStart, Flow: "news"}}).Freezes[0].Campaign
	w.apply(&engine.Input{Payload: &engine.Snapshot{Campaign: started, Audience: "a", Rows: 3}})
	w.apply(&engine.Input{Payload: &engine.Rows{Campaign: started, Next: 9, Rows: []engine.Row{{Profile: gone}, {Profile: stays}, {Profile: gone}}}})
	w.now = w.now.Add(2 * time.Hour)
	w.apply(&engine.Input{Payload: &engine.Event{Type: "odd", Profile: "somebody"}}) // and the waits of the campaign's runs are over
	state, err := w.store.State()                                                    // the loop has no endpoint, and drops what is for one
	check(t, err)
	b := &engine.Batch{State: state}
	for _, who := range []string{gone, stays} {
		b.Notices = append(b.Notices, &engine.NoticeTo{Endpoint: "crm", Notice: engine.Notice{Type: engine.NoticeRunEnded, At: state.Stamp, Profile: who, Data: fmt.Appendf(nil, `{"of":%q}`, who)}})
	}
	check(t, w.store.Commit(b))
	return kv, w
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// dumps are all records of a store.
func dumps(kv *memory.KV) map[store.Bucket]map[string][]byte {
	all := map[store.Bucket]map[string][]byte{}
	for _, b := range store.Buckets {
		all[b] = map[string][]byte{}
		for key, value := range kv.Dump(b) {
			all[b][key] = bytes.Clone(value)
		}
	}
	return all
}

// TestErase holds that forgetting somebody takes them out of every bucket, and changes nothing else: no record that does not name them, and
// in one that names others, too, only them.
func TestErase(t *testing.T) {
	kv, w := twoLives(t)
	before := dumps(kv)
	for _, b := range []store.Bucket{store.Ended, store.Journal, store.Audit, store.Refusals, store.Notices, store.Profiles} {
		named := 0
		for key, value := range before[b] {
			if strings.Contains(key+string(value), gone) {
				named++
			}
		}
		if named == 0 {
			t.Errorf("bucket %s does not name who is to be forgotten", b)
		}
	}
	state, err := w.store.State()
	check(t, err)
	check(t, w.store.Commit(&engine.Batch{State: state, Forgotten: []string{gone}, People: []*engine.Person{{ID: gone}}}))
	for more := true; more; {
		more, err = w.store.Erase()
		check(t, err)
	}
	after := dumps(kv)
	for _, b := range store.Buckets {
		for key, value := range after[b] {
			if strings.Contains(key+string(value), gone) {
				t.Errorf("bucket %s still names who was forgotten: %q = %q", b, key, value)
			}
		}
		for key, value := range before[b] {
			now, there := after[b][key]
			switch names := strings.Contains(key+string(value), gone); {
			case !names && (!there || !bytes.Equal(now, value)) && !of(key, gone):
				t.Errorf("bucket %s: %q does not name who was forgotten and has changed from %q to %q", b, key, value, now)
			case names && strings.Count(string(value), stays) != strings.Count(string(now), stays):
				t.Errorf("bucket %s: %q names another person %d times, and named them %d times", b, key, strings.Count(string(now), stays), strings.Count(string(value), stays))
			}
		}
	}
	report, err := w.store.Check()
	if err != nil || len(report.Problems) > 0 {
		t.Errorf("the store after erasing: %v %q", err, report.Problems)
	}
}

// of reports whether a key begins with the hash of a person.
func of(key, who string) bool {
	sum := sha256.Sum256([]byte(who))
	return strings.HasPrefix(key, string(sum[:8]))
}
