package bill

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"tsujiban"
)

// Page is a part of a bill's lines. Lines of many calls are whole: each stands on one page.
type Page struct {
	Lines    []Line
	First    int    // the place of the first of them among all, from 0
	Next     string // cursor of the following page; empty when there is none
	Previous string // cursor of the page before; empty when it is the first of all, or there is none
	Earlier  bool   // whether there is a page before
}

// PageOf is the page of at most limit lines that a cursor begins; an empty one begins with the first. A cursor names an instant and not a place: when
// calls join a line meanwhile, no line stands on two pages. Lines are in the order of [Bill.Lines]. The error is CodeInvalid.
func PageOf(lines []Line, cursor string, limit int) (Page, error) {
	from := 0
	if cursor != "" {
		at, skip, err := parseCursor(cursor)
		if err != nil {
			return Page{}, err
		}
		for from < len(lines) && (lines[from].First.Before(at) || lines[from].First.Equal(at) && skip > 0) {
			if lines[from].First.Equal(at) {
				skip--
			}
			from++
		}
	}
	p := Page{First: from, Earlier: from > 0}
	to := min(from+limit, len(lines))
	p.Lines = lines[from:to]
	if to < len(lines) {
		p.Next = cursorOf(lines, to)
	}
	if from > limit {
		p.Previous = cursorOf(lines, from-limit)
	}
	return p, nil
}

// cursorOf names the line at a place: when it began, and how many before it began at the same instant.
func cursorOf(lines []Line, i int) string {
	n := 0
	for n < i && lines[i-n-1].First.Equal(lines[i].First) {
		n++
	}
	return fmt.Sprintf("%d-%d", lines[i].First.UnixMicro(), n)
}

func parseCursor(s string) (at time.Time, skip int, err error) {
	a, b, _ := strings.Cut(s, "-")
	micros, err := strconv.ParseInt(a, 10, 64)
	if err == nil {
		skip, err = strconv.Atoi(b)
	}
	if err != nil || skip < 0 {
		return at, 0, tsujiban.Errorf(tsujiban.CodeInvalid, "cursor: %q is not one that a page gave", s)
	}
	return time.UnixMicro(micros), skip, nil
}
