package ledger_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tsujiban"
	"tsujiban/ledger"
	"tsujiban/numbering"
)

func plan(t testing.TB) *numbering.Plan {
	t.Helper()
	p, err := numbering.New("JP")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestBlocksOfARange: together they are the range, each is aligned, and there are no fewer that would do.
func TestBlocksOfARange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.Int64Range(815010000000, 815010030000).Draw(t, "first")
		r := ledger.Range{First: first, Last: first + rapid.Int64Range(0, 25000).Draw(t, "width")}
		at := r.First
		var last ledger.Block
		run := 0
		for _, b := range r.Blocks() {
			if b.First() != at {
				t.Fatalf("%s: block %s does not begin at %d", r, b.Range(), at)
			}
			if b.Range().Count() != pow(b.Free()) || b.First()%pow(b.Free()) != 0 {
				t.Fatalf("%s is not aligned", b.Range())
			}
			if last != 0 && last.Free() == b.Free() {
				run++
			} else {
				run = 1
			}
			if run > 18 {
				t.Fatalf("%s: too many blocks of %d digits", r, b.Free())
			}
			for _, n := range []int64{b.First(), b.Last()} {
				if !slices.Contains(ledger.Around(n), b) {
					t.Fatalf("%s is not among the blocks around %d", b.Range(), n)
				}
			}
			at, last = b.Last()+1, b
		}
		if at != r.Last+1 {
			t.Fatalf("%s ends at %d", r, at-1)
		}
	})
}

func pow(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

func TestParseRange(t *testing.T) {
	p := plan(t)
	for in, want := range map[string]string{
		"050-1234-5678": "+815012345678",
		"０５０−１２３４−５６７８":                "+815012345678",
		"+81 50 1234 5678":             "+815012345678",
		"0501234*":                     "+815012340000..+815012349999",
		"050-1234*":                    "+815012340000..+815012349999",
		"+81925551*":                   "+81925551000..+81925551999",
		"050-1234-0000..050-1234-0999": "+815012340000..+815012340999",
		"0925551234〜0925551239":        "+81925551234..+81925551239",
		"+14155550100":                 "+14155550100",
	} {
		r, err := ledger.ParseRange(p, in)
		if err != nil || r.String() != want {
			t.Errorf("%q: got %s, %v; want %s", in, r, err, want)
		}
	}
	for in, words := range map[string]string{
		"":                         "is no number",
		"110":                      "nobody holds it",
		"050-1234-567":             "is no number",
		"0501234":                  "is no number",
		"05012345678..0501234567":  "is no number",
		"05012345679..05012345678": "comes after",
		"0925551234..05012345678":  "same length",
		"*":                        "not the beginning",
		"0*":                       "not the beginning",
		"05012345678*":             "not the beginning",
		"drop table":               "is no number",
	} {
		if r, err := ledger.ParseRange(p, in); tsujiban.CodeOf(err) != tsujiban.CodeInvalid || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: got %s, %v; want %q", in, r, err, words)
		}
	}
}

// FuzzParseRange: what is read is a range of numbers of one length, and reads the same when it is written.
func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"050-1234-5678", "0501234*", "0925551234〜0925551239", "+1*", "..", "~", "０５０"} {
		f.Add(s)
	}
	p := plan(f)
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ledger.ParseRange(p, s)
		if err != nil {
			if tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
				t.Errorf("code of %v", err)
			}
			return
		}
		if r.First > r.Last || ledger.Number(r.First).Len() != ledger.Number(r.Last).Len() {
			t.Errorf("%q is %d to %d", s, r.First, r.Last)
		}
		var again ledger.Range
		if err := again.UnmarshalText([]byte(r.String())); err != nil || again != r {
			t.Errorf("%s reads as %s, %v", r, again, err)
		}
	})
}

// TestCorporateNumber has real ones: the National Tax Agency, the Ministry of Internal Affairs.
func TestCorporateNumber(t *testing.T) {
	for _, good := range []string{"", "7000012050002", "2000012020001"} {
		if err := ledger.ValidCorporate(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"7000012050003", "7000012050020", "700001205000", "70000120500022", "700001205000a", "６000012020001"} {
		if err := ledger.ValidCorporate(bad); tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
