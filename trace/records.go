package trace

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"tsujiban"
)

// Import says how to read the call records of a PBX.
type Import struct {
	// Zone is where the clock of the records stands; needed, since they do not say it. In the hour that is there twice
	// when summer time ends, the first one is taken.
	Zone *time.Location
	// Customer is whose calls they all are; empty: the account code of each row says it.
	Customer tsujiban.CustomerID
	// Incoming are beginnings of the dialplan contexts of calls that come in from the network; nil: those of the format.
	Incoming []string
	// Inside, when set, matches what is dialled inside the PBX: extensions and feature codes ("^[2-5]..$|^\\*"). Such
	// calls never meet the guard; their rows are refused with FaultInside so that they are counted.
	Inside *regexp.Regexp
	// MaxCalls is how many calls are held in memory to be sorted, see Sort.
	MaxCalls int
}

func (o *Import) check() error {
	if o.Zone == nil {
		return invalid("no time zone: the records have local times and do not say of where; give it, such as Asia/Tokyo")
	}
	if o.Customer != "" {
		if err := checkText([]byte(o.Customer), maxID); err != nil {
			return invalid("customer %.70q: %w", o.Customer, err)
		}
	}
	return nil
}

// records reads foreign call records row by row, in the order of the file.
type records struct {
	in     *lines
	keep   keeper
	ids    map[string]bool // taken
	inside *regexp.Regexp
	// parse reads a row into a call that has nothing but its line yet, and returns its id, which may be missing.
	parse func(c *Call, f [][]byte) (id []byte, fault Fault, err error)
}

func newRecords(in io.Reader, name string, comma byte, inside *regexp.Regexp) (*records, error) {
	l, err := newLines(in, name, comma)
	return &records{in: l, keep: newKeeper(), ids: map[string]bool{}, inside: inside}, err
}

func (r *records) Next(c *Call) error {
	f, err := r.in.next()
	if err != nil {
		return err
	}
	*c = Call{Line: r.in.line}
	id, fault, err := r.parse(c, f)
	if err == nil && r.inside != nil && c.Direction == tsujiban.Out && r.inside.MatchString(c.Callee) {
		fault, err = FaultInside, errors.New("the call stays inside the PBX")
	}
	if err == nil {
		fault = FaultID
		c.ID, err = r.id(id)
	}
	if err != nil {
		return r.in.refuse(fault, "%s: %w", fault, err)
	}
	return nil
}

// id makes a call's id unique: a program may write several rows for one call, and verdicts are told apart by id.
func (r *records) id(b []byte) (string, error) {
	id := string(b)
	if id == "" {
		id = "line-" + strconv.Itoa(r.in.line)
	} else if err := checkText(b, maxID); err != nil {
		return "", err
	}
	for n := r.in.line; r.ids[id]; n++ {
		id = fmt.Sprintf("%s#%d", cut(b, maxID-12), n)
	}
	r.ids[id] = true
	return id, nil
}

// customer is the given one, or what the row says.
func (r *records) customer(given tsujiban.CustomerID, b []byte) (tsujiban.CustomerID, error) {
	if given != "" {
		return given, nil
	}
	b = bytes.TrimSpace(b)
	if len(b) == 0 {
		return "", errors.New("the row does not say whose call it is: give one customer for all")
	}
	err := checkText(b, maxID)
	return tsujiban.CustomerID(r.keep.text(b)), err
}

// numbers reads the caller and the callee. The direction is known by then.
func (r *records) numbers(c *Call, caller, callee []byte) (Fault, error) {
	var err error
	if c.Caller, err = readNumber(caller); err != nil {
		return FaultCaller, err
	}
	if c.Callee, err = readNumber(callee); err != nil {
		return FaultCallee, err
	}
	switch {
	case c.Callee == "":
		return FaultCallee, errors.New("empty")
	case c.Direction == tsujiban.Out && !strings.ContainsAny(c.Callee, "0123456789"):
		// "s", "h" or a name: which number was dialled is not known.
		return FaultCallee, errors.New("not what was dialled but an extension of the dialplan")
	}
	return 0, nil
}

// readNumber checks a number and leaves out what people put between digits (RFC 3966 §5.1.1, and space).
func readNumber(b []byte) (string, error) {
	b = bytes.TrimSpace(b)
	if bytes.Contains(b, []byte("E+")) || bytes.Contains(b, []byte("e+")) {
		return "", errors.New("a spreadsheet has destroyed it: export the file anew and do not open it in one")
	}
	other := func(r rune) bool { return !strings.ContainsRune("0123456789+*#-.() ", r) }
	if bytes.ContainsAny(b, "-.() ") && !bytes.ContainsFunc(b, other) {
		b = bytes.Map(func(r rune) rune {
			if strings.ContainsRune("-.() ", r) {
				return -1
			}
			return r
		}, b)
	}
	return string(b), checkNumber(b)
}

// direction is In in a context that begins as one of incoming does.
func direction(context []byte, incoming []string) tsujiban.Direction {
	for _, prefix := range incoming {
		if bytes.HasPrefix(context, []byte(prefix)) {
			return tsujiban.In
		}
	}
	return tsujiban.Out
}

// local reads "2006-01-02 15:04:05" as the clock in zone showed it.
func local(b []byte, zone *time.Location) (time.Time, error) {
	b = bytes.TrimSpace(b)
	t, ok := parseCivil(b, ' ', zone)
	if !ok || len(b) != len(time.DateTime) {
		return t, fmt.Errorf("%s: want a time such as 2026-03-02 08:15:30", shown(b))
	}
	t = t.UTC()
	return t, checkStart(t)
}

// durations sets the times of a call from what PBXs write: the seconds from the call to its end, and those of them after
// the answer.
func durations(c *Call, duration, billed []byte, answered bool) (Fault, error) {
	whole, err := parseSeconds(bytes.TrimSpace(duration), 3, maxSetup+maxTalk)
	if err != nil {
		return FaultTalk, err
	}
	if answered {
		if c.Talk, err = parseSeconds(bytes.TrimSpace(billed), 3, maxTalk); err != nil {
			return FaultTalk, err
		}
	}
	c.Setup = whole - c.Talk
	if c.Setup < 0 && c.Setup >= -time.Second {
		c.Setup = 0 // one was rounded up and one down: initiatedseconds in cdr.conf
	}
	switch {
	case c.Setup < 0:
		return FaultTalk, errors.New("more seconds after the answer than in all")
	case c.Setup > maxSetup:
		return FaultSetup, fmt.Errorf("more than %v until the answer", maxSetup)
	}
	return 0, nil
}
