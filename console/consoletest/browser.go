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
	"github.com/chromedp/cdproto/webauthn"
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

// Few are four of the [Windows] among which every language meets every width and every colour: for pages that many tests see.
func Few(role people.Role) []Window {
	return []Window{{role, "ja", "light", 1440}, {role, "en", "dark", 1440}, {role, "ja", "dark", 390}, {role, "en", "light", 390}}
}

// WindowsVar set to "all" has the tests look at pages in every window: eight, where two that differ in everything do for each change.
const WindowsVar = "TSUJIBAN_WINDOWS"

// Windows are the ways to look at a page that must hold, for one role.
func Windows(role people.Role) (all []Window) {
	if os.Getenv(WindowsVar) != "all" {
		return []Window{{role, "ja", "light", 1440}, {role, "en", "dark", 390}}
	}
	for _, lang := range []string{"ja", "en"} {
		for _, colour := range []string{"light", "dark"} {
			for _, width := range []int{1440, 390} {
				all = append(all, Window{role, lang, colour, width})
			}
		}
	}
	return all
}

// Turn tells whether a page is looked at in a window, both by their place in the list: pages take turns where not all windows are asked for.
func Turn(window, page int) bool {
	return os.Getenv(WindowsVar) == "all" || (window+page)%2 == 0
}

// browsers are the programs that will do, the best first. The one that can only do without a window is the same engine and takes less than
// half of the CPU; of its package we start the program itself, for the script in /usr/bin stays between it and who stops it.
var browsers = []string{"/usr/lib/chromium/chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"}

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
	for _, name := range browsers {
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
	t      *testing.T
	site   string
	window Window
	name   string
	lists  int // of windows that it was looked at in

	mu    sync.Mutex // guards what follows
	said  []string
	pages map[string]bool // that were asked for as pages
}

func (tab *Tab) isPage(url string) bool {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	return tab.pages[url]
}

// Open opens a page as a window shows it. What the page writes to the console as an error, and whatever it asks of another
// host, fails the test at Check.
func (b *Browser) Open(t *testing.T, w Window, path string) *Tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 4*time.Minute)
	t.Cleanup(cancel)
	tab := &Tab{Context: ctx, t: t, site: b.site.URL, pages: map[string]bool{}}
	tab.watch(b.site.URL)
	tab.enable()
	tab.Look(w)
	tab.Go(path)
	return tab
}

// Look changes how the pages that follow are looked at, and by whom.
func (tab *Tab) Look(w Window) {
	tab.t.Helper()
	tab.window = w
	cookie := func(name, value string) error {
		if value == "" {
			return nil
		}
		_, err := chromedp.Call(tab, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: tab.site, Path: "/"})
		return err
	}
	_, err := chromedp.Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: w.Colour}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	role := ""
	if w.Role != 0 {
		role = w.Role.String()
	}
	if err := errors.Join(err, cookie(ui.SessionCookie(false), role), cookie("tsujiban-language", w.Lang)); err != nil {
		tab.t.Fatal(err)
	}
	tab.do("size", chromedp.EmulateViewport(int64(w.Width), 900))
}

var fileName = strings.NewReplacer("/", "-", "?", "-", "=", "-", "&", "-")

// Go opens another page in the same tab.
func (tab *Tab) Go(path string) {
	tab.t.Helper()
	tab.name = strings.Trim(cut(fileName.Replace(path), 60), "-") + "-" + tab.window.String()
	tab.do(path, chromedp.Navigate(tab.site+path), chromedp.WaitReady(chromedp.CSS("main")))
}

// Follow clicks what leads to another page (a link, the button of a form) and returns when that is there.
func (tab *Tab) Follow(css string) {
	tab.t.Helper()
	tab.Eval(`document.documentElement.dataset.left = "yes"; ""`)
	tab.Click(css)
	tab.Wait("html:not([data-left]) main")
}

// Fill replaces what stands in a field, as if it was typed.
func (tab *Tab) Fill(css, text string) {
	tab.t.Helper()
	tab.Eval(fmt.Sprintf(`document.querySelector(%q).value = ""; ""`, css))
	tab.Type(css, text)
}

