package app

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/notify/hook"
	"tsujiban/notify/mailtest"
	"tsujiban/notify/outbox"
)

const hookSecret = "0123456789abcdef01234567"

// receiver is a real program at the end of a webhook, which checks who sends.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	got    []hook.Event
	answer int
	new    chan struct{} // a request came
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{answer: http.StatusOK, new: make(chan struct{}, 100)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		want := hook.Sign([][]byte{[]byte(hookSecret)}, q.Header.Get("webhook-id"), q.Header.Get("webhook-timestamp"), body)
		var e hook.Event
		if err != nil || json.Unmarshal(body, &e) != nil || q.Header.Get("webhook-signature") != want {
			t.Errorf("a webhook that is not signed by us: %v %s", q.Header, body)
		}
		r.mu.Lock()
		w.WriteHeader(r.answer)
		if r.answer == http.StatusOK {
			r.got = append(r.got, e)
		}
		r.mu.Unlock()
		r.new <- struct{}{}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) wait(t *testing.T) hook.Event {
	t.Helper()
	select {
	case <-r.new:
	case <-time.After(30 * time.Second):
		t.Fatal("nothing came")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.got) == 0 {
		return hook.Event{}
	}
	return r.got[len(r.got)-1]
}

// telling configures a site that tells.
func (s *site) telling(m *mailtest.Server, h *receiver) {
	s.write("hook.secret", hookSecret+"\n")
	s.write("mail.password", mailtest.Password+"\n")
	m.CA(s.t, s.dir+"/ca.pem")
	for i := range s.seed.Customers {
		s.seed.Customers[i].Contact = "soumu@hakata.example.jp"
	}
	s.configure(fmt.Sprintf(`
[mail]
server = "127.0.0.1"
port = %d
user = "guard"
password_file = "mail.password"
ca = "ca.pem"
from = "例示電話 <guard@example.jp>"
reply_to = "noc@example.jp"
[notify]
staff = ["noc@example.jp"]
digest = "off"
[[webhook]]
id = "ops"
url = "%s/"
secret_file = "hook.secret"
`, m.Addr.Port, h.URL))
}

// byAddress waits for a mail to each of two.
func byAddress(t *testing.T, ms []mailtest.Mail) map[string]*mail.Message {
	t.Helper()
	out := map[string]*mail.Message{}
	for _, m := range ms {
		msg, err := mail.ReadMessage(strings.NewReader(m.Text))
		if err != nil {
			t.Fatal(err)
		}
		out[m.To] = msg
	}
	return out
}

func subject(t *testing.T, m *mail.Message) string {
	t.Helper()
	if m == nil {
		t.Fatal("no mail")
	}
	s, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestRestrictionIsTold: by mail to customer and staff, and to the webhook; then the release; then what the customer says.
func TestRestrictionIsTold(t *testing.T) {
	m, h := mailtest.Start(t, mailtest.StartTLS), newReceiver(t)
	s := newSite(t)
	s.telling(m, h)
	r := s.start()
	if err := r.do(http.MethodPut, "/v1/customers/hakata-shokai/restriction", control.Order{Level: "close", Note: "asked to by <b>telephone</b>"}, nil); err != nil {
		t.Fatal(err)
	}
	if e := h.wait(t); e.Type != "closing" || !strings.Contains(string(e.Data), `"customer":"hakata-shokai"`) {
		t.Errorf("webhook: %+v", e)
	}
	got := byAddress(t, m.Wait(t, 2))
	if s := subject(t, got["soumu@hakata.example.jp"]); s != "【重要】すべての発信を停止しました（博多商会 様）" {
		t.Errorf("the customer is told %q", s)
	}
	if s := subject(t, got["noc@example.jp"]); !strings.Contains(s, "【監視】博多商会: 停止") {
		t.Errorf("staff is told %q", s)
	}
	if err := r.do(http.MethodDelete, "/v1/customers/hakata-shokai/restriction", control.Order{Note: "settled"}, nil); err != nil {
		t.Fatal(err)
	}
	h.wait(t)
	m.Wait(t, 4)
	var list control.Notices
	if err := r.do(http.MethodGet, "/v1/notices?state=sent", nil, &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Notices) < 5 { // the sixth may be marked only in a moment
		t.Errorf("%d notices were sent", len(list.Notices))
	}
}

// TestDeadWebhookIsShown: what is given up is listed with its reason, staff hear of it, and it is sent again when asked.
func TestDeadWebhookIsShown(t *testing.T) {
	m, h := mailtest.Start(t, mailtest.StartTLS), newReceiver(t)
	h.answer = http.StatusGone
	s := newSite(t)
	s.telling(m, h)
	r := s.start()
	if err := r.do(http.MethodPut, "/v1/customers/hakata-shokai/restriction", control.Order{Level: "restrict", Note: "x"}, nil); err != nil {
		t.Fatal(err)
	}
	h.wait(t)
	var told bool
	for n := 1; !told; n++ {
		for _, x := range m.Wait(t, n) {
			told = told || strings.Contains(subject(t, byAddress(t, []mailtest.Mail{x})[x.To]), "通知が届きませんでした")
		}
	}
	var list control.Notices
	for len(list.Notices) == 0 {
		if err := r.do(http.MethodGet, "/v1/notices?state=dead", nil, &list); err != nil {
			t.Fatal(err)
		}
	}
	if n := list.Notices[0]; n.To != "ops" || !strings.Contains(n.Reason, "410") || list.Counts["dead"] != 1 {
		t.Errorf("listed as %+v", list)
	}
	h.mu.Lock()
	h.answer = http.StatusOK
	h.mu.Unlock()
	var done control.Done
	if err := r.do(http.MethodPost, "/v1/notices/"+list.Notices[0].ID+"/again", nil, &done); err != nil || done.Seq == 0 {
		t.Fatal(done, err)
	}
	if e := h.wait(t); e.ID != list.Notices[0].ID || e.Type != "restriction" {
		t.Errorf("again: %+v", e)
	}
	if err := r.do(http.MethodPost, "/v1/notices/test", control.NoticeTest{Mail: "a@example.jp\r\nBcc: b@example.jp"}, nil); tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
		t.Errorf("an address with more behind it: %v", err)
	}
	if err := r.do(http.MethodPost, "/v1/notices/test", control.NoticeTest{Webhook: "ops"}, nil); err != nil {
		t.Fatal(err)
	}
	if e := h.wait(t); e.Type != "test" {
		t.Errorf("test: %+v", e)
	}
}

