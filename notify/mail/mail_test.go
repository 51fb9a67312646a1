package mail

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"go.uber.org/goleak"

	"tsujiban/notify/letter"
	"tsujiban/notify/mailtest"
	"tsujiban/notify/outbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type server struct{ *mailtest.Server }

func (s server) sender(t *testing.T, change func(*Options)) *Sender {
	t.Helper()
	o := Options{Host: "127.0.0.1", Port: s.Addr.Port, From: mail.Address{Name: "辻番 例示電話株式会社 監視センター", Address: "guard@example.jp"}, List: "guard1", Timeout: 10 * time.Second, TLS: &tls.Config{RootCAs: s.Roots}}
	change(&o)
	x, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func parcel() *letter.Parcel {
	return &letter.Parcel{
		ID: "0123456789abcdef", Kind: "restriction", At: time.Date(2026, 11, 25, 5, 3, 0, 0, time.UTC), To: "soumu@hakata.example.jp", Name: "博多商会 総務部", Urgent: true,
		Letter: &letter.Letter{
			Subject: "【重要】国際発信を一時停止しました（博多商会 様）不正利用の疑い・ご確認のお願い",
			Parts:   []letter.Part{{Text: "本文です。", Pairs: []letter.Pair{{Name: "機器", Value: letter.Foreign("<script>alert(1)</script>\r\nBcc: x@evil.example")}}}},
			Foot:    []string{"例示電話株式会社"},
		},
	}
}

func TestWays(t *testing.T) {
	for name, way := range map[string]struct {
		way    mailtest.Security
		o      func(*Options)
		secure bool
	}{
		"starttls": {mailtest.StartTLS, func(o *Options) { o.User, o.Password = mailtest.User, mailtest.Password }, true},
		"tls":      {mailtest.TLS, func(o *Options) { o.Security, o.User, o.Password = TLS, mailtest.User, mailtest.Password }, true},
		"clear":    {mailtest.Clear, func(o *Options) { o.Security = None }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := server{mailtest.Start(t, way.way)}
			if err := s.sender(t, way.o).Send(t.Context(), parcel()); err != nil {
				t.Fatal(err)
			}
			got := s.Got()
			if len(got) != 1 || got[0].Secure != way.secure || got[0].From != "guard@example.jp" || got[0].To != "soumu@hakata.example.jp" {
				t.Fatalf("%+v", got)
			}
			check(t, got[0].Text)
		})
	}
}

// check reads the message as a mail program does.
func check(t *testing.T, text string) {
	t.Helper()
	for line := range strings.SplitSeq(text, "\r\n") {
		for i := range len(line) {
			if line[i] >= 0x80 || line[i] < ' ' && line[i] != '\t' {
				t.Fatalf("not ASCII: %q", line)
			}
		}
		if len(line) > 998 {
			t.Fatalf("a line of %d bytes", len(line))
		}
	}
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	dec := new(mime.WordDecoder)
	for name, want := range map[string]string{
		"Subject": parcel().Letter.Subject, "Message-ID": "<0123456789abcdef@example.jp>", "Auto-Submitted": "auto-generated",
		"List-Id": "<restriction.guard1.tsujiban.example.jp>", "Importance": "high", "Date": "Wed, 25 Nov 2026 05:03:00 +0000",
	} {
		got, err := dec.DecodeHeader(m.Header.Get(name))
		if err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", name, got, err, want)
		}
	}
	if m.Header.Get("Bcc") != "" || len(m.Header["Subject"]) != 1 {
		t.Errorf("headers were injected: %v", m.Header)
	}
	from, err := m.Header.AddressList("From")
	if err != nil || from[0].Name != "辻番 例示電話株式会社 監視センター" {
		t.Errorf("from: %v %v", from, err)
	}
	to, err := m.Header.AddressList("To")
	if err != nil || to[0].Name != "博多商会 総務部" {
		t.Errorf("to: %v %v", to, err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("%s: %v", kind, err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for _, want := range []string{"text/plain; charset=UTF-8", "text/html; charset=UTF-8"} {
		p, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Header.Get("Content-Type"); got != want {
			t.Errorf("part is %s, want %s", got, want)
		}
		b, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, p))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(b), "本文です。") || strings.Contains(string(b), "x@evil") || strings.HasPrefix(want, "text/html") && strings.Contains(string(b), "<script>") {
			t.Errorf("body: %s", b)
		}
	}
}

