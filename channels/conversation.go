package channels

import "strings"

// TeamSender is the sender of a Chat team, with the identity that the provider's
// Chat product requires: TEAM\ and the team's name, spaces replaced by
// underscores (Dotdigital, "Channel: App messaging", Chat compatibility).
func TeamSender(team string) *Sender {
	return &Sender{ID: `TEAM\` + underscored(team), Name: team}
}

// TeamConversation is the conversation between a Chat team and a person, in the
// structure the provider's Chat product requires: {Team name}_{Profile ID}, spaces
// replaced by underscores. It cannot be parsed back.
func TeamConversation(team, profile string) string {
	return underscored(team) + "_" + underscored(profile)
}

func underscored(s string) string { return strings.ReplaceAll(s, " ", "_") }
