package tsujiban

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestNumberRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`[0-9]{1,15}`).Draw(t, "digits")
		global, err := NumberFromDigits(digits)
		if err != nil {
			t.Fatal(err)
		}
		local, _ := LocalNumber([]byte(digits))
		for _, n := range []Number{global, local} {
			back, err := ParseNumber(n.String())
			if err != nil || back != n {
				t.Fatalf("%s came back as %s: %v", n, back, err)
			}
			if n.Digits() != digits || n.Len() != len(digits) {
				t.Fatalf("%q became %q", digits, n.Digits())
			}
		}
		if global == local {
			t.Fatal("a local number equals a global one")
		}
	})
}

func TestNumberPrefix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.StringMatching(`[0-3]{1,15}`).Draw(t, "a")
		b := rapid.StringMatching(`[0-3]{1,15}`).Draw(t, "b")
		na, _ := NumberFromDigits(a)
		nb, _ := NumberFromDigits(b)
		if got, want := na.HasPrefix(nb), strings.HasPrefix(a, b); got != want {
			t.Fatalf("HasPrefix(%s, %s) = %v, want %v", a, b, got, want)
		}
		k := rapid.IntRange(1, 15).Draw(t, "k")
		same := a[:min(k, len(a))] == b[:min(k, len(b))]
		if got := na.Prefix(k) == nb.Prefix(k); got != same {
			t.Fatalf("Prefix(%d) of %s and %s equal: %v, want %v", k, a, b, got, same)
		}
	})
}

func TestNumberIsMaskedInLogs(t *testing.T) {
	n, _ := NumberFromDigits("81312345678")
	if got := n.LogValue().String(); got != "+8131234****" {
		t.Errorf("a log shows %s", got)
	}
	e, _ := LocalNumber("110")
	if got := e.Masked(); got != "110" {
		t.Errorf("110 is shown as %s", got)
	}
	short, _ := NumberFromDigits("812")
	if got := short.Masked(); strings.ContainsAny(got, "0123456789") {
		t.Errorf("a short number is shown as %s", got)
	}
}

func TestNumberRefuses(t *testing.T) {
	for _, s := range []string{"", "1234567890123456", "12a", "+1", "１２"} {
		if _, err := NumberFromDigits(s); !errors.Is(err, ErrNumber) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestMoney(t *testing.T) {
	for in, want := range map[string]string{"20000": "20000", "20,000": "20000", "12.5": "12.5", "0.000001": "0.000001"} {
		m, err := ParseMoney(in)
		if err != nil || m.String() != want {
			t.Errorf("%s: %s, %v", in, m, err)
		}
	}
	for _, bad := range []string{"", "-1", "1.", ".5", "1.0000001", "1e3", "99999999999999999999"} {
		if m, err := ParseMoney(bad); err == nil {
			t.Errorf("%q became %s", bad, m)
		}
	}
	if got := (2_550_000 * Unit).Grouped(); got != "2,550,000" {
		t.Errorf("grouped: %s", got)
	}
	if got := (1500*Unit + 1).Grouped(); got != "1,501" {
		t.Errorf("a fraction of a yen is rounded up on a bill: %s", got)
	}
	if MaxMoney.Add(1) != MaxMoney || MaxMoney.Times(2) != MaxMoney {
		t.Error("a sum wrapped")
	}
}

// The press's bill: Sierra Leone, 32 seconds, JPY 175.
func TestPriceOfThePress(t *testing.T) {
	p := Price{PerMinute: 350 * Unit, Increment: 30 * time.Second}
	if got := p.Charge(29 * time.Second); got != 175*Unit {
		t.Errorf("29 s cost %s", got)
	}
	if got := p.Charge(32 * time.Second); got != 350*Unit {
		t.Errorf("32 s cost %s", got)
	}
	p = Price{PerMinute: 6 * Unit, Increment: 100 * time.Millisecond, Setup: Unit, Minimum: time.Second}
	if got := p.Charge(0); got != Unit+Unit/10 {
		t.Errorf("the shortest call costs %s", got)
	}
}

func TestCallIDs(t *testing.T) {
	at := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	a := NextCallID(0, at)
	b := NextCallID(a, at)
	back := NextCallID(b, at.Add(-time.Hour)) // the clock was set back
	if !(a < b && b < back) {
		t.Errorf("ids do not grow: %s %s %s", a, b, back)
	}
	rapid.Check(t, func(t *rapid.T) {
		id := CallID(rapid.Uint64().Draw(t, "id"))
		got, err := ParseCallID(id.String())
		if err != nil || got != id {
			t.Fatalf("%s came back as %s: %v", id, got, err)
		}
	})
}

// Every reason has a code of its own and words in both languages; every refusal a final status.
func TestReasonsAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for r := Reason(1); r < numReasons; r++ {
		if r.String() == "" || seen[r.String()] {
			t.Errorf("reason %d: code %q", r, r)
		}
		seen[r.String()] = true
		if r.Text(Japanese) == "" || r.Text(English) == "" {
			t.Errorf("%s lacks words", r)
		}
		if s := r.SIPStatus(); s != 0 && (s < 400 || s > 699) {
			t.Errorf("%s: status %d", r, s)
		}
		for _, c := range r.SIPPhrase() {
			if c < ' ' || c > '~' {
				t.Errorf("%s: phrase %q", r, r.SIPPhrase())
			}
		}
		if back, ok := ParseReason(r.String()); !ok || back != r {
			t.Errorf("%s does not come back", r)
		}
	}
	for e := Evidence(1); e < numEvidence; e++ {
		if e.String() == "" || e.Text(Japanese) == "" || e.Text(English) == "" {
			t.Errorf("evidence %d lacks words", e)
		}
		if back, ok := ParseEvidence(e.String()); !ok || back != e {
			t.Errorf("%s does not come back", e)
		}
	}
	for c := Code(0); c < numCodes; c++ {
		if c.String() == "" || c.Text(Japanese) == "" || c.Text(English) == "" || c.HTTPStatus() < 400 || c.ExitCode() == 0 {
			t.Errorf("code %d is incomplete", c)
		}
	}
}

func TestErrorKeepsItsCodeAndCause(t *testing.T) {
	cause := errors.New("no space left")
	err := Errorf(CodeUnavailable, "journal: %w", cause)
	if CodeOf(err) != CodeUnavailable || !errors.Is(err, cause) {
		t.Errorf("%v: code %s", err, CodeOf(err))
	}
	if CodeOf(cause) != CodeInternal {
		t.Error("an error without a code is internal")
	}
}