// TestKilledBetweenSendingAndMarking: kill -9 after the mail server has read the message and before anybody knows. The next
// start sends it again under the same id; what was marked is not told again, and nothing is forgotten.
func TestKilledBetweenSendingAndMarking(t *testing.T) {
	m, h := mailtest.Start(t, mailtest.StartTLS), newReceiver(t)
	s := newSite(t)
	s.telling(m, h)
	first := s.start() // imports the customers
	first.stop()
	read := make(chan string, 10)
	hold := make(chan struct{})
	m.OnData(func(x mailtest.Mail) error {
		read <- x.Text
		<-hold
		return nil
	})
	child := s.child(t)
	client := control.NewClient(s.dir+"/data/control.sock", "")
	defer client.Close()
	for {
		// The program has just imported the customer without an address.
		if err := client.Do(t.Context(), http.MethodPatch, "/v1/customers/hakata-shokai", map[string]string{"contact": "soumu@hakata.example.jp"}, nil); err == nil {
			break
		}
		select {
		case <-t.Context().Done():
			t.Fatal("the program does not start")
		case <-time.After(20 * time.Millisecond):
		}
	}
	if err := client.Do(t.Context(), http.MethodPut, "/v1/customers/hakata-shokai/restriction", control.Order{Level: "restrict", Note: "x"}, nil); err != nil {
		t.Fatal(err)
	}
	before := <-read
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // killed
	close(hold)
	m.Wait(t, 1)
	m.OnData(nil)
	r := s.start()
	got := m.Wait(t, 3)
	id := func(text string) string {
		msg, err := mail.ReadMessage(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return msg.Header.Get("Message-ID")
	}
	seen := map[string]int{}
	for _, x := range got {
		seen[x.To+" "+id(x.Text)]++
	}
	if seen["soumu@hakata.example.jp "+id(before)] != 2 || len(seen) != 2 {
		t.Errorf("came: %v", seen)
	}
	waiting := outbox.Waiting
	for {
		ns, err := r.store.Notices(t.Context(), outbox.Query{State: &waiting})
		if err != nil {
			t.Fatal(err)
		}
		if len(ns) == 0 {
			break
		}
		<-time.After(10 * time.Millisecond)
	}
	if n := len(m.Got()); n != 3 {
		t.Errorf("%d mails in all", n)
	}
}

// child runs the program as a process of its own, to be killed.
func (s *site) child(t *testing.T) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), exe)
	c.Env = append(os.Environ(), "TSUJIBAN_TEST_SERVE="+s.file)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestDay: what the digest tells comes from calls, registrations and what was turned away.
func TestDay(t *testing.T) {
	r := newSite(t).start()
	now := time.Now().UTC()
	a := tsujiban.Attempt{Customer: "hakata-shokai", Trunk: "hakata-pbx", Source: netip.MustParseAddrPort("203.0.113.9:5060"), UserAgent: []byte("=cmd|'/c calc'!A1\u202e http://evil.example/ <script>")}
	r.desk.Registered(&a, now)
	r.desk.Registered(&a, now)
	r.desk.Refused(&tsujiban.Refusal{Source: netip.MustParseAddr("198.51.100.7"), What: tsujiban.RefusedUnknownSource, Count: 40, UserAgent: "friendly-scanner"}, now)
	r.desk.Refused(&tsujiban.Refusal{Source: netip.MustParseAddr("127.0.0.1"), What: tsujiban.RefusedPassword, Count: 3}, now)
	r.pbx.invite(r.guard, "0106712345678", "0925551234")
	r.pbx.expect("SIP/2.0 4")
	seq, err := r.desk.said(tsujiban.EventSet, now, "test", "the last entry")
	if err != nil {
		t.Fatal(err)
	}
	if behind := r.viewed.wait(t.Context(), seq); behind > 0 {
		t.Fatalf("the view is %d behind", behind)
	}
	var d control.Days
	day := now.In(r.cfg.Node.TimeZone).Format(time.DateOnly)
	if err := r.do(http.MethodGet, "/v1/days?customer=hakata-shokai&day="+day, nil, &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Customers) != 1 || d.Strangers["unknown-source"] != 40 || d.Sources != 2 || d.Loudest[0].Agent != "friendly-scanner" {
		t.Fatalf("%+v", d)
	}
	c := d.Customers[0]
	if c.Registrations != 2 || c.Strangers != 3 || c.Attempts != 1 || c.Denied != 1 || len(c.Abroad) != 1 || !c.Abroad[0].New || c.Quiet() || len(c.Accesses) != 2 || !c.Accesses[0].New {
		t.Errorf("%+v", c)
	}
	if err := r.do(http.MethodGet, "/v1/days?day=yesterday", nil, &d); tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
		t.Errorf("got %v", err)
	}
}
