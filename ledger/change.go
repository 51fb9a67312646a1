package ledger

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tsujiban"
)

// The bounds of what is written down.
const (
	MaxRanges = 10_000 // ranges of one change
	MaxGround = 500    // characters of a ground
	MaxNote   = 2000
	MaxName   = 200
	// MaxAhead is how far ahead a change may be dated: more is a slip of the finger.
	MaxAhead = 2 * 366 * 24 * time.Hour
)

// earliest is before any number that can be asked for today was given out.
var earliest = time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC)

// DefaultAgeing is how long a number that was given up is not given to the next, when nothing else is set.
const DefaultAgeing = 180 * 24 * time.Hour

// Change is something done to numbers, all of them or none.
type Change struct {
	Verb   Verb
	Ranges []Range
	From   time.Time // when it becomes true; needed
	// Until corrects a stretch of the past: what is true from then on stays as it is. Zero for
	// what goes on from From for ever.
	Until      time.Time
	Holder     tsujiban.CustomerID // VerbAssign, VerbTransfer; VerbPortIn when it comes with its holder
	Source     string              // VerbAdd, VerbPortIn: the carrier that we have it from
	Peer       string              // VerbPortIn, VerbPortOut: the other carrier
	Forwarding bool                // VerbAssign, VerbPortIn, VerbTransfer, VerbUse
	Ageing     time.Duration       // VerbRelease; DefaultAgeing when zero
	Line       int                 // of the file that it came from; 0 when it came from none
}

// Valid checks a change by itself; now is when it is entered. The error is CodeInvalid and names the field.
func (c *Change) Valid(now time.Time) error {
	if _, ok := verbRows[c.Verb]; !ok {
		return invalid("verb", "there is no %q", c.Verb)
	}
	if len(c.Ranges) == 0 || len(c.Ranges) > MaxRanges {
		return invalid("number", "want 1 to %d numbers or ranges, got %d", MaxRanges, len(c.Ranges))
	}
	if err := validRanges(c.Ranges); err != nil {
		return err
	}
	if err := ValidInstant("from", c.From, now); err != nil {
		return err
	}
	if !c.Until.IsZero() {
		if err := ValidInstant("until", c.Until, now); err != nil {
			return err
		}
		if !c.From.Before(c.Until) {
			return invalid("until", "%s is not after from, %s", Stamp(c.Until), Stamp(c.From))
		}
	}
	return c.validWords()
}

func validRanges(rs []Range) error {
	sorted := slices.Clone(rs)
	slices.SortFunc(sorted, func(a, b Range) int { return int(min(max(a.First-b.First, -1), 1)) })
	for i, r := range sorted {
		if r.First <= 0 || r.Last < r.First || Number(r.Last).IsZero() || Number(r.First).Len() != Number(r.Last).Len() || r.Count() > pow10[maxFree] {
			return invalid("number", "%s is not a range of numbers of one length", r)
		}
		if i > 0 && sorted[i-1].Last >= r.First {
			return invalid("number", "%s stands there twice", Range{r.First, min(r.Last, sorted[i-1].Last)})
		}
	}
	return nil
}

func (c *Change) validWords() error {
	for _, t := range []struct{ field, text string }{{"source", c.Source}, {"peer", c.Peer}} {
		if err := ValidText(t.field, t.text, MaxName, false); err != nil {
			return err
		}
	}
	wants := func(field, value string, want bool) error {
		switch {
		case want && value == "":
			return invalid(field, "must be given for %s", c.Verb)
		case !want && value != "":
			return invalid(field, "means nothing for %s: leave it out", c.Verb)
		}
		return nil
	}
	if c.Verb != VerbPortIn || c.Holder == "" {
		if err := wants("holder", string(c.Holder), c.Verb.NeedsHolder()); err != nil {
			return err
		}
	}
	if c.Verb != VerbPortIn || c.Source == "" {
		if err := wants("source", c.Source, c.Verb == VerbAdd); err != nil {
			return err
		}
	}
	if err := wants("peer", c.Peer, c.Verb == VerbPortIn || c.Verb == VerbPortOut); err != nil {
		return err
	}
	if c.Ageing < 0 || c.Ageing > 10*366*24*time.Hour {
		return invalid("ageing", "%s is not between 0 and ten years", c.Ageing)
	}
	return nil
}

// ValidInstant checks that an instant can be meant.
func ValidInstant(field string, t, now time.Time) error {
	switch {
	case t.IsZero():
		return invalid(field, "must say when")
	case t.Before(earliest):
		return invalid(field, "%s is before there were such numbers", Stamp(t))
	case t.After(now.Add(MaxAhead)):
		return invalid(field, "%s is too far ahead", Stamp(t))
	}
	return nil
}

// ValidText checks text for people: printable, at most limit characters, no space at either end.
func ValidText(field, s string, limit int, required bool) error {
	switch {
	case required && s == "":
		return invalid(field, "must not be empty")
	case !utf8.ValidString(s):
		return invalid(field, "is not valid UTF-8")
	case utf8.RuneCountInString(s) > limit:
		return invalid(field, "has %d characters, at most %d fit", utf8.RuneCountInString(s), limit)
	case strings.TrimSpace(s) != s:
		return invalid(field, "begins or ends with a space")
	}
	for i, r := range s {
		if !unicode.IsPrint(r) && r != '\u3000' {
			return invalid(field, "byte %d is %U, which cannot be printed", i+1, r)
		}
	}
	return nil
}

// Stamp writes an instant for messages.
func Stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

// window is the stretch of time that the change is about.
func (c *Change) window() (from, to int64) { return Micros(c.From), Micros(c.Until) }

