package retention

import (
	"fmt"
	"strings"
	"time"

	"tsujiban"
)

// Ground is why something is kept beyond its term; a closed set. Each allows a hold for so long and no longer.
type Ground uint8

// The grounds.
const (
	// Preservation is a request of the police to preserve records: up to 30 days (Code of Criminal Procedure, article 197 (3)).
	Preservation Ground = iota
	Warrant             // a warrant was served, the records are not handed over yet
	Consent             // the subscriber asks for it: a disputed bill, a complaint
	Court               // a court's order, or a claim that is being pursued
	numGrounds
)

var groundRows = [numGrounds]struct {
	name, ja, en string
	most         Term
}{
	Preservation: {"preservation", "保全要請", "preservation request", Term{Days: 30}},
	Warrant:      {"warrant", "令状", "warrant", Term{Days: 180}},
	Consent:      {"consent", "本人の申し出", "the subscriber's own request", Term{Years: 1}},
	Court:        {"court", "裁判所の決定・係争", "court order or claim", Term{Years: 5}},
}

func (g Ground) String() string { return groundRows[min(g, numGrounds-1)].name }

// ParseGround finds a ground by its name. Error: CodeInvalid.
func ParseGround(s string) (Ground, error) {
	var names []string
	for i := range groundRows {
		if groundRows[i].name == s {
			return Ground(i), nil
		}
		names = append(names, groundRows[i].name)
	}
	return 0, tsujiban.Errorf(tsujiban.CodeInvalid, "ground: there is no kind %q; write one of: %s", s, strings.Join(names, ", "))
}

// Text says the ground to a person.
func (g Ground) Text(l tsujiban.Lang) string {
	if l == tsujiban.English {
		return groundRows[min(g, numGrounds-1)].en
	}
	return groundRows[min(g, numGrounds-1)].ja
}

// Most is how long a hold on this ground may last.
func (g Ground) Most() Term { return groundRows[min(g, numGrounds-1)].most }

// Hold keeps what it covers from being erased, until a date. What is zero does not restrict: a hold on a number and a
// customer covers the calls that are of both.
type Hold struct {
	ID       int64
	Number   tsujiban.Number     // of either party
	Customer tsujiban.CustomerID // whose calls
	From, To time.Time           // calls asked for at From or later, and before To
	Ground   Ground
	Text     string    // the document: "捜査関係事項照会書 令和8年第12号"
	At       time.Time // since when
	Until    time.Time // it ends then by itself
	By       string
	Released time.Time // zero: not
	// ReleasedBy and Note say who ended it before its date, and why.
	ReleasedBy, Note string
}

