package appmessaging

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"nudge/channels"
)

// outcome is what an answer of the provider means. It is the one place that
// knows statuses; now is the instant against which dates in headers count.
//
//	201, 202, other 2xx      Accepted, when the body names the message
//	  … with status "failed" Refused: no channel takes it
//	  … that does not parse  Unknown
//	408, 5xx                 Unknown: what is behind the answer may have taken it
//	429, 503 + Retry-After   Deferred
//	3xx, other 4xx           Refused
func outcome(a answer, now time.Time) channels.Result {
	if a.status >= 200 && a.status < 300 {
		return success(a)
	}
	return failed(a, now)
}

// failed is what an answer that is no success means, of one message as of many.
func failed(a answer, now time.Time) channels.Result {
	status, header, body := a.status, a.header, a.body
	switch {
	case status == http.StatusTooManyRequests:
		after, _ := retryAfter(header, now)
		return deferred("429: too many requests"+colon(failure(body)), after)
	case status == http.StatusServiceUnavailable:
		if after, ok := retryAfter(header, now); ok {
			return deferred("503: unavailable for now"+colon(failure(body)), after)
		}
		return unknown("503: unavailable, and it does not say until when" + colon(failure(body)))
	case status == http.StatusRequestTimeout:
		return unknown("408: the provider gave up waiting" + colon(failure(body)))
	case status >= 500:
		return unknown(fmt.Sprintf("%d: the provider failed%s", status, colon(failure(body))))
	default:
		return refused(fmt.Sprintf("%d: %s%s", status, refusal(status), colon(failure(body))))
	}
}

// taken is what the provider says of one message that it took.
type taken struct {
	Index          *int            `json:"index"` // of a batch
	MessageID      string          `json:"messageId"`
	ConversationID string          `json:"conversationId"`
	Status         string          `json:"status"`
	StatusDetails  json.RawMessage `json:"statusDetails"`
}

// success reads the answer to a send that was taken.
func success(a answer) channels.Result {
	var t taken
	if err := json.Unmarshal(a.body, &t); err != nil {
		return unknown(fmt.Sprintf("answered %d, but the answer is not the JSON of a message", a.status))
	}
	return t.result(a.status)
}

// result is how the send of one message ended that was answered with a success. A 201
// may say that the message already failed (Dotdigital, "Message send response").
func (t *taken) result(status int) channels.Result {
	if t.Status == "failed" {
		return refused("failed at once" + colon(findReason(t.StatusDetails)))
	}
	if t.MessageID == "" {
		return unknown(fmt.Sprintf("answered %d, but the answer names no messageId", status))
	}
	return channels.Result{
		Outcome:      channels.Accepted,
		ProviderID:   t.MessageID,
		Conversation: t.ConversationID,
	}
}

func refusal(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "the provider finds the message invalid"
	case http.StatusUnauthorized:
		return "the access token is missing, wrong or expired"
	case http.StatusForbidden:
		return "the account may not send this; check the permissions and the region of the host"
	case http.StatusNotFound:
		return "there is nothing at this address; check the API space and the host"
	case http.StatusConflict:
		return "it conflicts with what the provider has"
	case http.StatusRequestEntityTooLarge:
		return "the message is too large"
	case http.StatusUnprocessableEntity:
		return "the provider cannot process the message"
	}
	if status < 400 {
		return "the provider redirects, which a send does not follow; check the base URL"
	}
	return strings.ToLower(http.StatusText(status))
}

// failure is what the body of an error says, on one line; empty when it says
// nothing that a person can read.
func failure(body []byte) string {
	var answer struct {
		ValidationFailures []struct {
			ParamName string `json:"paramName"`
			Message   string `json:"message"`
		} `json:"validationFailures"`
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &answer) != nil {
		if text := strings.TrimSpace(string(body)); !strings.HasPrefix(text, "<") {
			return clip(text)
		}
		return "" // the HTML of a proxy
	}
	var all []string
	for _, f := range answer.ValidationFailures {
		all = append(all, strings.TrimPrefix(f.ParamName+": "+f.Message, ": "))
	}
	if len(all) == 0 {
		return clip(answer.Message)
	}
	return clip(strings.Join(all, "; "))
}

func refused(reason string) channels.Result {
	return channels.Result{Outcome: channels.Refused, Reason: reason}
}

func unknown(reason string) channels.Result {
	return channels.Result{Outcome: channels.Unknown, Reason: reason}
}

func deferred(reason string, after time.Duration) channels.Result {
	return channels.Result{Outcome: channels.Deferred, Reason: reason, RetryAfter: after}
}

// colon joins a detail to what stands before it, when there is a detail.
func colon(detail string) string {
	if detail == "" {
		return ""
	}
	return ": " + detail
}
