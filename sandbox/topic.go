package sandbox

import "slices"

// topic is the kind of an event, by the provider's names.
type topic uint8

// The topics there are webhooks of.
const (
	messageSent topic = iota
	messageDelivered
	messageRead
	messageExpired
	messageFailed
	messageInbound
	conversationCreate
	participantAdded
	conversationMessageSent
	conversationMessageDelivered
	conversationMessageRead
	conversationUpdate
	conversationDelete
	conversationUndelete
	participantRemoved
	participantUpdated
	profileCreate
	profileUpdate
	profileDelete
	profileUndelete
	profileDevices
)

// topicFacts are the API's facts about each topic, in their order.
var topicFacts = [...]struct{ name, says string }{
	messageSent:                  {"message.sent", "A channel accepted a message."},
	messageDelivered:             {"message.delivered", "A message reached the device."},
	messageRead:                  {"message.read", "A message was read."},
	messageExpired:               {"message.expired", "A message was not delivered in time."},
	messageFailed:                {"message.failed", "A message cannot be delivered."},
	messageInbound:               {"message.inbound", "A person wrote a message."},
	conversationCreate:           {"conversation.create", "A conversation was created."},
	participantAdded:             {"conversation.participantAdded", "Somebody joined a conversation."},
	conversationMessageSent:      {"conversationMessage.sent", "A message was put into a conversation."},
	conversationMessageDelivered: {"conversationMessage.delivered", "A message of a conversation reached the device."},
	conversationMessageRead:      {"conversationMessage.read", "A message of a conversation was read."},
	conversationUpdate:           {"conversation.update", "The name, description or roles of a conversation changed."},
	conversationDelete:           {"conversation.delete", "A conversation was deleted."},
	conversationUndelete:         {"conversation.undelete", "A deleted conversation was restored."},
	participantRemoved:           {"conversation.participantRemoved", "Somebody left a conversation."},
	participantUpdated:           {"conversation.participantUpdated", "The role of somebody in a conversation changed."},
	profileCreate:                {"profile.create", "A profile was created."},
	profileUpdate:                {"profile.update", "A profile changed."},
	profileDelete:                {"profile.delete", "A profile was deleted."},
	profileUndelete:              {"profile.undelete", "A deleted profile was restored."},
	profileDevices:               {"profile.devicesUpdated", "The devices of a profile changed."},
}

// String is the provider's name of a topic.
func (t topic) String() string { return topicFacts[t].name }

// topicOf finds a topic by the provider's name.
func topicOf(name string) (topic, bool) {
	i := slices.IndexFunc(topicFacts[:], func(f struct{ name, says string }) bool { return f.name == name })
	return topic(max(0, i)), i >= 0
}

// ofMessage reports whether the topic is one of the provider's "Message events".
func (t topic) ofMessage() bool { return t <= messageInbound }

// ofParticipant reports whether the topic is about somebody in a conversation; its events
// have no revision.
func (t topic) ofParticipant() bool {
	return t == participantAdded || t == participantRemoved || t == participantUpdated
}

// topics is a set of topics.
type topics uint32

const (
	messageTopics topics = 1<<(messageInbound+1) - 1 // the provider's template "Message events"
	allTopics     topics = 1<<len(topicFacts) - 1
)

func (s topics) has(t topic) bool { return s&(1<<t) != 0 }

// receiptTopic is the topic of a message's status. Filtered has none.
func receiptTopic(status string) (topic, bool) {
	return topicOf("message." + status)
}
