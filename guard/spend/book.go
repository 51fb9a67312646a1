package spend

import (
	"math"

	"tsujiban"
)

// kept is how many days, and how many months, have books.
const kept = 4

// book is what one day or one month has cost so far.
type book struct {
	label    int32 // the day or month; unused books have the lowest label
	used     bool
	charged  tsujiban.Money // calls that ended
	reserved tsujiban.Money // set aside for running calls
}

func (b *book) atRisk() tsujiban.Money { return b.charged.Add(b.reserved) }

// shelf keeps the latest books. When a new label comes, the smallest one goes, and
// what comes with a label from before the shelf is put on its smallest book: so no
// day is begun twice with an empty sum, whatever the clock does.
type shelf [kept]book

// find returns the book with the label, nil when it is gone or was never begun.
func (s *shelf) find(label int32) *book {
	for i := range s {
		if s[i].used && s[i].label == label {
			return &s[i]
		}
	}
	return nil
}

// open returns the book with the label, beginning one when there is none.
func (s *shelf) open(label int32) *book {
	if b := s.find(label); b != nil {
		return b
	}
	lowest := &s[0]
	for i := range s {
		if !s[i].used {
			s[i] = book{label: label, used: true}
			return &s[i]
		}
		if s[i].label < lowest.label {
			lowest = &s[i]
		}
	}
	if label < lowest.label {
		return lowest
	}
	*lowest = book{label: label, used: true}
	return lowest
}

// peek is what open would find, without beginning a book.
func (s *shelf) peek(label int32) book {
	lowest := book{label: math.MaxInt32}
	for i := range s {
		switch {
		case s[i].used && s[i].label == label:
			return s[i]
		case !s[i].used:
			return book{label: label}
		case s[i].label < lowest.label:
			lowest = s[i]
		}
	}
	if label < lowest.label {
		return lowest
	}
	return book{label: label}
}

// Caps are a customer's limits of money; 0 is no limit.
type Caps struct {
	Call, Day, Month tsujiban.Money
}

// Books are the sums of one customer. The zero value is ready.
type Books struct {
	days, months shelf
}

// Slip is what is set aside for one running call, and on which books.
type Slip struct {
	Reserved   tsujiban.Money
	day, month int32
	open       bool // it is on the books
}

// Allows tells whether an amount may be set aside for a new call that is asked for
// on the given day and month: ReasonNone, or which cap stands against it.
func (b *Books) Allows(caps Caps, day, month int32, amount tsujiban.Money) tsujiban.Reason {
	d, m := b.days.peek(day), b.months.peek(month)
	return check(caps, &d, &m, amount, amount)
}

// Reserve sets money aside for a new call without asking any cap: Allows was
// asked, or the record says that it was set aside.
func (b *Books) Reserve(s *Slip, day, month int32, amount tsujiban.Money) {
	d, m := b.days.open(day), b.months.open(month)
	d.reserved = d.reserved.Add(amount)
	m.reserved = m.reserved.Add(amount)
	*s = Slip{Reserved: amount, day: d.label, month: m.label, open: true}
}

// Extend raises what is set aside for a call to total. It returns ReasonNone, or
// which cap stands against it; then nothing has changed.
func (b *Books) Extend(s *Slip, caps Caps, total tsujiban.Money) tsujiban.Reason {
	more := total - s.Reserved
	if more <= 0 || !s.open {
		return tsujiban.ReasonNone
	}
	d, m := b.days.find(s.day), b.months.find(s.month)
	switch {
	case d == nil && caps.Day > 0:
		return tsujiban.ReasonCapDay
	case m == nil && caps.Month > 0:
		return tsujiban.ReasonCapMonth
	}
	// Without a cap a book that is gone asks nothing.
	var gone book
	if d == nil {
		d = &gone
	}
	if m == nil {
		m = &gone
	}
	if r := check(caps, d, m, more, total); r != tsujiban.ReasonNone {
		return r
	}
	b.owe(s, total)
	return tsujiban.ReasonNone
}

// Over tells whether more is at risk already than the caps allow, as Owe can bring about: ReasonNone, or
// which cap is passed.
func (b *Books) Over(s *Slip, caps Caps) tsujiban.Reason {
	var d, m book
	if f := b.days.find(s.day); f != nil {
		d = *f
	}
	if f := b.months.find(s.month); f != nil {
		m = *f
	}
	return check(caps, &d, &m, 0, s.Reserved)
}

// Owe raises what is set aside for a call to total without asking any cap: the
// call is known to have run that long.
func (b *Books) Owe(s *Slip, total tsujiban.Money) {
	if total > s.Reserved && s.open {
		b.owe(s, total)
	}
}

func (b *Books) owe(s *Slip, total tsujiban.Money) {
	more := total - s.Reserved
	if d := b.days.find(s.day); d != nil {
		d.reserved = d.reserved.Add(more)
	}
	if m := b.months.find(s.month); m != nil {
		m.reserved = m.reserved.Add(more)
	}
	s.Reserved = total
}

// Settle gives back what was set aside for a call and charges what it cost.
func (b *Books) Settle(s *Slip, charge tsujiban.Money) {
	if !s.open {
		return
	}
	if d := b.days.find(s.day); d != nil {
		d.reserved -= s.Reserved
		d.charged = d.charged.Add(charge)
	}
	if m := b.months.find(s.month); m != nil {
		m.reserved -= s.Reserved
		m.charged = m.charged.Add(charge)
	}
	*s = Slip{}
}

// Charge books an amount that was never set aside.
func (b *Books) Charge(day, month int32, amount tsujiban.Money) {
	d, m := b.days.open(day), b.months.open(month)
	d.charged = d.charged.Add(amount)
	m.charged = m.charged.Add(amount)
}

// check tells whether more money may be put at risk for a call that then has total.
// A sum that reaches MaxMoney is refused also without a cap: sums must stay exact.
func check(caps Caps, d, m *book, more, total tsujiban.Money) tsujiban.Reason {
	day, month := d.atRisk().Add(more), m.atRisk().Add(more)
	switch {
	case over(total, caps.Call):
		return tsujiban.ReasonCapCall
	case over(day, caps.Day):
		return tsujiban.ReasonCapDay
	case over(month, caps.Month):
		return tsujiban.ReasonCapMonth
	}
	return tsujiban.ReasonNone
}

func over(amount, limit tsujiban.Money) bool {
	return limit > 0 && amount > limit || amount == tsujiban.MaxMoney
}

// Sums is what one day and one month cost: charged for ended calls, reserved for running ones.
type Sums struct {
	Today, Month                 tsujiban.Money
	TodayReserved, MonthReserved tsujiban.Money
}

// Sums reads the books of a day and a month.
func (b *Books) Sums(day, month int32) Sums {
	d, m := b.days.peek(day), b.months.peek(month)
	return Sums{Today: d.charged, Month: m.charged, TodayReserved: d.reserved, MonthReserved: m.reserved}
}
