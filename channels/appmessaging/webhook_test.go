package appmessaging

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/channels"
)

const secret = "secret"

var hook = Webhook{Secrets: []Secret{"", "older", secret}}

// The vector was computed with OpenSSL.
const (
	vectorBody = `{"a":1}`
	vectorMAC  = "f8446672f033e4b2beafc5ca3a71eafcd2cafb6e"
)

// posted is what a webhook has that the provider posts with a body and a signature.
func posted(w Webhook, body []byte, signature string) (channels.Inbound, error) {
	header := http.Header{}
	header.Set(SignatureHeader, signature)
	return channels.Receive(w, header, body)
}

// receive has a webhook of a body that is signed well.
func receive(w Webhook, body string) (channels.Inbound, error) {
	return posted(w, []byte(body), Sign(secret, []byte(body)))
}

// prove checks a signature over a body that arrives in two pieces.
func prove(w Webhook, body []byte, signature string) error {
	proof, err := w.Inspect(http.Header{SignatureHeader: {signature}})
	if err != nil {
		return err
	}
	proof.Write(body[:len(body)/2])
	proof.Write(body[len(body)/2:])
	return proof.Check()
}

func TestVerify(t *testing.T) {
	for _, test := range []struct {
		name      string
		hook      Webhook
		signature string
		want      error
	}{
		{"vector", hook, vectorMAC, nil},
		{"upper case", hook, strings.ToUpper(vectorMAC), nil},
		{"older secret", hook, Sign("older", []byte(vectorBody)), nil},
		{"wrong secret", Webhook{Secrets: []Secret{"other"}}, vectorMAC, errSignature},
		{"no secret", Webhook{}, vectorMAC, errSignature},
		{"empty secret", Webhook{Secrets: []Secret{""}}, Sign("", []byte(vectorBody)), errSignature},
		{"missing", hook, "", errSignature},
		{"short", hook, vectorMAC[:38], errSignature},
		{"odd", hook, vectorMAC[:39], errSignature},
		{"long", hook, vectorMAC + "00", errSignature},
		{"not hex", hook, "z" + vectorMAC[1:], errSignature},
		{"spaced", hook, " " + vectorMAC, errSignature},
		{"two", hook, vectorMAC + "," + vectorMAC, errSignature},
	} {
		if err := prove(test.hook, []byte(vectorBody), test.signature); err != test.want {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
	}
	two := http.Header{SignatureHeader: {vectorMAC, vectorMAC}}
	if _, err := hook.Inspect(two); err != errSignature {
		t.Errorf("two headers: got %v, want errSignature", err)
	}
	if got := Sign(secret, []byte(vectorBody)); got != vectorMAC {
		t.Errorf("Sign: got %s, want %s", got, vectorMAC)
	}
}

func TestVerifyEveryBit(t *testing.T) {
	body := []byte(vectorBody)
	for i := range len(body) * 8 {
		body[i/8] ^= 1 << (i % 8)
		if prove(hook, body, vectorMAC) == nil {
			t.Errorf("bit %d of the body changed and nobody noticed", i)
		}
		body[i/8] ^= 1 << (i % 8)
	}
}

// event is an envelope with a payload; the rest is as the provider writes it.
func event(name, payload string) string {
	return fmt.Sprintf(`{"eventId":"e1","accountId":1234,"apiSpaceId":"s1","name":%q,"payload":%s,`+
		`"revision":2,"etag":"\"2e-PLB2C6w/\"","timestamp":"2030-01-31T09:00:00.604Z"}`, name, payload)
}

const ours = `"metadata":{"nudge":{"i":"i1","r":"01J","m":2,"a":1}}`

func TestDecode(t *testing.T) {
	at := time.Date(2030, 1, 31, 9, 0, 0, 604e6, time.UTC)
	receipt := func(status channels.Status, reason string) channels.Inbound {
		return channels.Inbound{Receipts: []channels.Receipt{
			{Ref: ref, ProviderID: "m1", Status: status, Reason: reason, At: at},
		}}
	}
	plain := `{"id":"m1",` + ours + `}`
	reply := func(change func(*channels.Reply)) channels.Inbound {
		r := channels.Reply{ID: "m2", Profile: "dave", Conversation: "c1", Text: "yes", At: at}
		if change != nil {
			change(&r)
		}
		return channels.Inbound{Replies: []channels.Reply{r}}
	}
	carries := func(data string) channels.Inbound { // one part with JSON, and no text
		return reply(func(r *channels.Reply) {
			r.Text, r.Parts = "", []channels.ReplyPart{{Type: "application/json"}}
			if data != "" {
				r.Parts[0].Data = json.RawMessage(data)
			}
		})
	}
	ignored := func(name, detail string) channels.Inbound {
		return channels.Inbound{Ignored: []channels.Ignored{{Event: name, Reason: channels.MalformedEvent, Detail: detail}}}
	}
	unheard := func(name string) channels.Inbound {
		return channels.Inbound{Ignored: []channels.Ignored{{Event: name, Reason: channels.UnknownEvent}}}
	}
	from := `"from":{"profileId":"dave"}`
	say := func(payload string) string { return event("message.inbound", "{"+payload+"}") }
	here := from + `,"to":{"conversationId":"c1"}`
	for _, test := range []struct {
		name, body string
		want       channels.Inbound
	}{
		{"sent", event("message.sent", plain), receipt(channels.Sent, "")},
		{"delivered", event("message.delivered", plain), receipt(channels.Delivered, "")},
		{"read", event("message.read", plain), receipt(channels.Read, "")},
		{"expired", event("message.expired", plain), receipt(channels.Expired, "")},
		{"failed", event("message.failed", plain), receipt(channels.Failed, "")},
		{"failed, said so", event("message.failed", `{"id":"m1","failureReason":"gone",`+ours+`}`),
			receipt(channels.Failed, "gone")},
		{"failed, in the details", event("message.failed", `{"id":"m1","details":{"channelStatus":`+
			`{"appMessaging":{"status":"failed","details":{"description":"no device"}}}},`+ours+`}`),
			receipt(channels.Failed, "no device")},
		{"failed, in the status", event("message.failed", `{"id":"m1","statusDetails":[{"reason":"late"}],`+
			ours+`}`), receipt(channels.Failed, "late")},
		{"message ID of the API", event("message.read", `{"messageId":"m1",`+ours+`}`), receipt(channels.Read, "")},
		{"unexpected types", event("message.read", `{"id":"m1","details":7,"failureReason":[],`+
			`"statusDetails":"x","updatedOn":{},"body":[1],"messageParts":"p","correlation":3,`+ours+`}`),
			receipt(channels.Read, "")},
		{"only the reference", event("message.read", `{`+ours+`}`),
			channels.Inbound{Receipts: []channels.Receipt{{Ref: ref, Status: channels.Read, At: at}}}},
		{"only the ID", event("message.read", `{"id":"m1"}`),
			channels.Inbound{Receipts: []channels.Receipt{{ProviderID: "m1", Status: channels.Read, At: at}}}},
		{"metadata is text", event("message.read", `{"id":"m1","metadata":"x"}`),
			channels.Inbound{Receipts: []channels.Receipt{{ProviderID: "m1", Status: channels.Read, At: at}}}},
		{"reference is a number", event("message.read", `{"id":"m1","metadata":{"nudge":7}}`),
			channels.Inbound{Receipts: []channels.Receipt{{ProviderID: "m1", Status: channels.Read, At: at}}}},
		{"reference is half ours", event("message.read", `{"id":"m1","metadata":{"nudge":{"i":"i1","m":"x"}}}`),
			channels.Inbound{Receipts: []channels.Receipt{{ProviderID: "m1", Status: channels.Read, At: at}}}},

		{"reply", say(`"messageId":"m2",` + here + `,"body":"yes","metadata":{"nudge":{"i":"x"}}`), reply(func(r *channels.Reply) { r.Metadata = json.RawMessage(`{"nudge":{"i":"x"}}`) })},
		{"reply, ID in id", say(`"id":"m2",` + here + `,"body":"yes"`), reply(nil)},
		{"reply, ID in the envelope", say(here + `,"body":"yes"`),
			reply(func(r *channels.Reply) { r.ID = "e1" })},
		{"reply, conversation beside", say(`"id":"m2",` + from + `,"conversationId":"c1","body":"yes"`), reply(nil)},
		{"reply, parts", say(`"id":"m2",` + here + `,"messageParts":[{"type":"image/png","url":"u","name":"cat","size":7},` +
			`{"type":"Text/Plain; charset=utf-8","data":"yes"},{"type":"text/plain","data":"no"}]`),
			reply(func(r *channels.Reply) {
				r.Parts = []channels.ReplyPart{{Type: "image/png", URL: "u", Name: "cat"},
					{Type: "Text/Plain; charset=utf-8", Data: json.RawMessage(`"yes"`)}, {Type: "text/plain", Data: json.RawMessage(`"no"`)}}
			})},
		{"reply, one plain part", say(`"id":"m2",` + here + `,"messageParts":[{"type":"text/plain","data":"yes"}],"metadata":{}`), reply(nil)},
		{"reply, JSON as it is", say(`"id":"m2",` + here + `,"messageParts":[{"type":"application/json","data":{"a": 1}}]`), carries(`{"a":1}`)},
		{"reply, JSON as text", say(`"id":"m2",` + here + `,"messageParts":[{"type":"application/json","data":"{\"a\": 1}"}]`), carries(`{"a":1}`)},
		{"reply, one digit of JSON as text", say(`"id":"m2",` + here + `,"messageParts":[{"type":"application/json","data":"7"}]`), carries(`7`)},
		{"reply, no JSON", say(`"id":"m2",` + here + `,"messageParts":[{"type":"application/json","data":"{a"}]`), carries(`"{a"`)},
		{"reply, odd parts", say(`"id":"m2",` + here + `,"messageParts":[7,{"type":"application/json","name":[],"data":null}]`), carries("")},
		{"reply, parts that are none", say(`"id":"m2",` + here + `,"body":"yes","messageParts":"no","metadata":null`), reply(nil)},
		{"reply, metadata of any kind", say(`"id":"m2",` + here + `,"body":"yes","metadata":[ 1 ]`),
			reply(func(r *channels.Reply) { r.Metadata = json.RawMessage("[1]") })},
		{"reply, answers", say(`"id":"m2",` + here + `,"body":"yes","correlation":{"messageId":"m1",` + ours + `}`),
			reply(func(r *channels.Reply) { r.Answers, r.AnswersID = ref, "m1" })},
		{"reply, received", say(`"id":"m2",` + here + `,"body":"yes","receivedOn":"2030-01-31T08:00:00Z"`),
			reply(func(r *channels.Reply) { r.At = time.Date(2030, 1, 31, 8, 0, 0, 0, time.UTC) })},

		{"other event", event("conversation.create", `{"id":7}`), unheard("conversation.create")},
		{"other event of a profile", event("profile.delete", `{"id":"dave","by":"x"}`), unheard("profile.delete")},

		{"profile", event("profile.update", `{"id":"dave","city":"Bath","n":1e3,"to":7,"_createdBy":"x"}`),
			channels.Inbound{Profiles: []channels.ProfileChange{
				{ID: "e1", Profile: "dave", Fields: []byte(`{"city":"Bath","n":1e3,"to":7}`), At: at},
			}}},
		{"new profile", event("profile.create", `{"id":"dave"}`),
			channels.Inbound{Profiles: []channels.ProfileChange{{ID: "e1", Profile: "dave", Fields: []byte(`{}`), At: at}}}},
		{"profile of nobody", event("profile.update", `{"id":7}`),
			ignored("profile.update", "has no payload.id, so nothing says whom it is about")},
		{"profile that is a list", event("profile.update", `[]`),
			ignored("profile.update", "payload is a JSON array, want map")},
		{"profile without an event ID", `{"name":"profile.update","payload":{"id":"dave"}}`,
			ignored("profile.update", "has no eventId, so a copy of it could not be told apart")},

		{"conversation, delivered", event("conversationMessage.delivered", `{"id":"m1","conversationId":"c1",`+
			`"scope":"a2p","direction":"inbound","isPublicConversation":false,"profileId":"dave",`+
			`"timestamp":"2030-01-31T08:00:00Z","conversationEventId":5}`),
			channels.Inbound{Receipts: []channels.Receipt{{ProviderID: "m1", Status: channels.Delivered, At: at, Profile: "dave", Conversation: "c1"}}}},
		{"read, of nobody in particular", event("message.read", `{"id":"m1","profileId":"acme",`+ours+`}`), receipt(channels.Read, "")},
		{"conversation, read", event("conversationMessage.read", `{"id":"m1",`+ours+`}`), receipt(channels.Read, "")},
		{"conversation, sent to them", event("conversationMessage.sent", `{"id":"m1",`+ours+`,"context":`+
			`{"from":{"id":"Support"},"conversationId":"c1","sentOn":"2030-01-31T09:00:00.604Z","direction":"outbound"}}`),
			channels.Inbound{Receipts: []channels.Receipt{{Ref: ref, ProviderID: "m1", Status: channels.Sent, At: at, Conversation: "c1"}}}},
		{"conversation, sent by them", event("conversationMessage.sent", `{"id":"m2","metadata":{},"context":`+
			`{"from":{"id":"dave"},"conversationId":"c1","sentBy":"session:dave","sentOn":"2030-01-31T09:00:00.604Z",`+
			`"scope":"a2p","direction":"inbound"},"parts":[{"data":"yes","size":3,"type":"text/plain"}],"conversationEventId":4}`),
			reply(nil)},
		{"conversation, sent with parts", event("conversationMessage.sent", `{"id":"m2","metadata":{"a":1},"context":{"from":{"id":"dave"},"conversationId":"c1",`+
			`"sentOn":"2030-01-31T09:00:00.604Z","direction":"inbound"},"parts":[{"data":"yes","type":"text/plain"},{"type":"image/png","url":"u"}]}`),
			reply(func(r *channels.Reply) {
				r.Metadata = json.RawMessage(`{"a":1}`)
				r.Parts = []channels.ReplyPart{{Type: "text/plain", Data: json.RawMessage(`"yes"`)}, {Type: "image/png", URL: "u"}}
			})},
		{"conversation, sent by nobody", event("conversationMessage.sent", `{"id":"m2","context":{"direction":"inbound"}}`),
			ignored("conversationMessage.sent", "has no payload.context.from.id, so nobody wrote it")},
		{"conversation, sent as nothing", event("conversationMessage.sent", `{}`), ignored("conversationMessage.sent", "has neither payload.id nor payload.metadata.nudge, so nothing says which message it is about")},

		{"no name", `{"payload":{}}`, ignored("", "has no name")},
		{"name is a number", `{"name":7}`, ignored("", "name is a JSON number, want string")},
		{"ID is a number", event("message.read", `{"id":7}`),
			ignored("message.read", "payload.id is a JSON number, want string")},
		{"about nothing", event("message.read", `{}`), ignored("message.read", "has neither payload.id "+
			"nor payload.metadata.nudge, so nothing says which message it is about")},
		{"from nobody", event("message.inbound", `{"id":"m2","body":"yes"}`),
			ignored("message.inbound", "has no payload.from.profileId, so nobody wrote it")},
		{"broken inside", `{"name":tru}`, ignored("", "not JSON: invalid character '}' in literal true (expecting 'e')")},
		{"too deep", `{"a":` + strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth) + `}`,
			ignored("", "nests 33 levels deep; want at most 32")},

		{"empty array", ` [ ] `, channels.Inbound{}},
		{"array of one", "[" + event("message.read", plain) + "]\n", receipt(channels.Read, "")},
		{"brackets in strings", `[{"name":"a]}\"[{,"},` + event("message.read", plain) + "]",
			channels.Inbound{Receipts: receipt(channels.Read, "").Receipts, Ignored: unheard(`a]}"[{,`).Ignored}},
		{"bad neighbours", `[7,{"name":tru},` + event("message.read", plain) + `,"x",,` +
			event("message.sent", plain) + `,null]`,
			channels.Inbound{
				Receipts: append(receipt(channels.Read, "").Receipts, receipt(channels.Sent, "").Receipts...),
				Ignored: slices.Concat(
					ignored("", "is a JSON number, want an object").Ignored,
					ignored("", "not JSON: invalid character '}' in literal true (expecting 'e')").Ignored,
					ignored("", "is a JSON string, want an object").Ignored,
					ignored("", "not JSON: unexpected end of JSON input").Ignored,
					ignored("", "has no name").Ignored,
				),
			}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := receive(hook, test.body)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeErrors(t *testing.T) {
	for _, test := range []struct {
		name, body string
		want       error
	}{
		{"empty", "", errOutline},
		{"spaces", " \n", errOutline},
		{"text", `"x"`, errOutline},
		{"form", "a=b", errOutline},
		{"cut off object", `{"name":"message.read"`, errOutline},
		{"cut off array", `[{"name":"message.read"}`, errOutline},
		{"two arrays", `[{}][{}]`, errOutline},
	} {
		_, err := receive(hook, test.body)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
	}
	if _, err := posted(hook, []byte(`[`), "00"); !errors.Is(err, errSignature) {
		t.Errorf("a body that is malformed and not signed: got %v, want errSignature", err)
	}
}

// TestManyEvents: a body is not looked at further when it has more events than any provider
// sends. Each of them would cost some microseconds.
func TestManyEvents(t *testing.T) {
	if _, err := receive(hook, "["+strings.Repeat("1,", maxEvents-1)+"1]"); err != nil {
		t.Errorf("%d events: %v", maxEvents, err)
	}
	for name, body := range map[string]string{"numbers": "[" + strings.Repeat("1,", maxEvents) + "1]", "commas": "[" + strings.Repeat(",", DefaultBody-2) + "]"} {
		if _, err := receive(hook, body); !errors.Is(err, errMany) {
			t.Errorf("%s: got %v, want errMany", name, err)
		}
	}
}

func TestBodyLimit(t *testing.T) {
	for configured, want := range map[int]int{0: DefaultBody, 1: 1, MaxBody: MaxBody} {
		if got := (Webhook{MaxBody: configured}).BodyLimit(); got != want {
			t.Errorf("MaxBody %d: the limit is %d, want %d", configured, got, want)
		}
	}
}

// TestDecodeBatch: 500 envelopes, the most that the provider sends, among them one of
// every kind that is no receipt.
func TestDecodeBatch(t *testing.T) {
	var all []string
	for i := range 500 {
		switch i {
		case 100:
			all = append(all, event("never.heard.of", `{}`))
		case 200:
			all = append(all, event("message.inbound", `{"id":"r","from":{"profileId":"dave"},"body":"yes"}`))
		case 300:
			all = append(all, `{"name":"message.read"}`)
		default:
			all = append(all, event("message.read", fmt.Sprintf(`{"id":"m%d",%s}`, i, ours)))
		}
	}
	body := []byte("[" + strings.Join(all, ",") + "]")
	in, err := posted(hook, body, Sign("older", body))
	if err != nil || len(in.Receipts) != 497 || len(in.Replies) != 1 || len(in.Ignored) != 2 ||
		in.Ignored[0].Reason != channels.UnknownEvent || in.Ignored[1].Reason != channels.MalformedEvent {
		t.Fatalf("got %d receipts, %d replies, ignored %q, error %v", len(in.Receipts), len(in.Replies), in.Ignored, err)
	}
	if first, last := in.Receipts[0].ProviderID, in.Receipts[496].ProviderID; first != "m0" || last != "m499" {
		t.Errorf("the receipts are from %s to %s: not in the order of the body", first, last)
	}
}

func TestInstant(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{`"2030-01-31T09:00:00Z"`, "2030-01-31T09:00:00Z"},
		{`"2030-01-31T10:00:00.5+01:00"`, "2030-01-31T09:00:00.5Z"},
		{`"2030-01-31T09:00:00.123"`, "2030-01-31T09:00:00.123Z"},
		{`"2030-01-31 09:00:00"`, "2030-01-31T09:00:00Z"},
		{`1896080400`, "2030-01-31T09:00:00Z"},
		{`99999999999`, "5138-11-16T09:46:39Z"},
		{`100000000000`, "1973-03-03T09:46:40Z"},
		{`1896080400123`, "2030-01-31T09:00:00.123Z"},
		{`"soon"`, "0001-01-01T00:00:00Z"},
		{`-5`, "0001-01-01T00:00:00Z"},
		{`1.5`, "0001-01-01T00:00:00Z"},
		{`{}`, "0001-01-01T00:00:00Z"},
		{`null`, "0001-01-01T00:00:00Z"},
	} {
		var got instant
		if err := got.UnmarshalJSON([]byte(test.in)); err != nil || got.Format(time.RFC3339Nano) != test.want {
			t.Errorf("%s: got %v, %v, want %s", test.in, got, err, test.want)
		}
	}
}

// FuzzDecode: whatever the body is, decoding it neither panics nor fails in a way
// that is not documented, and a good envelope survives beside it in an array.
func FuzzDecode(f *testing.F) {
	good := event("message.read", `{"id":"m1",`+ours+`}`)
	for _, seed := range []string{``, `{}`, `[{},[]]`, `"`, `{"name":"message.inbound"}`, good, `[` + good + `,`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		_, err := posted(hook, body, Sign(secret, body))
		if err != nil && !errors.Is(err, errOutline) {
			t.Fatalf("got %v", err)
		}
		value, _, end := cut(body)
		if end != len(body) || !bytes.Equal(value, body) || !balanced(body) {
			return
		}
		both := []byte("[" + string(body) + "," + good + "]")
		in, err := posted(hook, both, Sign(secret, both))
		if err != nil || len(in.Receipts) == 0 || in.Receipts[len(in.Receipts)-1].ProviderID != "m1" {
			t.Fatalf("beside %q: got %+v, %v", body, in, err)
		}
	})
}

// balanced reports that body cannot swallow what stands behind it.
func balanced(body []byte) bool {
	_, _, end := cut(append(bytes.Clone(body), ','))
	return end == len(body)
}

func BenchmarkDecode(b *testing.B) {
	body := []byte(event("message.read", `{"id":"e9f154c8-4011-493f-bb73-09cfcf8a1411","details":`+
		`{"channel":"appMessaging","additionalInfo":{},"channelStatus":{}},`+ours+`}`))
	signature := Sign(secret, body)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := posted(hook, body, signature); err != nil {
			b.Fatal(err)
		}
	}
}
