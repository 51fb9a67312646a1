package api

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"tsujiban"
)

func FuzzCursor(f *testing.F) {
	f.Add(newCursor("hakata-shokai", "customers", "x"))
	f.Add("")
	f.Add("e30")
	f.Fuzz(func(t *testing.T, text string) {
		after, err := parseCursor(text, "customers", "x")
		if err != nil {
			if tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if text == "" {
			return
		}
		if back, err := parseCursor(newCursor(after, "customers", "x"), "customers", "x"); err != nil || back != after {
			t.Errorf("%q: %q, %v", text, back, err)
		}
		if _, err := parseCursor(text, "customers", "y"); err == nil {
			t.Errorf("%q holds for two queries", text)
		}
	})
}

func FuzzKey(f *testing.F) {
	f.Add("9b1deb4d")
	f.Add(" ")
	f.Fuzz(func(t *testing.T, key string) {
		if validKey(key) && (len(key) > 128 || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' })) {
			t.Errorf("%q is taken", key)
		}
	})
}

// FuzzUnambiguous: what is taken is JSON, and means the same to a reader that keeps the first of two names and one that keeps the last.
func FuzzUnambiguous(f *testing.F) {
	for _, s := range []string{`{"a":1,"a":2}`, `[{"a":[1,{}]}]`, `{}{}`, `{"a":`, "\"\xff\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := unambiguous(data)
		var v any
		if jerr := json.Unmarshal(data, &v); err == nil && jerr != nil {
			t.Errorf("%q is taken: %v", data, jerr)
		}
	})
}

func FuzzLanguage(f *testing.F) {
	f.Add("ja,en;q=0.5")
	f.Add("*")
	f.Add(strings.Repeat("de-", 100))
	f.Fuzz(func(t *testing.T, header string) {
		if l := langOf(header, nil); l != tsujiban.Japanese && l != tsujiban.English {
			t.Errorf("%q: %v", header, l)
		}
	})
}

// FuzzMoney: what is taken for an amount is written back in the one way that the document describes, and means the same.
func FuzzMoney(f *testing.F) {
	for _, s := range []string{`"20000"`, `12.5`, `-3`, `"-0.000001"`, `"1,000"`, `""`, `"9999999999999999999"`} {
		f.Add([]byte(s))
	}
	pattern := regexp.MustCompile(`^-?[0-9]{1,13}(\.[0-9]{1,6})?$`)
	f.Fuzz(func(t *testing.T, data []byte) {
		var m Money
		var d, again Difference
		if m.UnmarshalJSON(data) == nil && (!pattern.MatchString(string(m)) || m[0] == '-') {
			t.Errorf("%q is taken as %q", data, m)
		}
		if d.UnmarshalJSON(data) != nil {
			return
		}
		if err := again.UnmarshalJSON([]byte(d)); err != nil || again != d || !pattern.MatchString(string(d)) {
			t.Errorf("%q is taken as %q, and that as %q, %v", data, d, again, err)
		}
	})
}

func TestLanguages(t *testing.T) {
	for header, want := range map[string]tsujiban.Lang{
		"": tsujiban.Japanese, "ja": tsujiban.Japanese, "en-GB,ja;q=0.3": tsujiban.English, "ja-JP,en;q=0.9": tsujiban.Japanese, "fr": tsujiban.English, "*": tsujiban.Japanese,
	} {
		if got := langOf(header, nil); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
}
