package session

import "time"

// Session is one app of one person, in the API's JSON.
type Session struct {
	ID              string `json:"id"`
	Nonce           string `json:"nonce"`
	Provider        string `json:"provider"`
	ExpiresOn       string `json:"expiresOn"`
	IsActive        bool   `json:"isActive"`
	State           string `json:"state"`
	DeviceID        string `json:"deviceId"`
	Platform        string `json:"platform"`
	PlatformVersion string `json:"platformVersion"`
	SDKType         string `json:"sdkType"`
	SDKVersion      string `json:"sdkVersion"`
	SourceIP        string `json:"sourceIp"`
	StartedOn       string `json:"startedOn"`
	ProfileID       string `json:"profileId"`

	Space   string    `json:"-"`
	Token   string    `json:"-"`
	Push    *Push     `json:"-"` // nil: not registered
	expires time.Time // on the callers' clock
	order   uint64    // of all sessions, from 1: two may begin in one millisecond
}

// Push is where a device gets its pushes; one of the two is set.
type Push struct {
	FCM  *FCM  `json:"fcm,omitempty"`
	APNS *APNS `json:"apns,omitempty"`
}

// FCM is an Android app's registration.
type FCM struct {
	Package        string `json:"package"`
	RegistrationID string `json:"registrationId"`
}

// APNS is an iOS app's registration.
type APNS struct {
	BundleID    string `json:"bundleId"`
	Environment string `json:"environment"` // development or production
	Token       string `json:"token"`
}

// Challenge is what an app must answer with a JWT, in the API's JSON.
type Challenge struct {
	AuthenticationID string `json:"authenticationId"`
	Provider         string `json:"provider"`
	Nonce            string `json:"nonce"`
	ExpiresOn        string `json:"expiresOn"`

	expires time.Time
}

// Device is what an app reports about itself when it creates a session.
type Device struct {
	DeviceID        string `json:"deviceId"`
	Platform        string `json:"platform"`
	PlatformVersion string `json:"platformVersion"`
	SDKType         string `json:"sdkType"`
	SDKVersion      string `json:"sdkVersion"`
}

// provider is the one kind of proof that apps can give.
const provider = "jsonWebToken"

// layout is how the API writes instants.
const layout = "2006-01-02T15:04:05.000Z"

func written(t time.Time) string { return t.UTC().Format(layout) }
