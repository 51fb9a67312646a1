package consoletest

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"tsujiban/console/ui"
	"tsujiban/people"
)

// axe finds what keeps people out who see, hear or move otherwise.
//
//go:embed axe/axe.min.js
var axe string

// ShotsVar names the directory where pictures of pages are put; none are taken when it is not set.
const ShotsVar = "TSUJIBAN_SCREENSHOTS"

// Window is how somebody looks at a page.
type Window struct {
	Role   people.Role
	Lang   string // ja, en
	Colour string // light, dark
	Width  int
}

func (w Window) String() string { return fmt.Sprintf("%s-%s-%s-%d", w.Role, w.Lang, w.Colour, w.Width) }

// Windows are all ways to look at a page that must hold, for one role.
func Windows(role people.Role) (all []Window) {
	for _, lang := range []string{"ja", "en"} {
		for _, colour := range []string{"light", "dark"} {
			for _, width := range []int{1440, 390} {
				all = append(all, Window{role, lang, colour, width})
			}
		}
	}
	return all
}

// Browser is a Chromium.
type Browser struct {
	t    *testing.T
	site *Site
	ctx  context.Context
}

// Browse starts Chromium for a site.
func (s *Site) Browse(t *testing.T) *Browser {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Fatal("there is no chromium; run scripts/deps")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.WSURLReadTimeout(2*time.Minute), chromedp.UserDataDir(t.TempDir()))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewContext(ctx)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("chromium: %v", err)
	}
	return &Browser{t, s, ctx}
}

// Tab is an open page that is watched.
type Tab struct {
	context.Context
	t    *testing.T
	name string

	mu   sync.Mutex
	said []string
}

// Open opens a page as a window shows it. What the page writes to the console as an error, and whatever it asks of another
// host, fails the test at Check.
func (b *Browser) Open(t *testing.T, w Window, path string) *Tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 4*time.Minute)
	t.Cleanup(cancel)
	tab := &Tab{Context: ctx, t: t, name: strings.Trim(strings.NewReplacer("/", "-", "?", "-", "=", "-").Replace(path), "-") + "-" + w.String()}
	tab.watch(b.site.URL)
	tab.enable(b.site.URL, w)
	tab.do(path, chromedp.EmulateViewport(int64(w.Width), 900), chromedp.Navigate(b.site.URL+path), chromedp.WaitReady(chromedp.CSS("main")))
	return tab
}

// enable prepares the tab before it asks for anything.
func (tab *Tab) enable(site string, w Window) {
	tab.t.Helper()
	cookie := func(name, value string) error {
		_, err := chromedp.Call(tab, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: site, Path: "/"})
		return err
	}
	_, err1 := chromedp.Call(tab, network.Enable, network.EnableParams{})
	_, err2 := chromedp.Call(tab, log.Enable, cdp.Empty{})
	_, err3 := chromedp.Call(tab, runtime.Enable, cdp.Empty{})
	_, err4 := chromedp.Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: w.Colour}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	if err := errors.Join(err1, err2, err3, err4, cookie(ui.SessionCookie(false), w.Role.String()), cookie("tsujiban-language", w.Lang)); err != nil {
		tab.t.Fatal(err)
	}
}

func (tab *Tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	if err := chromedp.Do(tab, steps...); err != nil {
		tab.t.Fatalf("%s: %s: %v", tab.name, what, err)
	}
}

// Wait returns when an element is there (CSS).
func (tab *Tab) Wait(css string) {
	tab.t.Helper()
	tab.do("waiting for "+css, chromedp.WaitReady(chromedp.CSS(css)))
}

// Click clicks an element and returns at once.
func (tab *Tab) Click(css string) {
	tab.t.Helper()
	tab.do("clicking "+css, chromedp.Click(chromedp.CSS(css)))
}

// Type writes into a field.
func (tab *Tab) Type(css, text string) {
	tab.t.Helper()
	tab.do("typing into "+css, chromedp.SendKeys(chromedp.CSS(css), text))
}

