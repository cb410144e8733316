package channels

import "testing"

// The rules and the example of Dotdigital's page "Channel: App messaging", Chat
// compatibility: spaces become underscores, and nothing else changes.
func TestChatCompatibility(t *testing.T) {
	for _, test := range []struct{ team, profile, sender, conversation string }{
		{"Customer Services", "anon_1dae9f4e-23a2-4b1e-9bdd-03490c2133b3", `TEAM\Customer_Services`,
			"Customer_Services_anon_1dae9f4e-23a2-4b1e-9bdd-03490c2133b3"},
		{"Support", "dave", `TEAM\Support`, "Support_dave"},
		{"Support", "da ve  x", `TEAM\Support`, "Support_da_ve__x"},
		{"Support", `USER\alex.stevens`, `TEAM\Support`, `Support_USER\alex.stevens`},
		{"VIP\tÉquipe", "PLATFORMUSER\\a@b.example", "TEAM\\VIP\tÉquipe", "VIP\tÉquipe_PLATFORMUSER\\a@b.example"},
	} {
		for _, form := range []string{test.team, `TEAM\` + test.team, `Team\` + test.team} { // the last two are the provider's
			if got := TeamSender(form); got.ID != test.sender || got.Name != test.team {
				t.Errorf("team %q: got %+v, want id %q and the name %q", form, got, test.sender, test.team)
			}
			if got := TeamConversation(form, test.profile); got != test.conversation {
				t.Errorf("team %q and %q: got %q, want %q", form, test.profile, got, test.conversation)
			}
		}
	}
}

// TestSenderConversation verifies that no two senders, and no two people, share a conversation.
func TestSenderConversation(t *testing.T) {
	seen := map[string]string{TeamConversation("shop", "ann"): "the project"}
	for _, sender := range []string{"a", "a_b", "a~1b", "a~b", "a b", "a_"} {
		for _, profile := range []string{"ann", "b_ann", "b", "_b", "a b", "a_b"} {
			conversation := SenderConversation("shop", sender, profile)
			who := sender + " to " + profile
			if seen[conversation] != "" {
				t.Errorf("%s and %s share %q", seen[conversation], who, conversation)
			}
			seen[conversation] = who
		}
	}
	if got := SenderConversation("shop", "customer_care", "dave"); got != "shop.customer~1care_dave" {
		t.Errorf("got %q", got)
	}
}

// Every outcome and status has a word, and what is none is told as a number.
func TestWords(t *testing.T) {
	for o, want := range map[Outcome]string{
		0: "outcome(0)", Accepted: "accepted", Refused: "refused", Deferred: "deferred", Unknown: "unknown", 5: "outcome(5)",
	} {
		if got := o.String(); got != want {
			t.Errorf("outcome %d: got %q, want %q", o, got, want)
		}
	}
	for s, want := range map[Status]string{
		0: "status(0)", Sent: "sent", Delivered: "delivered", Read: "read", Failed: "failed", Expired: "expired",
	} {
		if got := s.String(); got != want {
			t.Errorf("status %d: got %q, want %q", s, got, want)
		}
	}
}
