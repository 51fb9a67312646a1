package rules_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"tsujiban/app/control"
	"tsujiban/console/consoletest"
	"tsujiban/people"
)

// TestNotices: what a receiver refuses for good is shown with its reason, and sent again by an administrator once the receiver works.
func TestNotices(t *testing.T) {
	var works atomic.Bool
	var got atomic.Int64
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if works.Load() {
			got.Add(1)
			return
		}
		w.WriteHeader(http.StatusGone)
	}))
	defer receiver.Close()
	site := consoletest.Start(t, "[[webhook]]\nid = \"chat\"\nurl = \""+receiver.URL+"/x\"\nformat = \"slack\"\n")
	d := &desk{t, site, site.Client(people.Administrator)}
	if _, text := d.get("/notices"); !strings.Contains(text, "届かなかった通知はありません") {
		t.Errorf("%s", text)
	}
	if err := site.App.Office("administrator@example.jp").Do(t.Context(), http.MethodPost, "/v1/notices/test", control.NoticeTest{Webhook: "chat"}, nil); err != nil {
		t.Fatal(err)
	}
	again := regexp.MustCompile(`/notices/[0-9a-f]+/again`)
	to := ""
	site.Until(func() bool { _, text := d.get("/notices"); to = again.FindString(text); return to != "" })
	if _, text := d.get("/notices"); !strings.Contains(text, "410") || !strings.Contains(text, "試験送信") || !strings.Contains(text, "受信側の URL") {
		t.Errorf("%s", text)
	}
	if status, _ := (&desk{t, site, site.Client(people.Analyst)}).get("/notices"); status != http.StatusForbidden {
		t.Errorf("an analyst: %d", status)
	}
	b := site.Browse(t)
	for _, w := range consoletest.Windows(people.Administrator) {
		tab := b.Open(t, w, "/notices")
		tab.Check()
		tab.Shot()
	}
	works.Store(true)
	d.post("/notices", to, url.Values{}, 303, "もう一度送ります")
	site.Until(func() bool { return got.Load() == 1 })
	d.post("/rules", to, url.Values{}, 409, "すでに再送された")
}
