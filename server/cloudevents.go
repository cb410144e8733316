package server

import (
	"encoding/json"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"nudge/lang/trace"
)

// Events may come as CloudEvents 1.0 (github.com/cloudevents/spec, the HTTP protocol binding and the JSON
// format): structured, in batches, and binary, with the attributes in headers.
const (
	mediaCloudEvent  = "application/cloudevents+json"
	mediaCloudEvents = "application/cloudevents-batch+json"
	cloudVersion     = "1.0"
	cloudHeader      = "Ce-" // before the name of an attribute
)

// cloudEvent is an event as a CloudEvent. Attributes that it does not have here are ignored.
type cloudEvent struct {
	SpecVersion     string          `json:"specversion"` // 1.0
	ID              string          `json:"id"`          // with source, the id of the event
	Source          string          `json:"source"`
	Type            string          `json:"type"`                            // as nudge.yaml declares it
	Subject         string          `json:"subject,omitempty"`               // the person it is about
	DataContentType string          `json:"datacontenttype,omitempty"`       // application/json
	Data            json.RawMessage `json:"data,omitempty" openapi:"object"` // an object
	DataBase64      string          `json:"data_base64,omitempty"`           // is refused: data must be an object
	TraceParent     traceText       `json:"traceparent,omitempty"`           // the trace that it is part of; a wrong one counts as none
	TraceState      traceText       `json:"tracestate,omitempty"`            // what belongs to it
}

// event is what a CloudEvent says. Its id is unique only within its source, so the two together are the
// id.
func (c *cloudEvent) event() (*event, error) {
	missing := map[string]string{"id": c.ID, "source": c.Source, "type": c.Type}
	for _, name := range []string{"id", "source", "type"} {
		if missing[name] == "" {
			return nil, wrongField(name, "a CloudEvent needs "+name)
		}
	}
	switch {
	case strings.ContainsFunc(c.Source, unicode.IsSpace):
		return nil, wrongField("source", "source is the reference of a URI, and has no white space")
	case c.SpecVersion != cloudVersion:
		return nil, wrongField("specversion", "must be "+cloudVersion)
	case c.DataBase64 != "":
		return nil, wrongField("data_base64", "data must be an object of JSON, in data")
	case c.DataContentType != "" && !isJSON(c.DataContentType):
		return nil, wrongField("datacontenttype", "must be application/json")
	}
	return &event{ID: c.Source + " " + c.ID, Type: c.Type, Profile: c.Subject, Data: c.Data,
		trace: trace.Parse(string(c.TraceParent), string(c.TraceState))}, nil
}

// isJSON reports whether a media type is JSON, or of that form.
func isJSON(given string) bool {
	media, _, err := mime.ParseMediaType(given)
	return err == nil && (media == mediaJSON || strings.HasSuffix(media, "+json"))
}

// readCloudEvent reads a structured CloudEvent.
func readCloudEvent(raw []byte) (*event, error) {
	fields, err := objectOf(raw)
	if err != nil {
		return nil, err
	}
	// Names of attributes are of lower case, and encoding/json would take any.
	maps.DeleteFunc(fields, func(name string, _ json.RawMessage) bool { return name != strings.ToLower(name) })
	var c cloudEvent
	if err := json.Unmarshal(encoded(fields), &c); err != nil {
		return nil, jsonProblem(err, encoded(fields), &c)
	}
	return c.event()
}

// isBinary reports whether a request is a CloudEvent whose attributes are in its headers.
func isBinary(r *http.Request) bool { return r.Header.Get(cloudHeader+"Specversion") != "" }

// binaryEvent returns the CloudEvent of a request with the data in its body. Values of headers are
// percent-encoded.
func binaryEvent(r *http.Request, data []byte) (*event, error) {
	c := cloudEvent{Data: compact(data)}
	for name, into := range map[string]*string{"specversion": &c.SpecVersion, "id": &c.ID, "source": &c.Source, "type": &c.Type, "subject": &c.Subject} {
		text, err := url.PathUnescape(r.Header.Get(cloudHeader + name))
		switch {
		case err != nil:
			return nil, wrongField("ce-"+name, "is not percent-encoded: "+err.Error())
		case len(r.Header.Values(cloudHeader+name)) > 1:
			return nil, wrongField("ce-"+name, "ce-"+name+" is given twice")
		case !utf8.ValidString(text):
			return nil, wrongField("ce-"+name, "ce-"+name+" is not UTF-8")
		}
		*into = text
	}
	c.TraceParent, c.TraceState = traceText(r.Header.Get(cloudHeader+trace.ParentHeader)), traceText(r.Header.Get(cloudHeader+trace.StateHeader))
	if len(c.Data) > 0 {
		if _, err := objectOf(c.Data); err != nil {
			return nil, err
		}
	}
	return c.event()
}
