// Package term writes for people at a terminal: tables whose columns align also with
// Japanese text, colours where they can be seen, and nothing that a stranger could have
// put into a SIP message to play with the terminal.
package term

import (
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"
)

// width counts cells. Ambiguous characters are narrow, as terminals show them unless told
// otherwise; it does not look at the locale, so that output is the same everywhere.
var width = &runewidth.Condition{StrictEmojiNeutral: true}

// Width is the number of cells that s takes.
func Width(s string) int { return width.StringWidth(s) }

// Truncate cuts s to at most cells, with an ellipsis when something is lost.
func Truncate(s string, cells int) string {
	if cells <= 0 {
		return ""
	}
	return width.Truncate(s, cells, "…")
}

// Clean makes foreign text safe to print: control characters, invalid UTF-8, line
// separators and characters that turn the writing direction or cannot be seen come
// out as \x1b, \u202e. It returns s itself when nothing is wrong with it.
func Clean(s string) string {
	bad := strings.IndexFunc(s, func(r rune) bool { return r == utf8.RuneError || !visible(r) })
	if bad < 0 {
		return s
	}
	var b strings.Builder
	b.WriteString(s[:bad])
	for i := bad; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			escape(&b, 'x', rune(s[i]), 2)
		case visible(r):
			b.WriteRune(r)
		case r < 0x100:
			escape(&b, 'x', r, 2)
		case r < 0x10000:
			escape(&b, 'u', r, 4)
		default:
			escape(&b, 'U', r, 8)
		}
		i += n
	}
	return b.String()
}

func visible(r rune) bool {
	return r == ' ' || unicode.IsGraphic(r) && !unicode.Is(unicode.Zs, r) || r == '\u3000'
}

func escape(b *strings.Builder, kind byte, r rune, digits int) {
	const hex = "0123456789abcdef"
	b.WriteByte('\\')
	b.WriteByte(kind)
	for i := digits - 1; i >= 0; i-- {
		b.WriteByte(hex[r>>(4*i)&15])
	}
}

// Style is what the output can show.
type Style struct {
	Color bool
	Width int // cells of a line; 0 when it is no terminal: lines may be of any length
	Rows  int // lines of the terminal, 0 likewise
}

// StyleOf looks at where output goes: colours only on a terminal, never with NO_COLOR
// (no-color.org) or TERM=dumb.
func StyleOf(w io.Writer, getenv func(string) string) Style {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return Style{}
	}
	s := Style{Color: getenv("NO_COLOR") == "" && getenv("TERM") != "dumb", Width: 80, Rows: 24}
	if w, h, err := term.GetSize(int(f.Fd())); err == nil && w > 0 && h > 0 {
		s.Width, s.Rows = w, h
	}
	return s
}

// Paint is a colour or weight.
type Paint uint8

// The paints. They mean something: what is bad is red on every screen of the program.
const (
	Plain  Paint = iota
	Bold         // headings
	Dim          // of little weight
	Red          // denied, cut, restricted
	Yellow       // watched
	Green        // in order
	Cyan         // names
)

var codes = []string{Plain: "", Bold: "1", Dim: "2", Red: "31", Yellow: "33", Green: "32", Cyan: "36"}

// Paint wraps s in a colour, if there are colours.
func (st Style) Paint(p Paint, s string) string {
	if !st.Color || p == Plain || s == "" {
		return s
	}
	return "\x1b[" + codes[p] + "m" + s + "\x1b[0m"
}
