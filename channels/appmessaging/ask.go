package appmessaging

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"nudge/channels"
)

// askedStatuses maps the statuses of the API to receipts. The other statuses, processing
// and retrying, say only that the provider has the message (Dotdigital, Omnichannel API,
// Message).
var askedStatuses = map[string]channels.Status{
	"sent": channels.Sent, "delivered": channels.Delivered, "read": channels.Read,
	"failed": channels.Failed, "filtered": channels.Failed, "expired": channels.Expired,
}

// Ask asks for the status of a message. It returns soon after ctx ends or the timeout passes.
func (c *Client) Ask(ctx context.Context, providerID string) (channels.Receipt, error) {
	if providerID == "" {
		return channels.Receipt{}, errors.New("appmessaging: a message without the provider's ID cannot be asked for")
	}
	a, err := c.exchange(ctx, http.MethodGet, "/messages/"+url.PathEscape(providerID), nil)
	switch {
	case err != nil:
		return channels.Receipt{}, err
	case a.status == http.StatusNotFound:
		return channels.Receipt{ProviderID: providerID, Reason: "the provider knows no such message"}, nil
	case a.status != http.StatusOK:
		return channels.Receipt{}, c.complaint(a)
	}
	return standing(providerID, a.body)
}

// standing returns the receipt in the provider's view of a message.
func standing(providerID string, body []byte) (channels.Receipt, error) {
	var shown struct {
		Status        string          `json:"status"`
		StatusDetails json.RawMessage `json:"statusDetails"`
		Metadata      echo            `json:"metadata"`
		UpdatedOn     instant         `json:"_updatedOn"`
		SentOn        instant         `json:"sentOn"`
	}
	if err := json.Unmarshal(body, &shown); err != nil || shown.Status == "" {
		return channels.Receipt{}, errors.New("appmessaging: the answer is not the JSON of a message with a status")
	}
	r := channels.Receipt{
		Ref: shown.Metadata.ref, ProviderID: providerID,
		Status: askedStatuses[shown.Status], At: shown.UpdatedOn.or(shown.SentOn),
	}
	switch r.Status {
	case 0:
		r.Reason = "the provider says " + clip(shown.Status)
	case channels.Failed, channels.Expired:
		r.Reason = cmp.Or(findReason(shown.StatusDetails), shown.Status)
	}
	return r, nil
}

// exchange makes a request that sends no message, with a JSON body if there is one, and
// reads the whole answer. Its error says why there is no answer.
func (c *Client) exchange(ctx context.Context, method, path string, payload []byte) (answer, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, errTimeout)
	defer cancel()
	var body *parcel
	if payload != nil {
		body = &parcel{data: payload}
	}
	a, err := c.call(ctx, method, path, body)
	if err == nil {
		err = a.torn
	}
	if err != nil {
		return answer{}, c.safe(fmt.Errorf("appmessaging: %s %s: %w", method, c.base.Path+path, c.ended(ctx, err)))
	}
	return a, nil
}

// complaint returns the error for an answer that is not a success.
func (c *Client) complaint(a answer) error {
	r := failed(a, time.Now())
	if r.RetryAfter > 0 {
		r.Reason += fmt.Sprintf("; try again in %v", r.RetryAfter)
	}
	return c.safe(errors.New("appmessaging: " + r.Reason))
}

// safe returns the error with a text that shows no secret.
func (c *Client) safe(err error) error {
	text := c.secrets.Replace(err.Error())
	if text == err.Error() {
		return err
	}
	return errors.New(text)
}
