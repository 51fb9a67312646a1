package app

import (
	"net/http"
	"strings"
	"testing"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/people"
)

// TestTwoPersons: what one person alone may not do waits, and is done in the first person's name when a second agrees.
func TestTwoPersons(t *testing.T) {
	r := newSite(t).start()
	r.door.Second = []people.Act{people.ActReleaseClosed, people.ActRetention}
	join := func(login string, role people.Role) *control.Client {
		if _, _, err := r.door.Invite(t.Context(), people.Actor{Name: "root"}, login, "X", role, tsujiban.Japanese, nil); err != nil {
			t.Fatal(err)
		}
		return r.Office(login)
	}
	first, second := join("first@example.jp", people.Administrator), join("second@example.jp", people.Analyst)
	do := func(c *control.Client, method, path string, in, out any, want tsujiban.Code, words string) {
		t.Helper()
		err := c.Do(t.Context(), method, path, in, out)
		if words == "" && err != nil || words != "" && (err == nil || tsujiban.CodeOf(err) != want || !strings.Contains(err.Error(), words)) {
			t.Fatalf("%s %s: %v, want %v %q", method, path, err, want, words)
		}
	}
	closed := func() bool {
		u, _ := r.App.guard.Usage("hakata-shokai")
		return u.Restriction != nil
	}
	const at = "/v1/customers/hakata-shokai/restriction"
	do(first, http.MethodPut, at, control.Order{Level: "restrict", Note: "x"}, nil, 0, "")
	do(first, http.MethodDelete, at, control.Order{Note: "theirs"}, nil, 0, "") // a restriction is no closure
	do(first, http.MethodPut, at, control.Order{Level: "close", Note: "not theirs"}, nil, 0, "")
	do(first, http.MethodDelete, at, control.Order{Note: "PBX mended"}, nil, tsujiban.CodeConflict, "waits for a second person as proposal 1")
	if !closed() {
		t.Fatal("released by one person alone")
	}
	var list []control.Proposal
	do(second, http.MethodGet, "/v1/proposals", nil, &list, 0, "")
	if len(list) != 1 || list[0].Act != "release-closed" || list[0].Subject != "hakata-shokai" || list[0].Note != "PBX mended" {
		t.Fatalf("%+v", list)
	}
	do(first, http.MethodPost, "/v1/proposals/1", control.Decision{Say: "approve"}, nil, tsujiban.CodeForbidden, "it takes a second person")
	do(second, http.MethodPost, "/v1/proposals/1", control.Decision{Say: "perhaps"}, nil, tsujiban.CodeInvalid, "write approve, decline or withdraw")
	var p control.Proposal
	do(second, http.MethodPost, "/v1/proposals/1", control.Decision{Say: "approve", Note: "seen"}, &p, 0, "")
	if closed() || p.State != "approved" || !strings.Contains(p.Outcome, "released") {
		t.Fatalf("%+v, closed %v", p, closed())
	}
	do(second, http.MethodPost, "/v1/proposals/1", control.Decision{Say: "approve"}, nil, tsujiban.CodeConflict, "is approved")

	// Looking what would be erased is no change; erasing is.
	do(first, http.MethodPost, "/v1/retention", map[string]bool{"dry_run": true}, nil, 0, "")
	do(first, http.MethodPost, "/v1/retention", nil, nil, tsujiban.CodeConflict, "as proposal 2")
	do(first, http.MethodPost, "/v1/proposals/2", control.Decision{Say: "withdraw"}, &p, 0, "")
	if p.State != "withdrawn" {
		t.Errorf("%+v", p)
	}
	// People are changed on their page, which asks who it is.
	do(first, http.MethodPost, "/v1/staff", control.Staff{Login: "x@example.jp", Name: "X", Role: "viewer"}, nil, tsujiban.CodeForbidden, "on the page Staff")
	do(first, http.MethodPost, "/v1/staff/second@example.jp/enable", nil, nil, tsujiban.CodeForbidden, "on the page Staff")
}

// TestHandOverByTwo: what leaves the house waits for a second person, and then reaches the first one, once.
func TestHandOverByTwo(t *testing.T) {
	r := newSite(t).start()
	r.door.Second = []people.Act{people.ActHandOver}
	join := func(login string) *control.Client {
		if _, _, err := r.door.Invite(t.Context(), people.Actor{Name: "root"}, login, "X", people.InquiryOfficer, tsujiban.Japanese, nil); err != nil {
			t.Fatal(err)
		}
		return r.Office(login)
	}
	first, second := join("first@example.jp"), join("second@example.jp")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(first.Do(t.Context(), http.MethodPost, "/v1/inquiries", control.InquiryOpen{Kind: "warrant", Agency: "福岡県警察本部", Document: "令状 1"}, nil))
	must(first.Do(t.Context(), http.MethodPost, "/v1/inquiries/ask", control.InquiryAsk{Ground: "1", Number: "0925551234", Date: "2026-11-20"}, nil))
	letter := func(c *control.Client, path string) (control.InquiryFile, error) {
		var f control.InquiryFile
		err := c.Do(t.Context(), http.MethodPost, path, control.Order{Note: "令状 1"}, &f)
		return f, err
	}
	waits := func(what string, err error, proposal string) {
		t.Helper()
		if tsujiban.CodeOf(err) != tsujiban.CodeConflict || !strings.Contains(err.Error(), "as proposal "+proposal) {
			t.Fatalf("%s: %v", what, err)
		}
	}
	_, err := letter(first, "/v1/looks/1/letter")
	waits("asked alone", err, "1")
	must(second.Do(t.Context(), http.MethodPost, "/v1/proposals/1", control.Decision{Say: "approve"}, nil))
	_, err = letter(second, "/v1/looks/1/letter")
	waits("agreed to for somebody else", err, "2")
	_, err = letter(first, "/v1/looks/1/bundle")
	waits("agreed to for the letter", err, "3")
	f, err := letter(first, "/v1/looks/1/letter")
	if err != nil || !strings.HasPrefix(string(f.Data), "%PDF-") {
		t.Fatalf("%.20q, %v", f.Data, err)
	}
	_, err = letter(first, "/v1/looks/1/letter")
	waits("handed over twice", err, "4")
	// One that fails can be asked for again.
	_, err = letter(first, "/v1/looks/99/letter")
	waits("a look that there is not", err, "5")
	must(second.Do(t.Context(), http.MethodPost, "/v1/proposals/5", control.Decision{Say: "approve"}, nil))
	for range 2 {
		if _, err = letter(first, "/v1/looks/99/letter"); tsujiban.CodeOf(err) != tsujiban.CodeNotFound {
			t.Fatal(err)
		}
	}
}
