package app

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/notify/mailtest"
)

// plainText is the text part of a mail.
func plainText(t *testing.T, m *mail.Message) string {
	t.Helper()
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := multipart.NewReader(m.Body, params["boundary"]).NextRawPart()
	if err != nil {
		t.Fatal(err)
	}
	var body io.Reader = p
	switch strings.ToLower(p.Header.Get("Content-Transfer-Encoding")) {
	case "quoted-printable":
		body = quotedprintable.NewReader(p)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, p)
	}
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestAnswerThroughTheMail: the customer gets a link, opening it changes nothing, and "no" stops calls abroad.
func TestAnswerThroughTheMail(t *testing.T) {
	m, h := mailtest.Start(t, mailtest.StartTLS), newReceiver(t)
	s := newSite(t)
	s.telling(m, h)
	text, err := os.ReadFile(s.file)
	if err != nil {
		t.Fatal(err)
	}
	s.write("tsujiban.toml", string(text)+"[console]\nlisten = \"127.0.0.1:0\"\n")
	r := s.start()
	if err := r.do(http.MethodPost, "/v1/customers/hakata-shokai/ask", control.Order{Note: "not for the customer's eyes"}, nil); err != nil {
		t.Fatal(err)
	}
	both := byAddress(t, m.Wait(t, 2))
	said := plainText(t, both["soumu@hakata.example.jp"])
	if staff := plainText(t, both["noc@example.jp"]); !regexp.MustCompile(`http://\S+/cases/[1-9][0-9]*\n`).MatchString(staff) || strings.Contains(staff, "tsujiban ") || strings.Contains(said, "/cases") {
		t.Errorf("staff are not led to the case, or the customer is:\n%s", staff)
	}
	links := regexp.MustCompile(`http://\S*/reply/\S*answer=(yes|no)`).FindAllString(said, -1)
	if len(links) != 2 || strings.Contains(said, "eyes") || !strings.Contains(said, "発信は止めていません") {
		t.Fatalf("%v in\n%s", links, said)
	}
	defer http.DefaultClient.CloseIdleConnections()
	for range 2 {
		for _, l := range links {
			if status, page := visit(t, http.MethodGet, l, nil); status != http.StatusOK || !strings.Contains(page, "博多商会") {
				t.Fatalf("%d\n%s", status, page)
			}
		}
	}
	if u, _ := r.App.guard.Usage("hakata-shokai"); u.Restriction == nil || u.Restriction.Level != tsujiban.LevelAsk {
		t.Fatalf("opening the link changed something: %+v", u.Restriction)
	}
	at, _, _ := strings.Cut(links[0], "?")
	if status, page := visit(t, http.MethodPost, at, url.Values{"answer": {"no"}}); status != http.StatusOK {
		t.Fatalf("%d\n%s", status, page)
	}
	if u, _ := r.App.guard.Usage("hakata-shokai"); u.Restriction == nil || u.Restriction.Level != tsujiban.LevelRestrict {
		t.Fatalf("%+v", u.Restriction)
	}
	if status, _ := visit(t, http.MethodPost, at, url.Values{"answer": {"yes"}}); status != http.StatusNotFound {
		t.Errorf("the link was taken twice: %d", status)
	}
}

func visit(t *testing.T, method, at string, form url.Values, cookies ...*http.Cookie) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, at, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, c := range cookies {
		req.AddCookie(c)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, b.String()
}
