package channels

// platformFields are the fields of push notifications that the provider's page describes,
// with the types that they may have. A payload may have others (Dotdigital, "Channel: App
// messaging", platforms). Where the table and the text of the page differ, both types are
// right.
var platformFields = map[string]map[string]fieldType{
	"apns":              {"badge": wholeNumber, "sound": textOrObject, "alert": text, "payload": object},
	"fcm":               {"collapse_key": textOrObject, "data": object, "notification": object},
	"fcm.notification.": {"title": text, "body": text, "icon": text},
}

// fieldType is a type of a field, as a message calls it.
type fieldType string

// WholeNumber is the type of a badge, as PlatformProblem calls it.
const WholeNumber = "a whole number"

const (
	wholeNumber  fieldType = WholeNumber
	text         fieldType = "text"
	object       fieldType = "a mapping"
	textOrObject fieldType = "text or a mapping"
)

// Untold is a value that is not known yet. It fits every type.
type Untold struct{}

// PlatformProblem returns the first field of a push notification that has a wrong type, with
// the type that it must have. The platform is apns or fcm. It returns empty texts if there
// is none.
func PlatformProblem(platform string, fields map[string]any) (field, want string) {
	if field, want = wrongField(platform, "", fields); field != "" {
		return field, want
	}
	if notification, ok := fields["notification"].(map[string]any); ok && platform == "fcm" {
		return wrongField("fcm.notification.", "notification.", notification)
	}
	return "", ""
}

func wrongField(key, prefix string, fields map[string]any) (field, want string) {
	known := platformFields[key]
	for _, name := range []string{"badge", "sound", "alert", "payload", "collapse_key", "data", "notification", "title", "body", "icon"} {
		value, there := fields[name]
		if t, ok := known[name]; ok && there && !t.has(value) {
			return prefix + name, string(t)
		}
	}
	return "", ""
}

// has reports whether a value has the type.
func (t fieldType) has(value any) bool {
	switch v := value.(type) {
	case Untold:
		return true
	case string:
		return t == text || t == textOrObject
	case map[string]any:
		return t == object || t == textOrObject
	case int, int64:
		return t == wholeNumber
	case float64:
		return t == wholeNumber && v == float64(int64(v))
	}
	return false
}