func TestRefusals(t *testing.T) {
	tempfail := &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted"}
	gone := &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	for name, c := range map[string]struct {
		o          func(*Options)
		rcpt, data error
		start      bool
		permanent  bool
		says       string
	}{
		"greylisted":            {rcpt: tempfail, start: true, says: "451"},
		"no such user":          {rcpt: gone, start: true, permanent: true, says: "550"},
		"content refused":       {data: &smtp.SMTPError{Code: 554, Message: "spam"}, start: true, permanent: true, says: "554"},
		"wrong password":        {o: func(o *Options) { o.User, o.Password = "guard", "wrong" }, start: true, says: "535"},
		"no starttls":           {says: "STARTTLS"},
		"certificate not known": {o: func(o *Options) { o.TLS = nil }, start: true, says: "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			way := mailtest.Clear
			if c.start {
				way = mailtest.StartTLS
			}
			s := server{mailtest.Start(t, way)}
			s.OnRcpt(func(string) error { return c.rcpt })
			s.OnData(func(mailtest.Mail) error { return c.data })
			if c.o == nil {
				c.o = func(*Options) {}
			}
			err := s.sender(t, c.o).Send(t.Context(), parcel())
			if err == nil || outbox.IsPermanent(err) != c.permanent || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, permanent %v", err, outbox.IsPermanent(err))
			}
			if len(s.Got()) != 0 {
				t.Error("the server kept a message")
			}
		})
	}
}

// TestNobody: a server that is not there, and one that accepts and says nothing.
func TestNobody(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := server{&mailtest.Server{Addr: l.Addr().(*net.TCPAddr)}}
	x := s.sender(t, func(o *Options) { o.Timeout = 200 * time.Millisecond })
	if err := x.Send(t.Context(), parcel()); err == nil || outbox.IsPermanent(err) {
		t.Errorf("a silent server: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	slow := s.sender(t, func(*Options) {})
	done := make(chan error, 1)
	go func() { done <- slow.Send(ctx, parcel()) }()
	for range 2 { // the first connection was the one above
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
	}
	cancel()
	if err := <-done; err == nil {
		t.Error("a stopped program: no error")
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := x.Send(t.Context(), parcel()); err == nil || outbox.IsPermanent(err) {
		t.Errorf("nobody there: %v", err)
	}
}

func TestClearOnlyHere(t *testing.T) {
	if onThisMachine(&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 25}) || !onThisMachine(&net.TCPAddr{IP: net.IPv6loopback, Port: 25}) {
		t.Error("this machine is taken for another, or another for this one")
	}
	_, err := New(Options{Host: "127.0.0.1", Port: 25, Security: None, User: "a", From: mail.Address{Address: "a@example.jp"}})
	if err == nil {
		t.Error("a password goes in the clear")
	}
}

func TestAddresses(t *testing.T) {
	for _, s := range []string{"a@example.jp", "first.last+tag@sub.example.co.jp"} {
		if err := outbox.ValidAddress(s); err != nil {
			t.Error(err)
		}
	}
	for _, s := range []string{"", "a", "a@b\r\nBcc: c@d.jp", "A <a@b.jp>", "a@b.jp, c@d.jp", `"a b"@c.jp`, "山田@例.jp", "a@b.jp (x)", "a@[127.0.0.1]", strings.Repeat("a", 300) + "@b.jp"} {
		if err := outbox.ValidAddress(s); err == nil {
			t.Errorf("%q passed", s)
		}
		p := parcel()
		p.To = s
		x := server{&mailtest.Server{Addr: &net.TCPAddr{Port: 1}}}.sender(t, func(*Options) {})
		if err := x.Send(t.Context(), p); !outbox.IsPermanent(err) {
			t.Errorf("%q: %v", s, err)
		}
	}
	if err := outbox.Permanent(io.EOF); !errors.Is(err, io.EOF) {
		t.Error("a permanent error hides its cause")
	}
}
