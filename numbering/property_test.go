package numbering

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
	"tsujiban"
)

// emergencyOracle is the whole of what may ring the police, the coast guard or the fire
// brigade, said in another way than the code says it.
var emergencyOracle = regexp.MustCompile(`^(?:` +
	`(?:184|186)?(?:001|002\d\d|005345|0091\d\d|00[3-8]\d|009[02-9])?|` +
	`\+81(?:184|186)?` +
	`)(?:110|118|119)$`)

var (
	privacyGen   = rapid.SampledFrom([]string{"", "184", "186"})
	carrierGen   = rapid.OneOf(rapid.Just(""), rapid.StringMatching(`001|002\d\d|005345|0091\d\d|003\d|0061|0077`))
	emergencyGen = rapid.SampledFrom([]string{"110", "118", "119"})
)

// withSeparators puts visual separators between the characters, but not before a plus.
func withSeparators(t *rapid.T, s string) string {
	var b strings.Builder
	for i, c := range s {
		if i > 0 || c != '+' {
			b.WriteString(rapid.StringMatching(`[-.() ]{0,1}`).Draw(t, "separator"))
		}
		b.WriteRune(c)
	}
	return b.String()
}

func TestEmergencyIsAlwaysReached(t *testing.T) {
	p := planOf(t, "JP")
	rapid.Check(t, func(t *rapid.T) {
		e := emergencyGen.Draw(t, "number")
		s := privacyGen.Draw(t, "privacy") + carrierGen.Draw(t, "carrier") + e
		d, err := p.Parse([]byte(withSeparators(t, s)))
		if err != nil || d.Destination.Scope != tsujiban.ScopeEmergency ||
			d.Destination.Class != tsujiban.ClassEmergency || d.Number.String() != e {
			t.Fatalf("%s: %+v %v", s, d, err)
		}
	})
}

func TestNothingElseIsEmergency(t *testing.T) {
	p := planOf(t, "JP")
	nearly := rapid.Custom(func(t *rapid.T) string {
		// An emergency number with something in front, behind or in between.
		s := privacyGen.Draw(t, "privacy") + carrierGen.Draw(t, "carrier") + emergencyGen.Draw(t, "number")
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			at := rapid.IntRange(0, len(s)).Draw(t, "at")
			s = s[:at] + rapid.StringMatching(`[0-9]{1,3}|\+81|010|184`).Draw(t, "more") + s[at:]
		}
		return s
	})
	digits := rapid.StringMatching(`\+?[0-9]{1,12}`)
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(nearly, digits).Draw(t, "dialled")
		d, err := p.Parse([]byte(s))
		got := err == nil && (d.Destination.Scope == tsujiban.ScopeEmergency || d.Destination.Class == tsujiban.ClassEmergency)
		if want := emergencyOracle.MatchString(s); got != want {
			t.Fatalf("%s: emergency %v, want %v (%+v %v)", s, got, want, d, err)
		}
	})
}

// TestEmergencyExhaustively asks all strings of up to six digits.
func TestEmergencyExhaustively(t *testing.T) {
	p := planOf(t, "JP")
	var buf [6]byte
	for n := 1; n <= len(buf); n++ {
		s := buf[:n]
		for i := range s {
			s[i] = '0'
		}
		for {
			d, err := p.Parse(s)
			if got := err == nil && d.Destination.Scope == tsujiban.ScopeEmergency; got || string(s[n-min(n, 2):]) == "11" {
				if got != emergencyOracle.Match(s) {
					t.Fatalf("%s: emergency %v (%+v %v)", s, got, d, err)
				}
			}
			i := n - 1
			for ; i >= 0 && s[i] == '9'; i-- {
				s[i] = '0'
			}
			if i < 0 {
				break
			}
			s[i]++
		}
	}
}

// checkReading holds for whatever was dialled: a refusal says nothing but its error;
// what is read can be classified again, and dialled again with a plus.
func checkReading(t interface{ Fatalf(string, ...any) }, p *Plan, in string, d Dialled, err error) {
	if err != nil {
		if d != (Dialled{}) {
			t.Fatalf("%q: %+v beside %v", in, d, err)
		}
		return
	}
	if again := p.Classify(d.Number); again != d.Destination {
		t.Fatalf("%q: %+v, but Classify says %+v", in, d, again)
	}
	if d.Destination.Scope == tsujiban.ScopeUnknown || d.Number.IsZero() {
		t.Fatalf("%q: leads nowhere: %+v", in, d)
	}
	if (d.Destination.Scope == tsujiban.ScopeEmergency) != (d.Destination.Class == tsujiban.ClassEmergency) {
		t.Fatalf("%q: half an emergency: %+v", in, d)
	}
	if d.Number.IsLocal() {
		if d.Destination.Scope == tsujiban.ScopeInternational {
			t.Fatalf("%q: a local number abroad: %+v", in, d)
		}
		return
	}
	plus, err := p.Parse([]byte(d.Number.String()))
	if err != nil || plus.Number != d.Number || plus.Destination != d.Destination {
		t.Fatalf("%q: %+v, but %v is %+v %v", in, d, d.Number, plus, err)
	}
	digits := strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' {
			return c
		}
		return -1
	}, in)
	national := d.Number.Digits()[len(p.country.cc):]
	if !strings.HasSuffix(digits, d.Number.Digits()) && !strings.HasSuffix(digits, national) {
		t.Fatalf("%q: read as %v, which was not dialled", in, d.Number)
	}
}

func TestReadings(t *testing.T) {
	for _, country := range []string{"JP", "US", "GB", "IT", "RU", "HU", "JM"} {
		p := planOf(t, country)
		start := rapid.SampledFrom([]string{"", "+", "+81", "+1", "0", "010", "0033", "184", "00", "011", "1", "8", "06"})
		rapid.Check(t, func(t *rapid.T) {
			in := start.Draw(t, "start") + rapid.StringMatching(`[0-9]{0,16}`).Draw(t, "digits")
			d, err := p.Parse([]byte(in))
			checkReading(t, p, in, d, err)
			if spaced := withSeparators(t, in); len(spaced) <= maxDialled {
				if again, err2 := p.Parse([]byte(spaced)); again != d || err2 != err {
					t.Fatalf("%q: %+v %v, but %q: %+v %v", in, d, err, spaced, again, err2)
				}
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"110", "184119", "0033110", "03-1234-5678", "01023277123456", "+81312345678", "+810312345678",
		"0066-9680-1234", "184-0091-30-010-1-212-555-1234", "+++", "０", "\x00110", "110\r\n", "*67", "",
	} {
		f.Add(s)
	}
	japan, britain := planOf(f, "JP"), planOf(f, "GB")
	f.Fuzz(func(t *testing.T, in string) {
		d, err := japan.Parse([]byte(in))
		checkReading(t, japan, in, d, err)
		bare := strings.Map(func(c rune) rune {
			if strings.ContainsRune("-.() ", c) {
				return -1
			}
			return c
		}, in)
		if d.Destination.Scope == tsujiban.ScopeEmergency && !emergencyOracle.MatchString(bare) {
			t.Fatalf("%q is an emergency", in)
		}
		d, err = britain.Parse([]byte(in))
		checkReading(t, britain, in, d, err)
	})
}
