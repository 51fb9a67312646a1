package inquiry

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/ledger"
)

// Case is one inquiry: who asks, on what paper, about which numbers.
type Case struct {
	ID       int64     `json:"case"`
	At       time.Time `json:"at"` // when it was entered
	By       string    `json:"by"` // by whom
	Kind     Kind      `json:"kind"`
	Agency   string    `json:"agency,omitempty"`  // "福岡県警察本部"; of a consent: empty, or who brought it
	Officer  string    `json:"officer,omitempty"` // "捜査第二課 山田警部補"
	Document string    `json:"document"`          // its number: "捜二-88", "同意書 2026-11-20"
	Date     string    `json:"date"`              // on the document: "2026-11-20"
	Numbers  []string  `json:"numbers,omitempty"` // E.164 with +: which it names; no others are looked up under it
	Days     int       `json:"days,omitempty"`    // of a preservation request: how long
	Until    time.Time `json:"until,omitzero"`    // likewise: its last instant
	Note     string    `json:"note,omitempty"`    // of an emergency: whose life is in danger, why
	Closed   time.Time `json:"closed,omitzero"`
	ClosedBy string    `json:"closed_by,omitempty"`
	Result   string    `json:"result,omitempty"` // what was answered, when it was closed
}

// The bounds of a case.
const (
	MaxPreservation = 30 // days (Code of Criminal Procedure Article 197 (3))
	MaxNumbers      = 1000
)

func invalid(field, format string, args ...any) error {
	return tsujiban.Errorf(tsujiban.CodeInvalid, field+": "+format, args...)
}

// Open fills in what follows from what was given, and checks a new case. now is when it is entered. CodeInvalid names the field.
func (c *Case) Open(now time.Time) error {
	if _, ok := kindRows[c.Kind]; !ok {
		_, err := ParseKind(string(c.Kind))
		return err
	}
	c.At = now
	if c.Date == "" {
		c.Date = now.Format(time.DateOnly)
	}
	for _, f := range []struct {
		field, text string
		needed      bool
	}{
		{"agency", c.Agency, c.Kind != KindConsent}, {"officer", c.Officer, c.Kind == KindEmergency}, {"document", c.Document, true},
		{"note", c.Note, c.Kind == KindEmergency},
	} {
		if err := ledger.ValidText(f.field, f.text, ledger.MaxName, f.needed); err != nil {
			return err
		}
	}
	day, err := time.Parse(time.DateOnly, c.Date)
	switch {
	case err != nil:
		return invalid("date", "%.20q is no day that there is; write it as 2026-11-20", c.Date)
	case day.After(now.AddDate(0, 0, 1)): // a day on paper has no zone
		return invalid("date", "%s has not come yet", c.Date)
	case day.Before(now.AddDate(-5, 0, 0)):
		return invalid("date", "%s is more than five years ago: a slip of the finger?", c.Date)
	}
	return c.openRest(now)
}

func (c *Case) openRest(now time.Time) error {
	switch {
	case len(c.Numbers) > MaxNumbers:
		return invalid("numbers", "has %d, at most %d fit", len(c.Numbers), MaxNumbers)
	case c.Kind != KindPreservation && c.Days != 0:
		return invalid("days", "only a preservation request has a term")
	case c.Kind != KindPreservation:
		return nil
	case len(c.Numbers) == 0:
		return invalid("numbers", "name the numbers whose records are to be kept")
	case c.Days == 0:
		c.Days = MaxPreservation
	case c.Days < 0 || c.Days > MaxPreservation:
		return invalid("days", "a preservation request holds for 1 to %d days, not %d", MaxPreservation, c.Days)
	}
	c.Until = now.AddDate(0, 0, c.Days)
	return nil
}

// Names tells whether the document names a number. One that names none was asked for without: then all of its looks are allowed.
func (c *Case) Names(n tsujiban.Number) bool {
	return len(c.Numbers) == 0 || slices.Contains(c.Numbers, n.String())
}

// Holds tells whether records of its numbers have to be kept at an instant, whatever their term.
func (c *Case) Holds(at time.Time) bool {
	return c.Kind == KindPreservation && c.Closed.IsZero() && at.Before(c.Until)
}

// Ground is what people write behind -ground: a case that is open, or a new one in a line.
type Ground struct {
	Case int64 // 0: New
	New  Case
}

// ParseGround reads "3", the number of a case, or "warrant, 福岡県警察本部, 令状 123, 捜査第二課 山田": kind, agency, number of the document and, if
// known, officer and a note, with commas (also 、 and ，) between. The error is CodeForbidden: without a ground nothing is looked up.
func ParseGround(s string) (Ground, error) {
	s = strings.TrimSpace(s)
	if id, err := strconv.ParseInt(s, 10, 64); err == nil && id > 0 {
		return Ground{Case: id}, nil
	}
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == '、' || r == '，' })
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	if len(parts) < 2 {
		return Ground{}, tsujiban.Errorf(tsujiban.CodeForbidden, "ground: write the number of a case (see \"tsujiban inquiry list\"), or kind, agency, document: -ground \"warrant, 福岡県警察本部, 令状 123\"")
	}
	kind, err := ParseKind(parts[0])
	if err != nil {
		return Ground{}, err
	}
	g := Ground{New: Case{Kind: kind}}
	if kind == KindConsent && len(parts) == 2 {
		g.New.Document = parts[1]
		return g, nil
	}
	g.New.Agency = parts[1]
	for i, dst := range []*string{&g.New.Document, &g.New.Officer, &g.New.Note} {
		if len(parts) > i+2 {
			*dst = parts[i+2]
		}
	}
	if len(parts) > 5 {
		return Ground{}, invalid("ground", "has %d parts, at most five are known: kind, agency, document, officer, note", len(parts))
	}
	return g, nil
}

// Look is one question that was asked under a case, and what came of it. It holds no call record: which entries of the journal the
// answer rests on is enough to give it again.
type Look struct {
	ID        int64             `json:"look"`
	Case      int64             `json:"case"`
	At        time.Time         `json:"at"`
	By        string            `json:"by"`
	Seq       uint64            `json:"seq"` // the entry of the journal that says that it was asked
	Question  Question          `json:"question"`
	Reveal    bool              `json:"reveal,omitempty"` // whole numbers were shown
	Purpose   string            `json:"purpose"`          // "ask", "letter", "bundle"
	Finding   Finding           `json:"finding"`
	Calls     int               `json:"calls"`    // of the number in that time
	Matching  int               `json:"matching"` // that fit what is alleged
	NearCalls int               `json:"near_calls"`
	Found     []tsujiban.CallID `json:"found,omitempty"`
}
