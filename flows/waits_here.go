package flows

// mustNotWait reports the steps from an index on that wait, where only steps that do not wait
// may stand.
func (r *reader) mustNotWait(from int, where string) {
	for i := range r.flow.Steps[from:] {
		s := &r.flow.Steps[from+i]
		waits := s.Verb == VerbWait || s.Verb == VerbRepeat || s.Verb == VerbCollect
		if waits || s.Verb == VerbStart && s.Start.Wait {
			r.list.Errorf(s.Span, codeWaitsHere, "start a flow that waits, without wait: true", "%s waits, and %s must not wait", s.ID, where)
		}
	}
}
