package console

import (
	"nudge/client"
)

var auditViews = []view{
	{pattern: Root + "audit", file: "audit", section: "audit", load: loadAudit},
}

// auditPage is the list of who changed what.
type auditPage struct {
	*client.AuditPage
	By, Did, On string // of the filter
	Filtered    bool
	Far         bool // many entries were looked at
}

// auditLook is how many entries, the newest, a page looks at for those that it shows.
const auditLook = 400

func loadAudit(v *visit) (*content, error) {
	q := client.AuditQuery{By: v.query("by"), Did: v.query("did"), On: v.query("on"), Profile: v.query("profile"), Before: v.query("before"), Look: auditLook}
	if v.Far() {
		q.Look = farLook
	}
	if q.Profile != "" {
		v.reveals(q.Profile) // all entries are about them
	}
	page, err := v.api.Audit(v.ctx(), q)
	if err != nil {
		return nil, err
	}
	filtered := q.By != "" || q.Did != "" || q.On != "" || q.Profile != ""
	return &content{Title: "Audit", Data: auditPage{page, q.By, q.Did, q.On, filtered, v.Far()}}, nil
}
