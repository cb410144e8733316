package channels

import "slices"

// AppMessaging is the ID of the channel whose fields are those of a message itself.
const AppMessaging = "appMessaging"

// IDs are the IDs of the provider's own channels (Dotdigital, Omnichannel API, Message).
// An account may have custom channels with other IDs.
func IDs() []string {
	return []string{AppMessaging, "email", "fbMessenger", "mms", "nativePush", "rcs", "sms", "whatsApp"}
}

// Gets reports whether a channel gets the part.
func (p Part) Gets(channel string) bool {
	return len(p.Channels) == 0 || slices.Contains(p.Channels, channel)
}
