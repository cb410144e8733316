package simtest

// crowdsKey is the least key with which no golden seed knows of it.
const crowdsKey = 2004649265

// byWhom says at times whom an event must name that finds its run by a key.
func (p *page) byWhom(key, before, after string) string {
	if key != "event.id" || p.crowds == nil || p.crowds.IntN(2) == 0 {
		return ""
	}
	return before + "by: " + pick(p.crowds, "profile.id", "profile.id", `'"ann"'`, `'profile.plan == "pro" ? "bob" : profile.id'`, `'profile.name ?? "cid"'`, "profile.name") + after
}
