package api

import (
	"encoding/json"
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

func TestLanguages(t *testing.T) {
	for header, want := range map[string]tsujiban.Lang{
		"": tsujiban.Japanese, "ja": tsujiban.Japanese, "en-GB,ja;q=0.3": tsujiban.English, "ja-JP,en;q=0.9": tsujiban.Japanese, "fr": tsujiban.English, "*": tsujiban.Japanese,
	} {
		if got := langOf(header, nil); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		`customer "x" exists; change it with "tsujiban customer set"`: `customer "x" exists`,
		`there is no question "y"; "tsujiban holder questions" lists`: `there is no question "y"`,
		`limits: too many`: `limits: too many`,
	} {
		if got := plain(in); got != want {
			t.Errorf("%q", got)
		}
	}
}