// apply says what is true of a segment within the change's window, and keeps what is outside of it. own is its life so far.
func (c *Change) apply(seg Range, own []part) ([]part, error) {
	from, to := c.window()
	var out []part
	for _, p := range own {
		if p.to <= from || p.from >= to {
			continue
		}
		if p.from < from {
			out = append(out, part{seg, p.from, from, p.value, p.entry})
		}
		if p.to > to {
			out = append(out, part{seg, to, p.to, p.value, p.entry})
		}
	}
	own = runs(own)
	step := func(v Value, from, to int64) error {
		more, err := c.step(seg, v, from, to)
		out = append(out, more...)
		return err
	}
	at := from // up to where the window has been dealt with
	for i, p := range own {
		if p.to <= from || p.from >= to {
			continue
		}
		if p.from > at {
			if err := step(Value{}, at, p.from); err != nil {
				return nil, err
			}
		}
		at = p.to
		switch {
		case !c.Until.IsZero():
			if err := step(p.value, max(p.from, from), min(p.to, to)); err != nil {
				return nil, err
			}
		case p.from <= from:
			if err := step(p.value, from, to); err != nil {
				return nil, err
			}
		case !follows(own, i): // else the stock that ageing was to end in: the change has said what comes instead
			return nil, conflict("%s: there is more from %s on (%s): undo that first, or say with until how far this goes", seg, Stamp(Time(p.from)), p.value.State)
		}
	}
	if at < to {
		if err := step(Value{}, at, to); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// follows tells whether a part is the stock that ageing ends in: nobody did that, it was said together with the ageing.
func follows(own []part, i int) bool {
	return i > 0 && own[i].value.State == StateStock && own[i-1].value.State == StateAgeing && own[i-1].to == own[i].from
}

// step is what becomes of numbers of one value in a stretch of time.
func (c *Change) step(seg Range, v Value, from, to int64) ([]part, error) {
	if !slices.Contains(verbRows[c.Verb], v.State) {
		return nil, c.wrongState(seg, v, from)
	}
	next := Value{Source: v.Source, Peer: v.Peer}
	switch c.Verb {
	case VerbAdd:
		next = Value{State: StateStock, Source: c.Source}
	case VerbPortIn:
		next = Value{State: StateStock, Source: c.Source, Peer: c.Peer, Holder: c.Holder, Forwarding: c.Forwarding}
		if next.Source == "" {
			next.Source = c.Peer
		}
		if c.Holder != "" {
			next.State = StateAssigned
		}
	case VerbTest:
		next.State = StateTest
	case VerbStock:
		next.State = StateStock
	case VerbAssign, VerbTransfer:
		next.State, next.Holder, next.Forwarding = StateAssigned, c.Holder, c.Forwarding
	case VerbUse:
		next = v
		next.Forwarding = c.Forwarding
	case VerbSuspend:
		next = v
		next.State = StateSuspended
	case VerbResume:
		next = v
		next.State = StateAssigned
		if v.Holder == "" {
			next.State = StateTest
		}
	case VerbRelease:
		return c.release(seg, next, from, to), nil
	case VerbPortOut:
		next.State, next.Peer = StatePortedOut, c.Peer
	case VerbGiveBack:
		next.State = StateReturned
	}
	return []part{{r: seg, from: from, to: to, value: next}}, nil
}

// release says at once when the number will be stock again: nobody has to remember it.
func (c *Change) release(seg Range, v Value, from, to int64) []part {
	ageing := c.Ageing
	if ageing == 0 {
		ageing = DefaultAgeing
	}
	end := from + ageing.Microseconds()
	aged, stock := v, v
	aged.State, stock.State = StateAgeing, StateStock
	if end >= to {
		return []part{{r: seg, from: from, to: to, value: aged}}
	}
	return []part{{r: seg, from: from, to: end, value: aged}, {r: seg, from: end, to: to, value: stock}}
}

func (c *Change) wrongState(seg Range, v Value, from int64) error {
	at, state := Stamp(Time(from)), v.State
	switch {
	case state == StateNone:
		return conflict("%s: is not in the ledger at %s: add it first, or name a later time", seg, at)
	case state.Held() && c.Verb == VerbAssign:
		return conflict("%s: is %s to %q at %s: return it first, or transfer it", seg, state, v.Holder, at)
	case c.Verb == VerbAdd || c.Verb == VerbPortIn:
		return conflict("%s: is in the ledger already at %s (%s)", seg, at, state)
	case state == StateAgeing:
		return conflict("%s: is ageing before reuse at %s: wait, or end its ageing with stock", seg, at)
	}
	return conflict("%s: is %s at %s, from which %q does not lead", seg, state, at, c.Verb)
}

// Entry is what was done at once: its number is the order of belief.
type Entry struct {
	ID       int64     `json:"entry"`
	At       time.Time `json:"at"` // when it was entered: what was believed before did not know it
	By       string    `json:"by"`
	Verb     string    `json:"verb"`
	Ground   string    `json:"ground"`
	Note     string    `json:"note,omitempty"`
	Undoes   int64     `json:"undoes,omitempty"`    // the entry that this one takes back
	UndoneBy int64     `json:"undone_by,omitempty"` // the entry that took this one back
	File     string    `json:"file,omitempty"`      // where it came from
	SHA256   string    `json:"sha256,omitempty"`    // of that file, in hex
}

// Valid checks who and why.
func (e *Entry) Valid() error {
	if err := ValidText("by", e.By, MaxName, true); err != nil {
		return err
	}
	if err := ValidText("ground", e.Ground, MaxGround, true); err != nil {
		return err
	}
	if err := ValidText("note", e.Note, MaxNote, false); err != nil {
		return err
	}
	return ValidText("file", e.File, MaxName, false)
}
