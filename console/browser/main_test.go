package browser

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"
)

// chromium is the browser of all tests.
var chromium *Chromium

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if chromium, err = Launch(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer chromium.Close()
	return m.Run()
}
