package demo

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"tsujiban"
)

// The demo is the promise of the README: the thief is stopped, nobody honest is touched, and
// everything that the carrier saw is on record.
func TestDemoStopsTheThief(t *testing.T) {
	var out bytes.Buffer
	sum, err := Run(t.Context(), Options{Out: &out, Headless: true, For: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if !sum.OK() {
		t.Errorf("the demo ended as it should not:\n%s", out.String())
	}
	var back Summary
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || back.HonestCalls != sum.HonestCalls {
		t.Errorf("the summary does not read back: %v\n%s", err, out.String())
	}
	t.Log(out.String())
}

// The console stands beside the demo: each printed link signs its person in, once, and only when somebody presses the button.
func TestDemoConsole(t *testing.T) {
	o := Options{Out: io.Discard, Headless: true, For: 10 * time.Second}
	s := &stage{o: o, dir: t.TempDir(), board: newBoard(o, firms()), addrs: map[tsujiban.CustomerID]netip.Addr{}}
	defer func() {
		if err := s.strike(); err != nil {
			t.Error(err)
		}
	}()
	if err := s.build(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, l := range s.links {
		shows, link, _ := strings.Cut(l.ja, "：")
		jar, _ := cookiejar.New(nil)
		c := &http.Client{Jar: jar}
		page := get(t, c, link)
		token := regexp.MustCompile(`name="(csrf[^"]*)" value="([^"]+)"`).FindStringSubmatch(page)
		if token == nil {
			t.Fatalf("no form behind %s:\n%s", link, page)
		}
		base, _, _ := strings.Cut(link, "/enter/")
		own := base + "/account"
		if page := get(t, c, own); strings.Contains(page, shows) {
			t.Errorf("%s: %s is shown to who only looked at the link", link, own)
		}
		resp, err := c.PostForm(link, url.Values{token[1]: {token[2]}})
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if page := get(t, c, own); !strings.Contains(page, shows) {
			t.Errorf("%s: %s does not show %q:\n%s", link, own, shows, page)
		}
		if page := get(t, &http.Client{}, link); strings.Contains(page, "<form method=\"post\">") {
			t.Errorf("%s can be used again", link)
		}
	}
}

func get(t *testing.T, c *http.Client, url string) string {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
