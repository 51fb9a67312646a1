package people_test

import (
	"bytes"
	"encoding/base32"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/people"
)

var update = flag.Bool("update", false, "write the golden files")

var noon = time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC)

// TestRightsOfRoles compares the whole table with the one that was read and agreed.
func TestRightsOfRoles(t *testing.T) {
	var b bytes.Buffer
	for r := range people.NumRights {
		b.WriteString(r.String())
		for _, role := range people.Roles {
			p := people.Person{Role: role}
			if p.May(r) {
				b.WriteString(" " + role.String())
			}
			p.Disabled = noon
			if p.May(r) {
				t.Errorf("a disabled %s may %s", role, r)
			}
		}
		if (*people.Person)(nil).May(r) != (r == people.Open) {
			t.Errorf("nobody and %s", r)
		}
		b.WriteByte('\n')
	}
	const name = "testdata/rights.txt"
	if *update {
		if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the rights of the roles are not those of %s:\n%s", name, b.String())
	}
}

func TestLogins(t *testing.T) {
	for in, want := range map[string]string{
		" Sato@Example.JP ": "sato@example.jp", "a+b@x.jp": "a+b@x.jp",
		"sato": "", "": "", "佐藤@example.jp": "", "a@b.jp\nBcc: c@d.jp": "", "Sato <sato@example.jp>": "", strings.Repeat("a", 250) + "@x.jp": "",
	} {
		got, err := people.ParseLogin(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestReach(t *testing.T) {
	for _, c := range []struct {
		role people.Role
		of   []tsujiban.CustomerID
		bad  bool
	}{
		{people.Viewer, nil, false}, {people.Viewer, []tsujiban.CustomerID{"a"}, true},
		{people.CustomerRole, nil, true}, {people.CustomerRole, []tsujiban.CustomerID{"a"}, false}, {people.CustomerRole, []tsujiban.CustomerID{"a", "b"}, true},
		{people.Reseller, []tsujiban.CustomerID{"a", "b"}, false}, {people.Reseller, []tsujiban.CustomerID{"../etc"}, true},
	} {
		p := people.Person{Login: "a@b.jp", Name: "A", Role: c.role, Customers: c.of}
		if err := p.Valid(); (err != nil) != c.bad {
			t.Errorf("%v of %v: %v", c.role, c.of, err)
		}
	}
}

func TestPasswordsRefused(t *testing.T) {
	p := &people.Person{Login: "hanako.sato@example.jp", Name: "Sato Hanako"}
	for _, bad := range []string{
		"", "short", "12345678901", "123456789012", "aaaaaaaaaaaa", "abababababab", "password1234", "Password!2026", "PASSWORDPASSWORD", "ｐａｓｓｗｏｒｄ１２３４",
		"qwertyuiop123", "1qaz2wsx3edc", "hanako.sato@example.jp", "HanakoSato2026", "tsujiban-admin", "administrator1", "iloveyou123456", "asdfghjkl1234", "letmein-letmein", strings.Repeat("long words ", 30), "\xff\xfe\xfd\xfc\xfb12345678",
	} {
		if err := people.ValidPassword(bad, p); tsujiban.CodeOf(err) != tsujiban.CodeInvalid || err == nil {
			t.Errorf("%q was taken: %v", bad, err)
		}
	}
	for _, good := range []string{"correct horse battery staple", "kaze wa minami kara", "青い空と白い雲が流れていく", "X7#kpq9!vTz2", "fuyu-no-asa-wa-samui"} {
		if err := people.ValidPassword(good, p); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
}

// TestTOTPVectors are those of RFC 6238, Appendix B, cut to six digits.
func TestTOTPVectors(t *testing.T) {
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if got := people.TOTPCode(secret, people.TOTPStep(time.Unix(at, 0))); got != want {
			t.Errorf("at %d the code is %s, want %s", at, got, want)
		}
	}
	if raw, err := base32.StdEncoding.DecodeString(people.TOTPText(secret)); err != nil || !bytes.Equal(raw, secret) {
		t.Errorf("%s does not say the secret: %v", people.TOTPText(secret), err)
	}
	if got, want := people.TOTPURI(secret, "辻番 A&B", "a@b.jp"), "otpauth://totp/%E8%BE%BB%E7%95%AA%20A&B:a@b.jp?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=%E8%BE%BB%E7%95%AA+A%26B"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTOTPOnce(t *testing.T) {
	secret := people.NewTOTP()
	now := people.TOTPStep(noon)
	step, ok := people.CheckTOTP(secret, people.TOTPCode(secret, now), noon, 0)
	if !ok || step != now {
		t.Fatalf("step %d %v, want %d", step, ok, now)
	}
	if _, ok := people.CheckTOTP(secret, people.TOTPCode(secret, now), noon, step); ok {
		t.Error("the same code was taken twice")
	}
	if _, ok := people.CheckTOTP(secret, people.TOTPCode(secret, now-1), noon, step); ok {
		t.Error("a code from before the last one was taken")
	}
	if _, ok := people.CheckTOTP(secret, people.TOTPCode(secret, now+1), noon, step); !ok {
		t.Error("the next code was refused")
	}
	for _, bad := range []string{"", "000", people.TOTPCode(secret, now-2), people.TOTPCode(secret, now+2)} {
		if _, ok := people.CheckTOTP(secret, bad, noon, 0); ok {
			t.Errorf("%q was taken", bad)
		}
	}
	wide := strings.Map(func(r rune) rune { return r - '0' + '０' }, people.TOTPCode(secret, now))
	if _, ok := people.CheckTOTP(secret, wide[:9]+" "+wide[9:], noon, 0); !ok {
		t.Error("full-width digits were refused")
	}
}

func TestLinks(t *testing.T) {
	k, err := people.NewKeys(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	text, link, err := k.Sign(people.LinkReset, "sato", 3, noon)
	if err != nil {
		t.Fatal(err)
	}
	got, err := k.Read(text, people.LinkReset, link.Until.Add(-time.Second))
	if err != nil || got != link {
		t.Errorf("read %+v, %v; want %+v", got, err, link)
	}
	refuse := func(why, text string, p people.Purpose, at time.Time) {
		t.Helper()
		if l, err := k.Read(text, p, at); tsujiban.CodeOf(err) != tsujiban.CodeForbidden || l != (people.Link{}) {
			t.Errorf("%s: %+v, %v", why, l, err)
		}
	}
	refuse("another purpose", text, people.LinkInvite, noon)
	refuse("too old", text, people.LinkReset, link.Until)
	for i := range text {
		b := []byte(text)
		b[i] ^= 4
		if string(b) == text {
			continue
		}
		if _, err := k.Read(string(b), people.LinkReset, noon); err == nil {
			// The last character of base64 holds bits that mean nothing.
			if i != len(text)-1 {
				t.Errorf("taken with character %d changed", i)
			}
		}
	}
	for _, s := range []string{"", ".", "a.b", text + "a", strings.Repeat(text, 20), "." + text} {
		refuse("torn", s, people.LinkReset, noon)
	}
	other, err := people.NewKeys(bytes.Repeat([]byte{2}, 32))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Read(text, people.LinkReset, noon); err == nil {
		t.Error("a link signed with another key was taken")
	}
	if _, _, err := k.Sign("anything", "sato", 0, noon); err == nil {
		t.Error("a link for an unknown purpose was signed")
	}
	sealed := k.Seal([]byte("secret"), "sato")
	if b, err := k.Unseal(sealed, "sato"); err != nil || string(b) != "secret" {
		t.Errorf("unsealed %q, %v", b, err)
	}
	if _, err := k.Unseal(sealed, "abe"); tsujiban.CodeOf(err) != tsujiban.CodeCorrupt {
		t.Errorf("unsealed for somebody else: %v", err)
	}
	if _, err := people.NewKeys([]byte("short")); err == nil {
		t.Error("a short secret was taken")
	}
}

func TestSecondPerson(t *testing.T) {
	first := &people.Person{ID: "sato", Role: people.Administrator}
	second := &people.Person{ID: "abe", Role: people.Analyst}
	viewer := &people.Person{ID: "ito", Role: people.Viewer}
	gone := &people.Person{ID: "ono", Role: people.Analyst, Disabled: noon}
	fresh := func() *people.Proposal {
		return &people.Proposal{ID: 1, Act: people.ActHandOver, By: "sato", At: noon, Until: noon.Add(time.Hour), State: people.Waiting}
	}
	for name, c := range map[string]struct {
		do   func(p *people.Proposal) error
		code tsujiban.Code
	}{
		"oneself":          {func(p *people.Proposal) error { return p.Decide(first, true, "", noon) }, tsujiban.CodeForbidden},
		"a viewer":         {func(p *people.Proposal) error { return p.Decide(viewer, true, "", noon) }, tsujiban.CodeForbidden},
		"disabled":         {func(p *people.Proposal) error { return p.Decide(gone, true, "", noon) }, tsujiban.CodeForbidden},
		"too late":         {func(p *people.Proposal) error { return p.Decide(second, true, "", p.Until) }, tsujiban.CodeConflict},
		"not one's own":    {func(p *people.Proposal) error { return p.Withdraw(second, noon) }, tsujiban.CodeForbidden},
		"withdrawn before": {func(p *people.Proposal) error { _ = p.Withdraw(first, noon); return p.Decide(second, true, "", noon) }, tsujiban.CodeConflict},
	} {
		if err := c.do(fresh()); err == nil || tsujiban.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %v", name, err, c.code)
		}
	}
	p := fresh()
	if err := p.Decide(second, true, "はい\x1b", noon.Add(time.Minute)); err != nil || p.State != people.Approved || p.Second != "abe" || p.Answer != "はい\ufffd" {
		t.Errorf("%+v, %v", p, err)
	}
	if err := p.Decide(second, false, "", noon); tsujiban.CodeOf(err) != tsujiban.CodeConflict || err == nil {
		t.Errorf("decided twice: %v", err)
	}
}

func TestTokenScopes(t *testing.T) {
	p := &people.Person{ID: "abe", Role: people.Analyst}
	k := people.Token{Name: "監視", Scopes: []people.Right{people.SeeLive, people.SeeCases}, Created: noon, Until: noon.Add(24 * time.Hour)}
	if err := k.Valid(p); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(*people.Token){
		"no name":     func(k *people.Token) { k.Name = "" },
		"nothing":     func(k *people.Token) { k.Scopes = nil },
		"too much":    func(k *people.Token) { k.Scopes = []people.Right{people.ChangeCustomers} },
		"for people":  func(k *people.Token) { k.Scopes = []people.Right{people.Approve} },
		"forever":     func(k *people.Token) { k.Until = noon.Add(10 * 366 * 24 * time.Hour) },
		"over before": func(k *people.Token) { k.Until = noon },
	} {
		bad := k
		spoil(&bad)
		if bad.Valid(p) == nil {
			t.Error(name, "was taken")
		}
	}
	c := &people.Caller{Person: *p, Token: &k}
	if !c.May(people.SeeLive) || c.May(people.ActOnCase) || !c.May(people.Open) {
		t.Error("a token has other rights than its scopes")
	}
	c.Person.Role = people.CustomerRole
	if c.May(people.SeeLive) {
		t.Error("a token has a right that its person has no longer")
	}
}

func TestQuietHours(t *testing.T) {
	n := people.Notices{QuietFrom: 22 * time.Hour, QuietTo: 7 * time.Hour}
	for at, want := range map[time.Duration]time.Duration{22 * time.Hour: 9 * time.Hour, 0: 7 * time.Hour, 6*time.Hour + 59*time.Minute: time.Minute, 7 * time.Hour: 0, 21*time.Hour + 59*time.Minute: 0} {
		d, held := n.Held(people.NoticeCase, at)
		if d != want || held != (want > 0) {
			t.Errorf("at %v held for %v %v, want %v", at, d, held, want)
		}
		if _, held := n.Held(people.NoticeRestriction, at); held {
			t.Errorf("at %v a restriction is held back", at)
		}
	}
	for _, k := range people.NoticeKinds {
		for _, l := range []tsujiban.Lang{tsujiban.Japanese, tsujiban.English} {
			if k.Text(l) == "" {
				t.Errorf("%s has no words", k)
			}
		}
	}
}
