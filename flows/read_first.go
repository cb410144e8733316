package flows

import "nudge/lang/node"

// warnReadFirst warns of a line that ends at a read above one that waits for a reply to the same
// message. People read before they answer.
func (r *reader) warnReadFirst(lines []Line, maps []*node.Map) {
	for i := range lines {
		read := &lines[i]
		if read.Signal != SignalRead || read.Do || read.If != nil || maps[i] == nil {
			continue
		}
		for j := i + 1; j < len(lines); j++ {
			reply := &lines[j]
			if reply.Signal == SignalReply && (reply.Step == read.Step || reply.Step == AnyStep || read.Step == AnyStep) {
				maps[i].Get("read").Warnf(codeReadFirst, "remove this line, wait for the reply in its then, or write do instead of then",
					"people read before they answer, so this line comes before the reply of line %d", reply.Span.Start.Line)
				break
			}
		}
	}
}
