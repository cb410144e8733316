package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"

	"nudge/client"
)

// serve is a server that answers every request in the same way, as a stand-in for Nudge.
func serve(status int, media, body string) (*client.Client, func()) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", media)
		w.WriteHeader(status)
		io.WriteString(w, body)
	}))
	c, err := client.New(client.Config{Server: server.URL})
	if err != nil {
		log.Fatal(err)
	}
	return c, server.Close
}

func ExampleClient_SendEvent() {
	c, stop := serve(http.StatusOK, "application/json",
		`{"id": "shipped-7", "decisions": [{"flow": "order_shipped", "run": "01JCWZ7Q4N0000000000000001", "did": "started"}]}`)
	defer stop()

	answer, err := c.SendEvent(context.Background(), client.Event{
		ID: "shipped-7", Type: "order.shipped", Profile: "ann", Data: []byte(`{"order_id": "7"}`),
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range answer.Decisions {
		fmt.Println(d.Flow, d.Did, d.Run)
	}
	// Output: order_shipped started 01JCWZ7Q4N0000000000000001
}

func ExampleClient_StreamEvents() {
	c, stop := serve(http.StatusOK, "application/x-ndjson", `{"line": 1}
{"line": 2, "error": {"type": "urn:nudge:problem:shape", "status": 422, "detail": "data.total must be a number, got \"many\"", "errors": [{"field": "data.total", "detail": "must be a number"}]}}
`)
	defer stop()

	events := slices.Values([]client.Event{
		{ID: "1", Type: "order.shipped", Data: []byte(`{"total": 12}`)},
		{ID: "2", Type: "order.shipped", Data: []byte(`{"total": "many"}`)},
	})
	lines := client.Lines(events)
	defer lines.Close()
	for answer, err := range c.StreamEvents(context.Background(), lines) {
		switch {
		case err != nil:
			log.Fatal(err)
		case answer.Error != nil:
			fmt.Printf("line %d: %s\n", answer.Line, answer.Error)
		default:
			fmt.Printf("line %d: accepted\n", answer.Line)
		}
	}
	// Output:
	// line 1: accepted
	// line 2: data.total must be a number, got "many"
}

func ExampleProblem() {
	c, stop := serve(http.StatusConflict, "application/problem+json",
		`{"type": "urn:nudge:problem:conflict", "title": "Conflict", "status": 409, "detail": "the id shipped-7 was used with another body"}`)
	defer stop()

	_, err := c.SendEvent(context.Background(), client.Event{ID: "shipped-7", Type: "order.shipped"})
	var problem *client.Problem
	if errors.As(err, &problem) && problem.Kind() == client.KindConflict {
		fmt.Println(problem.Status, problem)
	}
	// Output: 409 the id shipped-7 was used with another body
}

func ExampleClient_Runs() {
	c, stop := serve(http.StatusOK, "application/json",
		`{"runs": [{"id": "01JCWZ7Q4N0000000000000001", "flow": "order_shipped", "profile": "ann", "status": "waiting", "step": "wait_1", "started": "2026-03-02T10:00:00.000Z"}]}`)
	defer stop()

	q := client.RunQuery{RunFilter: client.RunFilter{Flow: "order_shipped", Status: "live"}}
	for {
		page, err := c.Runs(context.Background(), q)
		if err != nil {
			log.Fatal(err)
		}
		for _, r := range page.Runs {
			fmt.Println(r.Profile, r.Status, "at", r.Step, "since", r.Started)
		}
		if page.Next == "" {
			break
		}
		q.Before = page.Next
	}
	// Output: ann waiting at wait_1 since 2026-03-02T10:00:00.000Z
}