// Valid checks a hold that begins at h.At. Error: CodeInvalid names the field, CodeForbidden when it would last longer than its ground allows.
func (h *Hold) Valid() error {
	bad := func(field, format string, args ...any) error {
		return tsujiban.Errorf(tsujiban.CodeInvalid, field+": "+format, args...)
	}
	switch {
	case h.Number.IsZero() && h.Customer == "" && h.From.IsZero() && h.To.IsZero():
		return bad("hold", "name a number, a customer or a period")
	case !h.From.IsZero() && !h.To.IsZero() && !h.From.Before(h.To):
		return bad("to", "it is not after from")
	case strings.TrimSpace(h.Text) == "" || len(h.Text) > 500 || strings.ContainsFunc(h.Text, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return bad("ground", "name the document or what was agreed, in one line of at most 500 bytes")
	case !h.Until.After(h.At):
		return bad("until", "it is past")
	}
	if most := h.Ground.Most(); h.Until.After(most.Over(h.At)) {
		return tsujiban.Errorf(tsujiban.CodeForbidden, "until: a hold on the ground %q lasts %s at most, until %s; ask for a new document before it ends if it must last longer",
			h.Ground, most, most.Over(h.At).Format(time.DateOnly))
	}
	return nil
}

// Stands tells whether the hold is in force.
func (h *Hold) Stands(now time.Time) bool { return h.Released.IsZero() && now.Before(h.Until) }

// OnlyNumber tells whether the hold is on a number, of whichever customer and time.
func (h *Hold) OnlyNumber() bool {
	return !h.Number.IsZero() && h.Customer == "" && h.From.IsZero() && h.To.IsZero()
}

// within tells whether an instant is in the hold's period.
func (h *Hold) within(at time.Time) bool {
	return (h.From.IsZero() || !at.Before(h.From)) && (h.To.IsZero() || at.Before(h.To))
}

// Covers tells whether an entry of the journal is under the hold. The answer and the end of a call name no number: a [Weigher]
// knows whose they are.
func (h *Hold) Covers(ev *tsujiban.Event) bool {
	if !h.within(ev.At) {
		return false
	}
	if !h.Number.IsZero() && (ev.Kind != tsujiban.EventAttempt || ev.Verdict.Caller != h.Number && ev.Verdict.Callee != h.Number) {
		return false
	}
	return h.Customer == "" || customerOf(ev) == h.Customer
}

func customerOf(ev *tsujiban.Event) tsujiban.CustomerID {
	switch ev.Kind {
	case tsujiban.EventAttempt, tsujiban.EventRegistered:
		return ev.Attempt.Customer
	case tsujiban.EventEnded:
		return ev.Outcome.Customer
	case tsujiban.EventRestricted, tsujiban.EventReleased:
		return ev.Restriction.Customer
	case tsujiban.EventReplied:
		return ev.Reply.Customer
	case tsujiban.EventCase:
		return ev.Step.Customer
	}
	return ""
}

// String is the hold for the record: numbers are masked.
func (h *Hold) String() string {
	s := fmt.Sprintf("hold %d", h.ID)
	if !h.Number.IsZero() {
		s += " number " + h.Number.Masked()
	}
	if h.Customer != "" {
		s += " customer " + string(h.Customer)
	}
	if !h.From.IsZero() {
		s += " from " + h.From.UTC().Format(time.RFC3339)
	}
	if !h.To.IsZero() {
		s += " to " + h.To.UTC().Format(time.RFC3339)
	}
	return s + " until " + h.Until.UTC().Format(time.RFC3339) + ": " + h.Ground.String() + ", " + h.Text
}

// Weigher goes over entries in order and tells which are under a hold. Calls that began under one stay under it.
type Weigher struct {
	holds   []Hold
	numbers map[tsujiban.Number]int64 // those on a number and nothing else: there may be thousands
	calls   map[tsujiban.CallID]int64 // calls under a hold, by its id
}

// NewWeigher weighs by the holds that stand at an instant.
func NewWeigher(holds []Hold, now time.Time) *Weigher {
	w := &Weigher{numbers: map[tsujiban.Number]int64{}, calls: map[tsujiban.CallID]int64{}}
	for i := range holds {
		switch h := &holds[i]; {
		case !h.Stands(now):
		case h.OnlyNumber():
			w.numbers[h.Number] = h.ID
		default:
			w.holds = append(w.holds, *h)
		}
	}
	return w
}

// Held is the hold that an entry is under, 0 for none.
func (w *Weigher) Held(ev *tsujiban.Event) int64 {
	if len(w.holds) == 0 && len(w.numbers) == 0 {
		return 0
	}
	if ev.Call != 0 && (ev.Kind == tsujiban.EventAnswered || ev.Kind == tsujiban.EventEnded) {
		if id := w.calls[ev.Call]; id != 0 {
			if ev.Kind == tsujiban.EventEnded {
				delete(w.calls, ev.Call)
			}
			return id
		}
	}
	if ev.Kind == tsujiban.EventAttempt && len(w.numbers) > 0 {
		for _, n := range []tsujiban.Number{ev.Verdict.Caller, ev.Verdict.Callee} {
			if id := w.numbers[n]; id != 0 && !n.IsZero() {
				w.calls[ev.Call] = id
				return id
			}
		}
	}
	for i := range w.holds {
		h := &w.holds[i]
		if !h.Covers(ev) {
			continue
		}
		if ev.Kind == tsujiban.EventAttempt {
			w.calls[ev.Call] = h.ID
		}
		return h.ID
	}
	return 0
}
