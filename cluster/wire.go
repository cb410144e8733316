package cluster

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"nudge/engine"
	"nudge/runner"
	"nudge/store"
	"nudge/store/nodes"
)

const (
	maxMessage = 64 << 20 // bytes of a message between nodes; a larger one is refused
	maxRequest = 8 << 20  // bytes of inputs that one call brings to another node, or one group of inputs if that has more; the next call brings the rest

	paths        = "/cluster/1/"
	submitPath   = paths + "submit"
	handOverPath = paths + "handover"
	noticePath   = paths + "notice"
	proxyPath    = paths + "proxy/"
)

// submitHead is the head of groups of inputs.
type submitHead struct {
	Partition int   `json:"partition"`
	Sizes     []int `json:"sizes"` // of the groups, which follow one after the other
}

// handOverHead is the head of a handover.
type handOverHead struct {
	To       int    `json:"to"`
	Store    []byte `json:"store"`
	From     int    `json:"from"`
	Commands uint64 `json:"commands"`
}

// outcome is what became of a group.
type outcome struct {
	Answers []engine.Answer `json:"answers,omitempty"`
	Error   *fault          `json:"error,omitempty"`
}

// taken is what a partition answers to a handover.
type taken struct {
	UpTo    uint64        `json:"up_to"`
	Answers []takenAnswer `json:"answers,omitempty"`
}

type takenAnswer struct {
	Number uint64        `json:"number"`
	Answer engine.Answer `json:"answer"`
}

// encodeMessage writes a head as JSON, and inputs in the journal's encoding.
func encodeMessage(head any, inputs []byte) ([]byte, error) {
	text, err := json.Marshal(head)
	if err != nil {
		return nil, err
	}
	return slices.Concat(binary.AppendUvarint(nil, uint64(len(text))), text, inputs), nil
}

// encodeInputs writes inputs in the journal's encoding.
func encodeInputs(b []byte, inputs []*engine.Input) []byte {
	for _, in := range inputs {
		b = store.AppendInput(b, in)
	}
	return b
}

// upTo returns how many groups go into one call, and their inputs: all, unless they are large.
func upTo(groups [][]*engine.Input) (n int, inputs []byte) {
	for _, g := range groups {
		next := encodeInputs(inputs, g)
		if n > 0 && len(next) > maxRequest {
			break
		}
		n, inputs = n+1, next
	}
	return n, inputs
}

var errMessage = errors.New("the message of another node is not whole")

// decodeMessage reads what encodeMessage has written.
func decodeMessage(b []byte, head any) (inputs []*engine.Input, err error) {
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) {
		return nil, errMessage
	}
	text, rest := b[n:n+int(size)], b[n+int(size):]
	if err := json.Unmarshal(text, head); err != nil {
		return nil, errors.Join(errMessage, err)
	}
	for len(rest) > 0 {
		var in *engine.Input
		if in, rest, err = store.ReadInput(rest); err != nil {
			return nil, errors.Join(errMessage, err)
		}
		inputs = append(inputs, in)
	}
	return inputs, nil
}

// groups divides inputs into groups.
func groups(inputs []*engine.Input, sizes []int) (all [][]*engine.Input, err error) {
	for _, n := range sizes {
		if n < 1 || n > len(inputs) {
			return nil, errMessage
		}
		all, inputs = append(all, inputs[:n:n]), inputs[n:]
	}
	if len(inputs) > 0 {
		return nil, errMessage
	}
	return all, nil
}

// fault is an error on its way to another node.
type fault struct {
	Kind   string `json:"kind"`
	Detail string `json:"detail"`
	Owner  string `json:"owner,omitempty"` // address of the node that has the partition, as far as this one knows
}

// faults are the errors that another node sees as the same ones. Everything else is a failure of which nobody knows what it did.
var faults = []struct {
	kind   string
	status int
	err    error
}{
	{"not owner", http.StatusMisdirectedRequest, nodes.ErrNotOwner},
	{"not owner", http.StatusMisdirectedRequest, runner.ErrElsewhere},
	{"busy", http.StatusTooManyRequests, runner.ErrBusy},
	{"stopped", http.StatusServiceUnavailable, runner.ErrStopped},
	{"unsure", http.StatusServiceUnavailable, runner.ErrUnsure},
	{"behind", http.StatusConflict, runner.ErrBehind},
	{"gap", http.StatusConflict, runner.ErrGap},
	{"message", http.StatusBadRequest, errMessage},
}

const failure = "failure"

// faultOf makes an error ready for its way.
func faultOf(err error) (*fault, int) {
	if err == nil {
		return nil, http.StatusOK
	}
	for _, f := range faults {
		if errors.Is(err, f.err) {
			return &fault{Kind: f.kind, Detail: err.Error()}, f.status
		}
	}
	return &fault{Kind: failure, Detail: err.Error()}, http.StatusInternalServerError
}

// remoteError is an error of another node.
type remoteError struct {
	fault
	is []error // more than one, if they mean the same
}

func (e *remoteError) Error() string   { return e.Detail }
func (e *remoteError) Unwrap() []error { return e.is }

// error is the error that arrived; nil for none.
func (f *fault) error() error {
	if f == nil {
		return nil
	}
	e := &remoteError{fault: *f}
	for _, known := range faults {
		if known.kind == f.Kind {
			e.is = append(e.is, known.err)
		}
	}
	if len(e.is) == 0 {
		e.is = []error{runner.ErrUnsure}
	}
	return e
}
