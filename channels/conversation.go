package channels

import "strings"

// teamPrefix begins the profile ID of a Chat team.
const teamPrefix = `TEAM\`

// TeamSender returns the sender of a Chat team, with the identity that the provider's
// Chat product requires: TEAM\ and the team's name, spaces replaced by underscores
// (Dotdigital, "Channel: App messaging", Chat compatibility). The name may already have the
// form of such an identity.
func TeamSender(team string) *Sender {
	if name, ok := TeamOf(team); ok {
		team = name
	}
	return &Sender{ID: teamPrefix + underscored(team), Name: team}
}

// TeamOf returns the name of the Chat team in the ID of a sender, without its TEAM\, and
// reports whether the ID has the form of a team's. An example of the provider's page
// writes Team\, so case does not matter.
func TeamOf(id string) (name string, ok bool) {
	if len(id) < len(teamPrefix) || !strings.EqualFold(id[:len(teamPrefix)], teamPrefix) {
		return "", false
	}
	return id[len(teamPrefix):], true
}

// TeamConversation returns the conversation between a Chat team and a person, in the
// structure that the provider's Chat product requires: {Team name}_{Profile ID}, spaces
// replaced by underscores. It cannot be parsed back. The team is a name or the ID of a
// sender.
func TeamConversation(team, profile string) string {
	if name, ok := TeamOf(team); ok {
		team = name
	}
	return underscored(team) + "_" + underscored(profile)
}

// SenderConversation returns the conversation between a person and a sender that is no Chat
// team. No two senders of a project share one, and no sender shares one with the project
// itself: an underscore in the sender's ID is escaped, so the first one ends it.
func SenderConversation(project, sender, profile string) string {
	return underscored(project) + "." + escapeSender.Replace(sender) + "_" + profile
}

var escapeSender = strings.NewReplacer("~", "~0", "_", "~1")

func underscored(s string) string { return strings.ReplaceAll(s, " ", "_") }
