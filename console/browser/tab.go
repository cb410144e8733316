package browser

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long one thing that is done with a tab may take; then it fails.
const patience = time.Minute

// View is how a page is looked at.
type View struct {
	Dark    bool // the system asks for dark colours
	Scripts bool // the page's scripts run
	Width   int  // of the window in px; 0: 1280
	Height  int  // 0: 900
}

// String names the view.
func (v View) String() string {
	words := []string{"light"}
	if v.Dark {
		words[0] = "dark"
	}
	if !v.Scripts {
		words = append(words, "no script")
	}
	if v.Width != 0 {
		words = append(words, fmt.Sprintf("%d px", v.Width))
	}
	return strings.Join(words, ", ")
}

// Tab is an open page, in a profile of its own: other tabs do not see its cookies.
type Tab struct {
	ctx     context.Context
	stop    func()
	axe     string
	view    View
	origin  string
	heard   *heard
	world   runtime.ExecutionContextID // where our scripts run
	axeThen runtime.ExecutionContextID // the world that has axe-core
}

// Cookie is sent with every request of a tab.
type Cookie struct{ Name, Value, Path string }

// Open opens a page and waits until it is loaded. The caller closes the tab.
func (c *Chromium) Open(address string, v View, cookies ...Cookie) (*Tab, error) {
	at, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	t := &Tab{axe: c.axe, origin: at.Scheme + "://" + at.Host}
	t.heard = newHeard(t.origin)
	ctx, end := chromedp.NewContext(c.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(t.hear))
	t.ctx, t.stop = ctx, end
	if err = t.prepare(v, cookies); err == nil {
		err = t.Go(address)
	}
	if err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// prepare makes the tab ready before its first page.
func (t *Tab) prepare(v View, cookies []Cookie) error {
	if err := chromedp.Do(t.ctx); err != nil { // opens the tab, which lives as long as the context of this call
		return err
	}
	if err := send(t, network.Enable, network.EnableParams{}); err != nil {
		return err
	}
	if err := send(t, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true}); err != nil {
		return err
	}
	for _, c := range cookies {
		if err := send(t, network.SetCookie, network.SetCookieParams{Name: c.Name, Value: c.Value, URL: t.origin, Path: c.Path}); err != nil {
			return err
		}
	}
	return t.Look(v)
}

// call sends a command to the browser and returns its answer.
func call[P, R any](t *Tab, command cdp.Command[P, R], params P) (R, error) {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	return chromedp.Call(ctx, command, params)
}

// send is call where the answer does not matter.
func send[P, R any](t *Tab, command cdp.Command[P, R], params P) error {
	_, err := call(t, command, params)
	return err
}

// do does something of several commands.
func (t *Tab) do(action chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	return chromedp.Do(ctx, action)
}

// hear takes what the browser reports. A dialog of the page would stop everything, so it is closed at once.
func (t *Tab) hear(event any) {
	t.heard.take(event)
	if _, ok := event.(*page.EventJavascriptDialogOpening); ok {
		go func() { // ends with the answer of the browser, or with the tab
			_ = send(t, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{}) // it is reported as a fault anyway
		}()
	}
}

// Close closes the tab.
func (t *Tab) Close() { t.stop() }

// Look changes how the page is looked at. Scripts take effect with the next page.
func (t *Tab) Look(v View) error {
	v.Width, v.Height = cmp.Or(v.Width, 1280), cmp.Or(v.Height, 900)
	scheme := "light"
	if v.Dark {
		scheme = "dark"
	}
	t.view = v
	err := send(t, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: int64(v.Width), Height: int64(v.Height), DeviceScaleFactor: 1,
	})
	if err != nil {
		return err
	}
	return send(t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

// Go opens another page in the tab and forgets what was heard of the last one.
func (t *Tab) Go(address string) error {
	t.heard.reset()
	if err := t.allowScripts(t.view.Scripts); err != nil {
		return err
	}
	if err := t.do(chromedp.Navigate(address)); err != nil {
		return fmt.Errorf("%s: %w", address, err)
	}
	return t.enter()
}

func (t *Tab) allowScripts(yes bool) error {
	return send(t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !yes})
}

// enter makes our world in the page that was loaded. Where the page's scripts are off, they did not run
// when the page was read and never will, so that ours may run from here on.
func (t *Tab) enter() error {
	if err := t.allowScripts(true); err != nil {
		return err
	}
	tree, err := call(t, page.GetFrameTree, cdp.Empty{})
	if err != nil {
		return err
	}
	made, err := call(t, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: tree.FrameTree.Frame.ID, WorldName: "proof"})
	t.world = made.ExecutionContextID
	return err
}

// Status is the status of the answer that has the page.
func (t *Tab) Status() int {
	t.heard.mu.Lock()
	defer t.heard.mu.Unlock()
	return t.heard.status
}

// Address is where the tab is now.
func (t *Tab) Address() (address string, err error) {
	err = t.Ask("location.href", &address)
	return address, err
}

// Ask evaluates an expression in our world, and decodes its value into an answer. A nil answer is dropped.
// A promise is awaited.
func (t *Tab) Ask(expression string, answer any) error {
	yes := true
	result, err := call(t, runtime.Evaluate, runtime.EvaluateParams{
		Expression: expression, ContextID: t.world, ReturnByValue: &yes, AwaitPromise: &yes,
	})
	switch {
	case err != nil:
		return err
	case result.ExceptionDetails != nil:
		return &chromedp.ExceptionError{ExceptionDetails: result.ExceptionDetails}
	case answer == nil:
		return nil
	}
	return json.Unmarshal(result.Result.Value, answer)
}

// Picture returns the page as PNG: the window, or all of the page.
func (t *Tab) Picture(whole bool) ([]byte, error) {
	taken, err := call(t, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: &whole})
	return taken.Data, err
}
