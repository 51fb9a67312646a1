package letter

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxForeign is the longest text of a stranger that is shown, in characters.
const maxForeign = 80

// Clean makes text fit to be shown: one line, no control characters, nothing that turns
// the direction of writing or cannot be seen.
func Clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r', r == '\t', r == '\u2028', r == '\u2029', r == '\u0085':
			return ' '
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), hidden(r):
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// hidden are characters that take no room and are no format characters by their class.
func hidden(r rune) bool {
	return r == '\u115f' || r == '\u1160' || r == '\u3164' || r == '\uffa0' || r >= '\ufe00' && r <= '\ufe0f' || r >= '\U000e0100' && r <= '\U000e01ef' || r == '\u034f'
}

// Foreign makes text of strangers (a User-Agent, a display name) fit to be shown: cleaned,
// cut, no address that a mail program turns into a link, and nothing that a spreadsheet
// takes for a formula when somebody copies it there.
func Foreign(s string) string {
	if r := []rune(s); len(r) > 8*maxForeign {
		s = string(r[:8*maxForeign])
	}
	s = Clean(s)
	if r := []rune(s); len(r) > maxForeign {
		s = string(r[:maxForeign-1]) + "…"
	}
	s = strings.ReplaceAll(s, "://", "[:]//")
	for _, www := range []string{"www.", "WWW.", "Www."} {
		s = strings.ReplaceAll(s, www, strings.TrimSuffix(www, ".")+"[.]")
	}
	s = strings.ReplaceAll(s, "@", "[at]")
	if s != "" && strings.ContainsRune("=+-|%", rune(s[0])) {
		s = "'" + s
	}
	return s
}
