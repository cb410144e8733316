package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"nudge/channels/appmessaging"
	"nudge/server"
)

const (
	secret   = "a secret of the webhooks of bench"
	asJSON   = "application/json"
	asNDJSON = "application/x-ndjson"
)

// post sends a body to the engine and returns the answer.
func (s *session) post(path, mediaType string, body []byte, header ...string) ([]byte, error) {
	request, err := http.NewRequestWithContext(s.ctx, http.MethodPost, s.engine.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", mediaType)
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	return s.do(request)
}

// webhook posts a signed webhook.
func (s *session) webhook(body []byte) error {
	_, err := s.post("/webhooks/comapi", asJSON, body, appmessaging.SignatureHeader, appmessaging.Sign(secret, body))
	return err
}

// get reads something from the engine.
func (s *session) get(path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(s.ctx, http.MethodGet, s.engine.url+path, nil)
	if err != nil {
		return nil, err
	}
	return s.do(request)
}

func (s *session) do(request *http.Request) ([]byte, error) {
	response, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s was answered %s: %s", request.Method, request.URL.Path, response.Status, answer)
	}
	return answer, err
}

// flow returns the counts of a flow, summed over all its versions.
func (s *session) flow(name string) (sum server.Version, err error) {
	answer, err := s.get("/v1/flows")
	if err != nil {
		return sum, err
	}
	var page struct{ Flows []server.Version }
	if err := json.Unmarshal(answer, &page); err != nil {
		return sum, err
	}
	sum.Parked = map[string]uint64{}
	for _, v := range page.Flows {
		if v.Flow != name {
			continue
		}
		sum.Started, sum.Live = sum.Started+v.Started, sum.Live+v.Live
		for step, runs := range v.Parked {
			sum.Parked[step] += runs
		}
	}
	return sum, nil
}

// metrics returns the engine's metrics with these names. None of them may have a label.
func (s *session) metrics(names ...string) ([]float64, error) {
	text, err := s.get("/metrics")
	if err != nil {
		return nil, err
	}
	values := make([]float64, len(names))
	for i, name := range names {
		_, rest, ok := strings.Cut(string(text), "\n"+name+" ")
		line, _, _ := strings.Cut(rest, "\n")
		if values[i], err = strconv.ParseFloat(line, 64); !ok || err != nil {
			return nil, fmt.Errorf("the engine's /metrics have no %s", name)
		}
	}
	return values, nil
}