// Each looks at a page in every window of a list, checks it, and takes pictures. Of [Few] axe is asked in two, light and dark, wide and
// narrow among them; the languages take turns.
func (tab *Tab) Each(windows []Window, path string) {
	tab.t.Helper()
	tab.lists++
	for i, w := range windows {
		tab.Look(w)
		tab.Go(path)
		if len(windows) < 4 || Turn(i, tab.lists) {
			tab.Check()
		} else {
			tab.Quick()
		}
		tab.Shot()
	}
}

// Here checks the page that is shown, which cannot be asked for again, and takes its picture under a name.
func (tab *Tab) Here(name string) {
	tab.t.Helper()
	tab.name = name + "-" + tab.window.String()
	tab.Check()
	tab.Shot()
}

// At is the path of the page that is shown.
func (tab *Tab) At() string { tab.t.Helper(); return tab.Eval(`location.pathname`) }

// Says fails unless the page shows all of the words.
func (tab *Tab) Says(words ...string) {
	tab.t.Helper()
	text := tab.Eval(`document.body.innerText`)
	for _, w := range words {
		if !strings.Contains(text, w) {
			tab.t.Fatalf("%s at %s does not say %q:\n%s", tab.name, tab.At(), w, text)
		}
	}
}

// Passkey gives the tab a device that keeps passkeys and knows its owner; from now on everything that is asked of it is granted.
func (tab *Tab) Passkey() {
	tab.t.Helper()
	_, err1 := chromedp.Call(tab, webauthn.Enable, webauthn.EnableParams{})
	_, err2 := chromedp.Call(tab, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, AutomaticPresenceSimulation: true, IsUserVerified: true,
	}})
	if err := errors.Join(err1, err2); err != nil {
		tab.t.Fatal(err)
	}
}

// enable prepares the tab before it asks for anything.
func (tab *Tab) enable() {
	tab.t.Helper()
	_, err1 := chromedp.Call(tab, network.Enable, network.EnableParams{})
	_, err2 := chromedp.Call(tab, log.Enable, cdp.Empty{})
	_, err3 := chromedp.Call(tab, runtime.Enable, cdp.Empty{})
	if err := errors.Join(err1, err2, err3); err != nil {
		tab.t.Fatal(err)
	}
}

// do does steps. A live page may exchange an element between being found and being used: nothing was done with it then, and it is looked for anew.
func (tab *Tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	for _, step := range steps {
		err := chromedp.Do(tab, step)
		for range 20 {
			if err == nil || !strings.Contains(err.Error(), "No node with given id") {
				break
			}
			err = chromedp.Do(tab, step)
		}
		if err != nil {
			tab.t.Fatalf("%s: %s: %v", tab.name, what, err)
		}
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

// Text is what an element says, once it is there. It is found and read in one step, for a live page may exchange it at any time.
func (tab *Tab) Text(css string) string {
	tab.t.Helper()
	tab.Wait(css)
	return tab.Eval(fmt.Sprintf(`document.querySelector(%q).innerText`, css))
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
			// A page that refuses is told of, too; what it says is its own.
			if own := ev.Entry.Source == "network" && tab.isPage(ev.Entry.URL); !own && (ev.Entry.Level == "error" || ev.Entry.Level == "warning") {
				say("log: %s %s", ev.Entry.Text, ev.Entry.URL)
			}
		case *network.EventRequestWillBeSent:
			if ev.Type == network.ResourceTypeDocument {
				tab.mu.Lock()
				tab.pages[ev.Request.URL] = true
				tab.mu.Unlock()
			}
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

// Check fails when the page shuts people out (axe: serious or critical), and as [Tab.Quick] does.
func (tab *Tab) Check() {
	tab.t.Helper()
	tab.Eval(axe + `;""`)
	text := tab.Eval(`axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations))`)
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
	tab.Quick()
}

// Quick fails when the page complained, asked strangers, or is wider than its window.
func (tab *Tab) Quick() {
	tab.t.Helper()
	wide := tab.Eval(`[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll, .skip, dialog, svg")).slice(0, 5).map(e => e.outerHTML.slice(0, 160)).join("\n")`)
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
