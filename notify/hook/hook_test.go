package hook

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tsujiban/notify/letter"
	"tsujiban/notify/outbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var secret = []byte("0123456789abcdef01234567")

func parcel() *letter.Parcel {
	return &letter.Parcel{
		ID: "id1", Kind: "restriction", At: time.Date(2026, 11, 25, 5, 3, 0, 0, time.UTC), Event: json.RawMessage(`{"customer":"hakata-shokai"}`),
		Letter: &letter.Letter{Subject: "<!channel> *停止* & <https://evil.example|詳細>"},
	}
}

func sender(t *testing.T, o Options) *Sender {
	t.Helper()
	if o.Secrets == nil {
		o.Secrets = [][]byte{secret}
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// TestSignature: the example of the Standard Webhooks specification, then a real request.
func TestSignature(t *testing.T) {
	keys, err := ParseSecrets([]byte("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n\n"))
	if err != nil {
		t.Fatal(err)
	}
	const want = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	if got := Sign(keys, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`)); got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
	var got http.Header
	var body []byte
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusNoContent)
	}))
	defer srv.Close()
	s := sender(t, Options{URL: srv.URL, Secrets: [][]byte{secret, keys[0]}, Clock: func() time.Time { return time.Unix(1_800_000_000, 0) }})
	if err := s.Send(t.Context(), parcel()); err != nil {
		t.Fatal(err)
	}
	if got.Get("webhook-id") != "id1" || got.Get("webhook-timestamp") != "1800000000" || got.Get("webhook-signature") != Sign([][]byte{secret, keys[0]}, "id1", "1800000000", body) {
		t.Errorf("headers %v", got)
	}
	if want := `{"id":"id1","type":"restriction","timestamp":"2026-11-25T05:03:00Z","data":{"customer":"hakata-shokai"}}`; string(body) != want {
		t.Errorf("body %s", body)
	}
	slack := sender(t, Options{URL: srv.URL, Format: Slack})
	if err := slack.Send(t.Context(), parcel()); err != nil {
		t.Fatal(err)
	}
	var msg map[string]string
	if err := json.Unmarshal(body, &msg); err != nil || strings.Contains(msg["text"], "<!") || strings.Contains(msg["text"], "<http") || !strings.Contains(msg["text"], "停止") {
		t.Errorf("slack: %s %v", body, err)
	}
}

func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		answer    http.HandlerFunc
		permanent bool
		says      string
	}{
		"400":      {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "what \x1b[2J is this", 400) }, false, "answered 400 what [2J is this"},
		"gone":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(410) }, true, "410"},
		"429":      {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) }, false, "429"},
		"500":      {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, false, "500"},
		"redirect": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "http://169.254.169.254/", 307) }, false, "redirects are not followed"},
		"slow": {func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // or the server does not see that we go
			<-r.Context().Done()
		}, false, "deadline"},
		"large": {func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(500)
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
		}, false, "500"},
		"hangs up": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, false, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(c.answer)
			defer srv.Close()
			timeout := 10 * time.Second
			if name == "slow" {
				timeout = 100 * time.Millisecond
			}
			err := sender(t, Options{URL: srv.URL + "/secret-token", Timeout: timeout}).Send(t.Context(), parcel())
			if err == nil || outbox.IsPermanent(err) != c.permanent || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, permanent %v", err, outbox.IsPermanent(err))
			}
			if err != nil && strings.Contains(err.Error(), "secret-token") {
				t.Errorf("the address is told: %v", err)
			}
		})
	}
	srv := httptest.NewServer(nil)
	srv.Close()
	if err := sender(t, Options{URL: srv.URL}).Send(t.Context(), parcel()); err == nil || outbox.IsPermanent(err) {
		t.Errorf("nobody there: %v", err)
	}
}

func TestAddresses(t *testing.T) {
	for _, u := range []string{
		"http://example.jp/", "ftp://example.jp/", "https://user:pw@example.jp/", "https://", "file:///etc/passwd", "https:example.jp", "http://localhost/", "http://127.0.0.1.example.jp/",
		"http://[::ffff:10.0.0.1]/", "https://example.jp/#x", "javascript:alert(1)", "",
	} {
		if _, err := outbox.WebhookURL(u); err == nil {
			t.Errorf("%s passed", u)
		}
	}
	for _, u := range []string{"https://example.jp/hook?x=1", "http://127.0.0.1:8080/", "http://[::1]:8080/", "https://192.168.1.1/"} {
		if _, err := outbox.WebhookURL(u); err != nil {
			t.Errorf("%s: %v", u, err)
		}
	}
	home := []netip.Prefix{netip.MustParsePrefix("192.168.10.0/24")}
	for _, a := range []string{
		"127.0.0.1:80", "10.1.2.3:443", "172.16.0.1:443", "192.168.1.1:443", "169.254.169.254:80", "100.64.0.1:443", "0.0.0.0:443", "224.0.0.1:443", "255.255.255.255:443",
		"[::1]:443", "[::]:443", "[fe80::1%eth0]:443", "[fd00::1]:443", "[::ffff:10.0.0.1]:443", "[64:ff9b::a00:1]:443", "[2002:a00:1::]:443", "[ff02::1]:443", "nonsense",
	} {
		if mayDial(a, false, home) == nil {
			t.Errorf("%s may be dialled", a)
		}
	}
	for _, a := range []string{"192.168.10.7:443", "8.8.8.8:443", "[2606:4700::1]:443"} {
		if err := mayDial(a, false, home); err != nil {
			t.Error(err)
		}
	}
	// A name that resolves to this machine is refused at the connection, whatever the address says.
	srv := httptest.NewTLSServer(http.NotFoundHandler())
	defer srv.Close()
	u := strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)
	if err := sender(t, Options{URL: u, TLS: &tls.Config{RootCAs: srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}}).Send(t.Context(), parcel()); err == nil || !strings.Contains(err.Error(), "allow_networks") {
		t.Errorf("localhost by name: %v", err)
	}
	if _, err := New(Options{URL: "https://example.jp/"}); err == nil {
		t.Error("a webhook without a secret passed")
	}
	for _, s := range []string{"", "short", "whsec_###", "whsec_AAAA", strings.Repeat(string(secret)+"\n", 5)} {
		if _, err := ParseSecrets([]byte(s)); err == nil {
			t.Errorf("secret %q passed", s)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sender(t, Options{URL: "http://127.0.0.1:1/"}).Send(ctx, parcel()); err == nil {
		t.Error("a stopped program sends")
	}
}
