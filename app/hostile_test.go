package app

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"nudge/client"
	"nudge/examples"
)

// BenchmarkHostile measures honest events alone and beside 2,000 connections that post webhooks
// which nobody signed well, 4 MB each and a byte at a time. p99-ratio is the second over the
// first, and it is to stay below 2.
func BenchmarkHostile(b *testing.B) {
	local, err := StartLocal(b.Context(), LocalConfig{
		Project: Read(examples.Hello(), LocalSettings(os.LookupEnv)), DataDir: b.TempDir(), People: quickly,
	})
	if err != nil {
		b.Fatal(err)
	}
	defer local.Stop()
	a, err := client.New(client.Config{Server: local.URL()})
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	p99 := func() time.Duration {
		var took []time.Duration
		for range 1000 {
			n++
			begun := time.Now()
			if _, err := a.SendEvent(b.Context(), client.Event{Type: "nothing.new", Profile: fmt.Sprint("p", n)}); err != nil {
				b.Fatal(err)
			}
			took = append(took, time.Since(begun))
		}
		slices.Sort(took)
		return took[len(took)*99/100]
	}
	p99() // warm
	var alone, beside []time.Duration
	for b.Loop() {
		alone = append(alone, p99())
		stop := hostile(local.URL(), 2000)
		beside = append(beside, p99())
		stop()
	}
	slices.Sort(alone)
	slices.Sort(beside)
	before, after := alone[len(alone)/2], beside[len(beside)/2]
	b.ReportMetric(float64(before.Microseconds()), "alone-p99-µs")
	b.ReportMetric(float64(after.Microseconds()), "beside-p99-µs")
	b.ReportMetric(float64(after)/float64(before), "p99-ratio")
}

// hostile opens connections from other addresses of loopback, each of which begins a large
// webhook with a signature of the right form and sends a byte each second. What the server
// closes is opened again.
func hostile(url string, connections int) (stop func()) {
	address := strings.TrimPrefix(url, "http://")
	head := "POST /webhooks/comapi HTTP/1.1\r\nHost: x\r\nX-Comapi-Signature: " + strings.Repeat("0", 40) +
		"\r\nContent-Length: 4000000\r\n\r\n" + strings.Repeat("[", 60_000)
	done, ended := make(chan struct{}), make(chan struct{}, connections)
	for i := range connections {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, byte(1+i/500), byte(2+i%4))}}
		go func() {
			defer func() { ended <- struct{}{} }()
			for {
				c, err := dialer.Dial("tcp", address)
				for text := head; err == nil; text = "[" {
					if _, err = c.Write([]byte(text)); err != nil {
						break
					}
					select {
					case <-done:
						c.Close()
						return
					case <-time.After(time.Second):
					}
				}
				if c != nil {
					c.Close()
				}
				select {
				case <-done:
					return
				case <-time.After(100 * time.Millisecond):
				}
			}
		}()
	}
	return func() {
		close(done)
		for range connections {
			<-ended
		}
	}
}