// Press presses keys where the focus is.
func (tab *Tab) Press(keys string) {
	tab.t.Helper()
	tab.do("pressing "+keys, chromedp.KeyEvent(keys))
}

// Text is what an element says.
func (tab *Tab) Text(css string) string {
	tab.t.Helper()
	s, err := chromedp.Run(tab, chromedp.Text(chromedp.CSS(css)))
	if err != nil {
		tab.t.Fatalf("%s: %s: %v", tab.name, css, err)
	}
	return s
}

// Eval evaluates an expression whose value is text.
func (tab *Tab) Eval(js string) string {
	tab.t.Helper()
	s, err := chromedp.Run(tab, chromedp.Evaluate[string](js, chromedp.EvalAwaitPromise))
	if err != nil {
		tab.t.Fatalf("%s: %s: %v", tab.name, cut(js, 80), err)
	}
	return s
}

func cut(s string, n int) string { return s[:min(len(s), n)] }

func (tab *Tab) watch(own string) {
	say := func(format string, args ...any) {
		tab.mu.Lock()
		defer tab.mu.Unlock()
		tab.said = append(tab.said, fmt.Sprintf(format, args...))
	}
	err := chromedp.Listen(tab.Context, func(ev any) {
		switch ev := ev.(type) {
		case *runtime.EventExceptionThrown:
			text := ev.ExceptionDetails.Text
			if e := ev.ExceptionDetails.Exception; e != nil {
				text += " " + e.Description
			}
			say("exception: %s", text)
		case *runtime.EventConsoleAPICalled:
			if ev.Type == "error" || ev.Type == "warning" {
				var parts []string
				for _, a := range ev.Args {
					parts = append(parts, string(a.Value)+a.Description)
				}
				say("console: %s", strings.Join(parts, " "))
			}
		case *log.EventEntryAdded:
			if ev.Entry.Level == "error" || ev.Entry.Level == "warning" {
				say("log: %s %s", ev.Entry.Text, ev.Entry.URL)
			}
		case *network.EventRequestWillBeSent:
			if u, err := url.Parse(ev.Request.URL); err == nil && u.Scheme != "data" && !strings.HasPrefix(ev.Request.URL, own+"/") {
				say("asks another host: %s", ev.Request.URL)
			}
		}
	})
	if err != nil {
		tab.t.Fatal(err)
	}
}

// finding is what axe says about a page.
type finding struct {
	ID, Impact, Help string
	Nodes            []struct {
		HTML           string
		FailureSummary string
	}
}

// Check fails when the page complained, asked strangers, is wider than its window, or shuts people out (axe: serious or critical).
func (tab *Tab) Check() {
	tab.t.Helper()
	tab.Eval(axe + `;""`)
	text := tab.Eval(`axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations))`)
	wide := tab.Eval(`[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll, .skip, dialog, svg")).slice(0, 5).map(e => e.outerHTML.slice(0, 160)).join("\n")`)
	var findings []finding
	if err := json.Unmarshal([]byte(text), &findings); err != nil {
		tab.t.Fatal(err)
	}
	for _, f := range findings {
		if f.Impact == "serious" || f.Impact == "critical" {
			for _, n := range f.Nodes {
				tab.t.Errorf("%s: %s (%s): %s\n%s\n%s", tab.name, f.ID, f.Impact, f.Help, n.HTML, n.FailureSummary)
			}
		}
	}
	if wide != "" {
		tab.t.Errorf("%s: wider than the window:\n%s", tab.name, wide)
	}
	tab.mu.Lock()
	defer tab.mu.Unlock()
	for _, s := range tab.said {
		tab.t.Errorf("%s: %s", tab.name, s)
	}
	tab.said = nil
}

// Shot takes a picture of the whole page where [ShotsVar] says.
func (tab *Tab) Shot() {
	tab.t.Helper()
	dir := os.Getenv(ShotsVar)
	if dir == "" {
		return
	}
	png, err := chromedp.Run(tab, chromedp.FullScreenshot(100))
	if err != nil {
		tab.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, tab.name+".png"), png, 0o600); err != nil {
		tab.t.Fatal(err)
	}
}
