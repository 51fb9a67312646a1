package story_test

import (
	"mime"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"testing"

	"tsujiban/app/control"
	"tsujiban/console/consoletest"
	"tsujiban/notify/mailtest"
	"tsujiban/people"
)

// TestNoHeaderIsInjected: whatever strangers, customers and staff write, from SIP to a real mail server: what could end a line is refused where people type,
// and what comes through puts no header, no recipient and no second message into a mail.
func TestNoHeaderIsInjected(t *testing.T) {
	post := mailtest.Start(t, mailtest.Clear)
	site := consoletest.Start(t, withMail(post))
	ends := []string{"\r\n", "\n", "\r", "\x00", "\u0085", "\u2028", "\u2029", "\v", "\f", "\x1b"}
	const rest = "Bcc: everybody@evil.example"
	office := site.App.Office("test")
	refused := func(what, method, path string, in any) {
		t.Helper()
		if err := office.Do(t.Context(), method, path, in, nil); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
	for _, end := range ends {
		evil := "x" + end + rest
		refused("a customer's name with "+end, http.MethodPatch, firm, map[string]any{"name": evil})
		refused("a contact with "+end, http.MethodPatch, firm, map[string]any{"contact": "soumu@hakata.example.jp" + end + rest})
		refused("a note with "+end, http.MethodPut, firm+"/restriction", control.Order{Level: "restrict", Note: evil})
		refused("an answer with "+end, http.MethodPost, firm+"/answer", map[string]any{"theirs": true, "note": evil})
		refused("a login with "+end, http.MethodPost, "/v1/staff", control.Staff{Login: "ito" + end + "@example.jp", Name: "伊藤", Role: "viewer"})
		refused("a person's name with "+end, http.MethodPost, "/v1/staff", control.Staff{Login: "ito@example.jp", Name: evil, Role: "viewer"})
		if _, _, err := site.App.Door().Invite(t.Context(), people.Actor{Name: "root"}, "ito@example.jp", evil, people.Viewer, 0, nil); err == nil {
			t.Errorf("a person's name with %q is taken", end)
		}
		site.PBX.Send(consoletest.Invite{Dialled: "010232771234567", Agent: "x" + end + rest, From: `"y` + end + rest + `" <sip:0925551234@192.0.2.1>`})
	}
	for _, to := range []string{"a@b.jp, everybody@evil.example", "A <a@b.jp>", "a@b.jp (x)", "a@b.jp>\x00", "a@b.jp\t"} {
		refused("the contact "+to, http.MethodPatch, firm, map[string]any{"contact": to})
	}
	// What is no end of a line, and yet means something in a header.
	name := `"x" <everybody@evil.example>, y; =?utf-8?b?QmNjOiB4?= ＠`
	do(t, site, http.MethodPatch, firm, map[string]any{"name": name, "contact": "soumu@hakata.example.jp"}, nil)
	do(t, site, http.MethodPut, firm+"/restriction", control.Order{Level: "restrict", Reach: "232", Note: `, <everybody@evil.example> =?utf-8?q?=0D=0ABcc:_x?= Bcc: everybody@evil.example`}, nil)
	post.Wait(t, 2) // to the firm and to staff
	do(t, site, http.MethodDelete, firm+"/restriction", control.Order{Note: "Bcc: everybody@evil.example"}, nil)
	letters := post.Wait(t, 4)
	seen := map[string]int{}
	for _, m := range letters {
		one(t, m)
		seen[m.To]++
	}
	if len(letters) != 4 || seen["soumu@hakata.example.jp"] != 2 || seen["noc@example.jp"] != 2 {
		t.Errorf("%d mails: %v", len(letters), seen)
	}
}

// known are the headers that a mail of ours has.
var known = []string{
	"Auto-Submitted", "Content-Type", "Date", "From", "Importance", "List-Id", "Message-Id", "Mime-Version", "Priority", "Reply-To", "Subject", "To", "X-Auto-Response-Suppress", "X-Msmail-Priority", "X-Priority",
}

// one fails when a mail has more than its headers, its recipient and its parts.
func one(t *testing.T, m mailtest.Mail) {
	t.Helper()
	if len(m.All) != 1 || m.From != "guard@example.jp" {
		t.Errorf("from %s to %v", m.From, m.All)
	}
	msg, err := mail.ReadMessage(strings.NewReader(m.Text))
	if err != nil {
		t.Fatal(err)
	}
	for h, values := range msg.Header {
		if len(values) != 1 || !slices.Contains(known, h) {
			t.Errorf("the mail has the header %s: %q", h, values)
		}
	}
	for _, h := range []string{"From", "To", "Reply-To"} {
		list, err := msg.Header.AddressList(h)
		if err != nil || len(list) != 1 || strings.Contains(list[0].Address, "evil") {
			t.Errorf("%s: %v, %v", h, list, err)
		}
	}
	if to, err := msg.Header.AddressList("To"); err != nil || to[0].Address != m.To {
		t.Errorf("To: %v, the envelope says %s", to, m.To)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	if err != nil || strings.ContainsAny(subject, "\r\n\x00") {
		t.Errorf("subject %q, %v", subject, err)
	}
	if n := len(parts(t, msg)); n != 2 {
		t.Errorf("%d parts", n)
	}
}
