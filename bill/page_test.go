package bill

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"tsujiban"
)

// TestPages: going on from page to page shows every line once, in order, and going back leads to the same lines; calls that join a line meanwhile let no line
// stand on two pages.
func TestPages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := New(tokyo)
		at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		for i := range rapid.IntRange(0, 60).Draw(t, "lines") {
			at = at.Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "gap")) * time.Second) // several begin at the same instant
			l := Line{First: at, Last: at, Place: PlaceOf(leone), Call: tsujiban.CallID(i + 1), Count: 1}
			b.Add(l, []Line{l})
		}
		lines, limit := b.Lines(), rapid.IntRange(1, 20).Draw(t, "limit")
		var seen []Line
		var cursors []string
		for cursor := ""; ; {
			p, err := PageOf(lines, cursor, limit)
			if err != nil {
				t.Fatal(err)
			}
			if p.First != len(seen) || p.Earlier != (len(seen) > 0) || len(p.Lines) > limit {
				t.Fatalf("page %q begins at %d, %d were seen", cursor, p.First, len(seen))
			}
			if n := len(cursors); n > 0 && p.Previous != cursors[n-1] {
				t.Fatalf("before %q stands %q, it was %q", cursor, p.Previous, cursors[n-1])
			}
			seen, cursors = append(seen, p.Lines...), append(cursors, cursor)
			if cursor = p.Next; cursor == "" {
				break
			}
		}
		if len(seen) != len(lines) {
			t.Fatalf("%d of %d lines were seen", len(seen), len(lines))
		}
		for i := range seen {
			if seen[i] != lines[i] {
				t.Fatalf("line %d is %+v, want %+v", i, seen[i], lines[i])
			}
		}
		if len(lines) == 0 {
			return
		}
		first, err := PageOf(lines, "", limit)
		if err != nil {
			t.Fatal(err)
		}
		fewer := lines[min(rapid.IntRange(0, 5).Draw(t, "folded"), len(first.Lines)):] // the others became one line that stands behind
		next, err := PageOf(fewer, first.Next, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range next.Lines {
			for _, k := range first.Lines {
				if first.Next != "" && l == k && !l.First.Equal(next.Lines[0].First) {
					t.Fatalf("%+v stands on two pages", l)
				}
			}
		}
	})
}

func TestCursors(t *testing.T) {
	for _, bad := range []string{"x", "1", "1-", "-1", "1--1", "1-x", "9223372036854775808-0"} {
		if _, err := PageOf(nil, bad, 10); tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if p, err := PageOf([]Line{{First: time.Unix(5, 0)}}, "9000000000000-3", 10); err != nil || len(p.Lines) != 0 || p.First != 1 || p.Next != "" {
		t.Errorf("%+v, %v", p, err)
	}
}
