package channels

import "time"

// Message is one rendered message to one person, ready for a provider. It is a
// plain value; a channel must not keep or change what it points to.
type Message struct {
	To           string            // the person's profile ID
	Addresses    map[string]string // further addresses of the person, by the provider's names: phoneNumber, email
	Conversation string            // conversation the message belongs to; empty for a new one, which the provider assigns
	From         *Sender           // nil: the profile of the access token
	Title        string            // for channels that show one; may be empty
	Body         string            // text of all channels; exclusive with Parts and Template
	Parts        []Part            // exclusive with Body and Template
	Template     string            // ID of a template kept at the provider, which makes the parts
	Alert        *Alert            // push notification shown beside the message; nil for none
	Metadata     any               // what the person's app sees with the message: a JSON object or nil
	Rules        []string          // channel ids in order of preference; exclusive with RuleSet
	RuleSet      string            // id of a rule set kept at the provider
	OptIn        bool              // the provider shall refuse it unless the person opted in to one of the channels
	Expires      time.Time         // when the message is no longer useful; zero for never
	Ref          Ref               // ours, echoed by the provider on every receipt

	// AppParts replaces Body, Parts and Template for app messaging; the other channels keep
	// those. Nil means that app messaging gets them too.
	AppParts []Part

	// Options is what other channels get beside the message, and Custom what they get in its
	// place, both by channel ID. A channel has one or the other.
	Options map[string]map[string]any
	Custom  map[string]any // a JSON object, or text

	// Overrides describes the conversation that this message begins, in the provider's form:
	// appMessaging.conversation. It may be nil.
	Overrides map[string]any

	Linked bool // its texts have PreferencesMark in them
}

// Sender is the name under which a message is sent.
type Sender struct {
	ID     string // profile ID of the sender
	Name   string // shown to the person; may be empty
	Avatar string // URL of a picture; may be empty
}

// Part is one part of a multi-part message. The first part is its text.
type Part struct {
	Name     string // optional
	Type     string // MIME type
	Data     string // text, or base64 unless IsText(Type); exclusive with URL
	URL      string
	Size     int64    // bytes; 0 when not known
	Channels []string // channel ids that get the part; none: all
}

// Alert is the push notification that announces a message. When a platform is
// set, the provider ignores Title and Body and uses the platforms verbatim.
type Alert struct {
	Title string
	Body  string
	APNS  map[string]any // badge, sound, alert, payload; nil for none
	FCM   map[string]any // collapse_key, data, notification; nil for none
}

// Ref is the identity of one attempt to send one message of one run. It travels
// as metadata.nudge and comes back on every receipt.
type Ref struct {
	Installation string `json:"i"` // the store that sent it
	Run          string `json:"r"` // run ID in text form
	Message      int    `json:"m"` // number of the message within its run, from 1
	Attempt      int    `json:"a"` // from 1; a resend after an unknown outcome takes the next
}

// IsZero reports whether there is no reference at all.
func (r Ref) IsZero() bool { return r == Ref{} }
