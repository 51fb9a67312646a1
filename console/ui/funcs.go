package ui

import (
	"errors"
	"fmt"
	"html/template"
	"strconv"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/app/term"
	"tsujiban/inquiry"
	"tsujiban/numbering/names"
)

// funcs are what pages can say, in one language. The package's README lists them for who writes pages.
func (b *Book) funcs(r *room, l tsujiban.Lang) template.FuncMap {
	zone := b.node.Zone
	in := func(t time.Time) time.Time { return t.In(zone) }
	return template.FuncMap{
		"t": func(key string, args ...any) (string, error) {
			text, ok := r.words.say(l, key, args...)
			if !ok {
				return "", fmt.Errorf("there is no word %q", key)
			}
			return text, nil
		},
		// word says a code of a closed set: word "level" "watch" is the word level.watch. An unknown code is shown as it is.
		"word": func(group string, code any) string {
			if text, ok := r.words.say(l, group+"."+fmt.Sprint(code)); ok {
				return text
			}
			return fmt.Sprint(code)
		},
		"yen": func(v any) (string, error) {
			m, err := money(v)
			return Yen(b.node.Currency, m), err
		},
		"day":     func(t time.Time) string { return Day(l, in(t)) },
		"moment":  func(t time.Time) string { return Moment(l, in(t)) },
		"clock":   func(t time.Time) string { return in(t).Format(time.TimeOnly) },
		"instant": func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }, // as <time datetime> has it
		"stamp":   func(t time.Time) template.HTML { return stamp(l, in(t)) },
		"ago":     func(t time.Time) string { return Ago(l, b.node.Clock(), t) },
		"talk":    func(v any) (string, error) { d, err := length(v); return Talk(d), err },
		"span":    func(v any) (string, error) { d, err := length(v); return Span(l, d), err },
		"length":  func(v any) (string, error) { d, err := length(v); return Length(l, d), err },
		"num":     Grouped,
		"percent": func(share float64) string { return strconv.FormatFloat(100*share, 'f', 0, 64) + "%" },
		"masked":  func(v any) (string, error) { s, err := Masked(v); return names.Telephone(l, s), err },
		"phone":   func(v any) string { return names.Telephone(l, fmt.Sprint(v)) },
		"date":    func(s string) string { return date(l, s) },
		"browser": func(agent string) string { return Browser(term.Clean(agent)) },
		"note":    func(e interface{ Text(tsujiban.Lang) string }) string { return e.Text(l) },
		"refusal": func(reason string) string { text, _ := control.Said(tsujiban.CodeInvalid, reason, l); return text },
		"change":  func(note string) string { return b.inMoney(control.ChangeText(note, l)) },
		"noted": func(of any) control.Noted {
			if a, ok := of.(control.Action); ok {
				return b.noted(a.Noted(l))
			}
			return control.TypedNote(fmt.Sprint(of), l)
		},
		"who":      func(by string) string { return term.Clean(control.Who(by, l)) },
		"subject":  func(s string) string { return control.SubjectText(s, l) },
		"outcome":  func(s string) string { return control.OutcomeText(s, l) },
		"plain":    term.Clean, // text that strangers wrote: what cannot be seen, or turns the writing direction, comes out as \u202e
		"country":  func(iso string) string { return names.Country(l, iso) },
		"decibans": Decibans,
		"evidence": func(code string) string {
			if e, ok := tsujiban.ParseEvidence(code); ok {
				return e.Text(l)
			}
			return code
		},
		"reason": func(code string) string {
			if e, ok := tsujiban.ParseReason(code); ok {
				return e.Text(l)
			}
			return code
		},
		"reach": func(text string) string {
			if e, err := tsujiban.ParseReach(text); err == nil {
				return names.Reach(l, e)
			}
			return text
		},
		"factor": func(code string) string {
			if f, ok := tsujiban.ParseFactor(code); ok {
				return f.Text(l)
			}
			return code
		},
		"weights": func(ws []control.Weight) template.HTML { return weights(l, ws) },
		"bar": func(share float64, kind any) template.HTML {
			s, _ := kind.(string) // (and .Watched "warn") is false where it is not
			return Bar(share, s)
		},
		"spark":   Spark,
		"json":    b.node.chart,
		"asset":   Asset,
		"icon":    icon,
		"badge":   badge,
		"setting": func(v any) string { return b.setting(l, v) },
		"dict":    dict,
		"list":    func(v ...any) []any { return v },
		"yes":     func(b *bool) bool { return b != nil && *b },
		"add":     func(a, b int) int { return a + b },
		"minus":   func(a, b uint64) uint64 { return a - min(a, b) },
	}
}

// stamp is an instant that machines can read, too.
func stamp(l tsujiban.Lang, t time.Time) template.HTML {
	if t.IsZero() {
		return "–"
	}
	return template.HTML(`<time datetime="` + t.Format(time.RFC3339) + `">` + Moment(l, t) + `</time>`)
}

func length(v any) (time.Duration, error) {
	switch v := v.(type) {
	case time.Duration:
		return v, nil
	case control.Duration:
		return time.Duration(v), nil
	case inquiry.Length:
		return time.Duration(v), nil
	case float64: // seconds, as in control.CallRecord
		return time.Duration(v * float64(time.Second)), nil
	}
	return 0, fmt.Errorf("%T is no length of time", v)
}

// badge is a short word on a coloured ground. Kind is ok, warn, bad, info or empty: the colour repeats what the word says.
func badge(kind, text string) template.HTML {
	switch kind {
	case "ok", "warn", "bad", "info":
		kind = " " + kind
	default:
		kind = ""
	}
	return template.HTML(`<span class="badge` + kind + `">` + template.HTMLEscapeString(text) + `</span>`)
}

// icon is a symbol that says nothing by itself: text stands beside it.
func icon(name string) template.HTML {
	return template.HTML(`<svg class="icon" aria-hidden="true" focusable="false"><use href="` + Asset("icons.svg") + `#` + template.HTMLEscapeString(name) + `"/></svg>`)
}

func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("dict: names and values come in pairs")
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is no name", pairs[i])
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}
