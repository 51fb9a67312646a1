package api_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tsujiban/api"
)

const hookSecret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// verify tells whether a webhook comes from who has the secret, and lately. docs/api.md shows it as it stands here.
func verify(secret string, h http.Header, body []byte, now time.Time) error {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return err
	}
	at, err := strconv.ParseInt(h.Get("webhook-timestamp"), 10, 64)
	if err != nil || now.Sub(time.Unix(at, 0)).Abs() > 5*time.Minute {
		return errors.New("too old, or no time")
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(h.Get("webhook-id") + "." + h.Get("webhook-timestamp") + "."))
	mac.Write(body)
	want := []byte("v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	for _, got := range strings.Fields(h.Get("webhook-signature")) {
		if hmac.Equal([]byte(got), want) {
			return nil
		}
	}
	return errors.New("not signed with this secret")
}

// TestWebhook: a test that the API sends arrives over the network, and the receiver of the documentation believes it and no other.
func TestWebhook(t *testing.T) {
	source, err := os.ReadFile("webhook_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(source), "as it stands here.\n")
	code, _, _ = strings.Cut(code, "\n}\n")
	for _, page := range []string{"../docs/api.md", "../docs/api.ja.md"} {
		if text, err := os.ReadFile(page); err != nil || !strings.Contains(string(text), "```go\n"+code+"\n}\n```") {
			t.Errorf("%s shows other code than is tested: %v", page, err)
		}
	}

	type post struct {
		h    http.Header
		body []byte
	}
	posts := make(chan post, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		posts <- post{r.Header, body}
	}))
	defer receiver.Close()
	s := newSite(t)
	s.stop()
	if err := os.WriteFile(filepath.Join(s.dir, "hook.secret"), []byte(hookSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.more = "[[webhook]]\nid = \"ticket\"\nurl = \"" + receiver.URL + "/private/path\"\nsecret_file = \"hook.secret\"\n"
	s.start()
	d := readDocument(t, s)
	row := func(id string) *api.Row {
		for i := range api.Rows {
			if api.Rows[i].ID == id {
				return &api.Rows[i]
			}
		}
		return nil
	}
	var list api.Page[api.WebhookEndpoint]
	r := s.must(200, "viewer", "GET", "/webhooks", nil)
	d.check(row("list-webhooks"), r)
	if r.into(t, &list); len(list.Items) != 1 || !list.Items[0].Signed || strings.Contains(string(r.body), "private") || strings.Contains(string(r.body), "whsec") {
		t.Errorf("%s", r.body)
	}
	r = s.must(200, "administrator", "POST", "/webhooks/ticket/test", nil)
	d.check(row("test-webhook"), r)
	var p post
	select {
	case p = <-posts:
	case <-time.After(30 * time.Second):
		t.Fatal("nothing arrived")
	}
	if err := verify(hookSecret, p.h, p.body, time.Now()); err != nil {
		t.Error(err)
	}
	for name, err := range map[string]error{
		"another secret": verify("whsec_"+base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1}, 32)), p.h, p.body, time.Now()),
		"another body":   verify(hookSecret, p.h, append(p.body, ' '), time.Now()),
		"an hour later":  verify(hookSecret, p.h, p.body, time.Now().Add(time.Hour)),
	} {
		if err == nil {
			t.Errorf("%s is believed", name)
		}
	}
	var e struct{ ID, Type string }
	if err := json.Unmarshal(p.body, &e); err != nil || e.Type != "test" || e.ID != p.h.Get("webhook-id") {
		t.Errorf("%s: %v", p.body, err)
	}
	d.check(row("list-notices"), s.must(200, "viewer", "GET", "/notices?kind=test", nil))
}
