package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/chromedp/chromedp"
)

// Chromium is a running browser. Its tabs may be used at the same time.
type Chromium struct {
	ctx  context.Context
	stop func()
	axe  string // the source of axe-core
}

// programs are the names that Chromium is installed under.
var programs = []string{"chromium", "chromium-browser", "google-chrome"}

// Launch starts Chromium and reads axe-core. The ctx limits the life of the browser.
func Launch(ctx context.Context) (*Chromium, error) {
	program, err := find(programs)
	if err != nil {
		return nil, err
	}
	axe, err := os.ReadFile(axeFile)
	if err != nil {
		return nil, fmt.Errorf("axe-core is missing, and ./test.sh installs it: %w", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.Flag("disable-component-update", true), // it asks the network
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("enable-blink-features", "ComputedAccessibilityInfo"), // names and roles, for scripts/stop.js
		chromedp.Flag("font-render-hinting", "none"),
		chromedp.Flag("hide-scrollbars", true), // a window of 320 px shows 320 px
		chromedp.Flag("lang", "en-GB"),
		chromedp.Env("TZ=UTC"),
	)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium does not start as root otherwise; only our own pages are opened
	}
	allocated, free := chromedp.NewExecAllocator(ctx, options...)
	running, end := chromedp.NewContext(allocated)
	if err := chromedp.Do(running); err != nil {
		end()
		free()
		return nil, fmt.Errorf("%s does not start: %w", program, err)
	}
	return &Chromium{ctx: running, stop: func() { end(); free() }, axe: string(axe)}, nil
}

// Close ends the browser and all tabs.
func (c *Chromium) Close() { c.stop() }

func find(programs []string) (string, error) {
	for _, name := range programs {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("chromium is missing, and ./test.sh installs it")
}
