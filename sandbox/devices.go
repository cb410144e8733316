package sandbox

import (
	"net/http"
	"slices"
	"strconv"

	"nudge/sandbox/session"
)

// device is one of a person's devices, as the API shows it.
type device struct {
	ID          string        `json:"id"`
	Platform    string        `json:"platform"`
	SDKType     string        `json:"sdkType"`
	SDKVersion  string        `json:"sdkVersion"`
	Push        *session.Push `json:"push,omitempty"`
	LastStarted string        `json:"lastSessionStartedOn"`
}

// devices are those of the sessions of somebody, the newest session of each.
func (s *Sandbox) devices(profile string) []device {
	all := []device{}
	for _, x := range s.sessions.Of(profile, s.config.Clock.Now()) {
		all = slices.DeleteFunc(all, func(d device) bool { return d.ID == x.DeviceID })
		all = append(all, device{x.DeviceID, x.Platform, x.SDKType, x.SDKVersion, x.Push, x.StartedOn})
	}
	return all
}

// tellDevices tells that the devices of somebody have changed.
func (s *Sandbox) tellDevices(profile, space string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.people[profile]; p != nil {
		s.tellOf(p, profileDevices, caller{profile: profile}, space, struct {
			ID      string   `json:"id"`
			Devices []device `json:"devices"`
		}{profile, s.devices(profile)})
	}
}

// deleteDevice is DELETE …/profiles/{profile}/devices/{device}: its sessions end.
func (s *Sandbox) deleteDevice(w http.ResponseWriter, r *http.Request, c caller) {
	profile := r.PathValue("profile")
	ended := false
	for _, x := range s.sessions.Of(profile, s.config.Clock.Now()) {
		if c.is(profile) && x.DeviceID == r.PathValue("device") {
			ended = s.sessions.End(x.ID) || ended
		}
	}
	if !ended {
		answerError(w, http.StatusNotFound, "device not found")
		return
	}
	s.sockets.Drop(profile) // its other devices connect again
	s.tellDevices(profile, r.PathValue("space"))
	w.WriteHeader(http.StatusNoContent)
}

// pushValidation lists the push registrations of a person.
type pushValidation struct {
	ID    string   `json:"id"`
	Count int      `json:"pushDevicesCount"`
	FCM   []string `json:"fcm"`  // package names
	APNS  []string `json:"apns"` // <bundleId>.<environment>
}

// validatePush is POST …/profiles/devices/push/validation.
func (s *Sandbox) validatePush(w http.ResponseWriter, r *http.Request, _ caller) {
	var q struct {
		IDs []string `json:"ids"`
	}
	if !readJSON(w, r, &q) {
		return
	}
	if len(q.IDs) == 0 || len(q.IDs) > MaxBatch {
		answerInvalid(w, failures{{"ids", "want 1 to " + strconv.Itoa(MaxBatch) + " profile IDs"}})
		return
	}
	all := []pushValidation{}
	for _, id := range q.IDs {
		v := pushValidation{ID: id, FCM: []string{}, APNS: []string{}}
		for _, d := range s.devices(id) {
			switch {
			case d.Push == nil:
			case d.Push.FCM != nil:
				v.Count, v.FCM = v.Count+1, append(v.FCM, d.Push.FCM.Package)
			case d.Push.APNS != nil:
				v.Count, v.APNS = v.Count+1, append(v.APNS, d.Push.APNS.BundleID+"."+d.Push.APNS.Environment)
			}
		}
		all = append(all, v)
	}
	answerJSON(w, http.StatusOK, all)
}
