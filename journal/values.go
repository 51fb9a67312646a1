package journal

import (
	"net/netip"
	"strconv"
	"time"

	"tsujiban"
)

// unhex gives the value of a hexadecimal digit, 255 for what is none.
var unhex = func() (t [256]byte) {
	for i := range t {
		t[i] = 255
	}
	for i := range byte(10) {
		t['0'+i] = i
	}
	for i := range byte(6) {
		t['a'+i], t['A'+i] = 10+i, 10+i
	}
	return t
}()

// The closed sets by name. A map finds a byte slice without making a string of it.
var (
	kinds      = names(tsujiban.NumEvents, tsujiban.EventKind.String)
	directions = names(tsujiban.NumDirections, tsujiban.Direction.String)
	actions    = names(1<<8, tsujiban.Action.String)
	reasons    = names(tsujiban.NumReasons, tsujiban.Reason.String)
	scopes     = names(1<<8, tsujiban.Scope.String)
	classes    = names(tsujiban.NumClasses, tsujiban.Class.String)
	evidence   = names(tsujiban.NumEvidence, tsujiban.Evidence.String)
	parties    = names(1<<8, tsujiban.Party.String)
	caseActs   = names(tsujiban.NumCaseActs, tsujiban.CaseAct.String)
	levels     = names(1<<8, tsujiban.Level.String)
	factors    = names(tsujiban.NumFactors, tsujiban.Factor.String)
	refusals   = names(tsujiban.NumRefusals, tsujiban.RefusalKind.String)
)

// names maps the names of a set of at most n values to them.
func names[T ~uint8](n int, name func(T) string) map[string]T {
	set := make(map[string]T)
	for i := range n {
		if s := name(T(i)); s != invalid {
			set[s] = T(i)
		}
	}
	return set
}

// enum reads a name of a closed set.
func enum[T ~uint8](s *scanner, set map[string]T) T {
	t := s.text()
	v, ok := set[string(t)]
	if !ok {
		s.fail("a name that this version does not know: " + strconv.Quote(string(t)))
	}
	return v
}

func (s *scanner) call() tsujiban.CallID {
	t := s.text()
	v, err := tsujiban.ParseCallID(t)
	if err != nil {
		s.fail(err.Error())
	}
	return v
}

func (s *scanner) reach() tsujiban.Reach {
	r, err := tsujiban.ParseReach(string(s.text()))
	if err != nil {
		s.fail(err.Error())
	}
	return r
}

func (s *scanner) telephone() tsujiban.Number {
	t := s.text()
	if len(t) == 0 || len(t) > tsujiban.MaxDigits+1 {
		s.fail(tsujiban.ErrNumber.Error())
		return tsujiban.Number{}
	}
	n, err := tsujiban.ParseNumber(string(t))
	if err != nil {
		s.fail(err.Error())
	}
	return n
}

func (s *scanner) country() [2]byte {
	t := s.text()
	if len(t) != 2 || !upper(t[0]) || !upper(t[1]) {
		s.fail("want a country code of two capital letters")
		return [2]byte{}
	}
	return [2]byte{t[0], t[1]}
}

// money reads an amount in units with at most six decimals, of either sign.
func (s *scanner) money() tsujiban.Money {
	t := s.text()
	v, ok := parseDecimal(t, 6)
	if !ok {
		s.fail(tsujiban.ErrMoney.Error())
	}
	return tsujiban.Money(v)
}

func (s *scanner) seconds() time.Duration {
	t := s.number()
	v, ok := parseDecimal(t, 9)
	if !ok {
		s.fail("want seconds with at most nine decimals")
	}
	return time.Duration(v)
}

// parseDecimal reads digits with at most places decimals as an integer of the smallest decimal.
func parseDecimal(t []byte, places int) (int64, bool) {
	neg := len(t) > 0 && t[0] == '-'
	if neg {
		t = t[1:]
	}
	var v uint64
	digits, point := 0, -1
	for i, c := range t {
		if c == '.' && point < 0 && i > 0 && i < len(t)-1 {
			point = digits
			continue
		}
		if c < '0' || c > '9' || point >= 0 && digits-point >= places {
			return 0, false
		}
		next := v*10 + uint64(c-'0')
		if v > (1<<64-1)/10 || next < v {
			return 0, false
		}
		v = next
		digits++
	}
	if digits == 0 {
		return 0, false
	}
	have := 0
	if point >= 0 {
		have = digits - point
	}
	for ; have < places; have++ {
		if v > (1<<63)/10 {
			return 0, false
		}
		v *= 10
	}
	switch {
	case neg && v <= 1<<63:
		return int64(-v), true
	case !neg && v < 1<<63:
		return int64(v), true
	}
	return 0, false
}

func (s *scanner) decibans() tsujiban.Decibans {
	t := s.number()
	if s.what != "" {
		return 0
	}
	v, err := strconv.ParseFloat(string(t), 32)
	if err != nil {
		s.fail("want a number of decibans")
	}
	return tsujiban.Decibans(v)
}

// why reads [["destination",3.2],…].
func (s *scanner) why(why *[tsujiban.MaxWhy]tsujiban.Weight) {
	s.want('[')
	n := 0
	for !s.is(']') && s.what == "" {
		if n > 0 {
			s.want(',')
		}
		if n == tsujiban.MaxWhy {
			s.fail("more than 12 weights")
			return
		}
		s.want('[')
		why[n].Kind = enum(s, evidence)
		s.want(',')
		why[n].Value = s.decibans()
		s.want(']')
		n++
	}
}

func (s *scanner) addrPort() netip.AddrPort {
	t := s.text()
	a, err := netip.ParseAddrPort(string(t))
	if err != nil {
		s.fail("want an IP address with port")
	}
	return a
}

// parseInstant reads "2006-01-02T15:04:05.000000Z" and nothing else (RFC 3339 §5.6 with six decimals, UTC).
func parseInstant(t []byte) (time.Time, bool) {
	const form = "dddd-dd-ddTdd:dd:dd.ddddddZ"
	if len(t) != len(form) {
		return time.Time{}, false
	}
	for i := range len(form) {
		if form[i] == 'd' && t[i]-'0' > 9 || form[i] != 'd' && t[i] != form[i] {
			return time.Time{}, false
		}
	}
	two := func(i int) int { return int(t[i]-'0')*10 + int(t[i+1]-'0') }
	year, month, day := two(0)*100+two(2), two(5), two(8)
	hour, minute, second := two(11), two(14), two(17)
	us := two(20)*10000 + two(22)*100 + two(24)
	if month > 12 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	at := time.Date(year, time.Month(month), day, hour, minute, second, us*1000, time.UTC)
	if at.Day() != day || int(at.Month()) != month {
		return time.Time{}, false
	}
	return at, true
}
