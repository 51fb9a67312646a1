package simulate

import (
	"strconv"
	"strings"
)

// area is where a firm at home stands: the trunk 0, the area code, and the digits that exchanges begin with there.
type area struct {
	code, exchanges string
	weight          float64
}

var areas = []area{
	{"03", "3456", 30}, {"06", "4567", 13}, {"052", "2345679", 8}, {"045", "2345678", 6}, {"092", "245678", 6},
	{"011", "2356789", 5}, {"075", "234567", 4}, {"078", "23456", 4}, {"082", "23458", 3}, {"022", "23567", 3},
	{"048", "4567", 3}, {"043", "2345", 2}, {"044", "2345789", 2}, {"042", "3456", 2}, {"054", "245", 2},
	{"025", "2345", 2}, {"086", "2348", 2}, {"096", "2358", 2}, {"098", "8", 2}, {"076", "2345", 2},
	{"095", "28", 1}, {"099", "28", 1}, {"087", "28", 1}, {"089", "29", 1}, {"077", "5", 1}, {"029", "2358", 1},
	{"028", "6", 1}, {"027", "2358", 1}, {"019", "6", 1}, {"018", "8", 1}, {"017", "7", 1}, {"058", "23", 1}, {"0797", "23567", 1},
	{"0466", "2345", 1}, {"0532", "3456", 1}, {"0942", "34", 1}, {"0246", "2", 1}, {"0166", "2367", 1},
}

var areaWeights = func() []float64 {
	w := make([]float64, len(areas))
	for i, a := range areas {
		w[i] = a.weight
	}
	return w
}()

const homeDigits = 10 // of a number with an area code, the trunk 0 included

// fill replaces each x by a digit.
func fill(d dice, form string) string {
	if !strings.Contains(form, "x") {
		return form
	}
	b := []byte(form)
	for i, c := range b {
		if c == 'x' {
			b[i] = '0' + byte(d.IntN(10))
		}
	}
	return string(b)
}

// fixedIn is a number with an area code there, as dialled at home.
func fixedIn(d dice, a *area) string {
	var b [homeDigits]byte
	n := copy(b[:], a.code)
	b[n] = a.exchanges[d.IntN(len(a.exchanges))]
	for n++; n < len(b); n++ {
		b[n] = '0' + byte(d.IntN(10))
	}
	return string(b[:])
}

// homeKind is what kind of number at home is called.
type homeKind int

const (
	toFixed homeKind = iota
	toMobile
	toIPPhone
	toFreephone
	toNavi
	toSpecial
	numHomeKinds
)

// shortNumbers are directory, time and weather: all that an ordinary firm dials of the 1XY numbers.
var shortNumbers = []string{"104", "117", "177"}

// homeNumber is any number of that kind, fixed ones mostly near by.
func homeNumber(d dice, k homeKind, near *area, nearby float64) string {
	switch k {
	case toMobile:
		return fill(d, mobileForm(d))
	case toIPPhone:
		return fill(d, "050"+digit(d, 1, 9)+"xxxxxxx")
	case toFreephone:
		if d.chance(0.75) {
			return fill(d, "0120xxxxxx")
		}
		return fill(d, "0800xxxxxxx")
	case toNavi:
		return fill(d, "0570xxxxxx")
	case toSpecial:
		return pick(d, shortNumbers)
	}
	if !d.chance(nearby) {
		near = &areas[d.weighted(areaWeights)]
	}
	return fixedIn(d, near)
}

// mobileForm draws among the mobile prefixes; 060 has been given out since 2026 and is rare (INCIDENTS §4).
func mobileForm(d dice) string {
	prefix := "090"
	switch x := d.Float64(); {
	case x < 0.005:
		prefix = "060"
	case x < 0.22:
		prefix = "070"
	case x < 0.58:
		prefix = "080"
	}
	return prefix + digit(d, 1, 9) + "xxxxxxx"
}

func digit(d dice, lo, hi int) string { return strconv.Itoa(d.between(lo, hi)) }

// party is somebody whom a firm calls or who calls it.
type party struct {
	digits string // as dialled at home (0312345678), or E.164 digits of a number abroad
	place  *place // nil: at home
	dial   string // as the firm's PBX sends it
	shown  string // as it is shown when it calls
	answer float32
	talk   float32 // how much longer than others one talks with it
	fax    bool
}

// neighbour is another number of the same company: its direct dial-in.
func (p *party) neighbour(d dice) string {
	n := len(p.digits)
	return p.digits[:n-2] + strconv.Itoa(d.IntN(10)) + strconv.Itoa(d.IntN(10))
}

// style is how a PBX writes the numbers that it sends, and how its carrier shows those of callers.
type style struct {
	abroad string // in front of E.164 digits: "010", "+", or a carrier code and 010
	global bool   // numbers at home too go out as +81…
	shown  bool   // callers at home are shown as +81…
}

// abroadStyles: most dial 010; PBXs that keep their directory in E.164 send a +; some have a carrier code (マイライン) set.
var abroadStyles = []string{"010", "+", "0033010", "0061010", "001010", "0041010", "0088010"}

func newStyle(d dice) style {
	s := style{abroad: abroadStyles[d.weighted([]float64{70, 20, 3, 3, 2, 1, 1})]}
	s.global = s.abroad == "+" && d.chance(0.5)
	s.shown = d.chance(0.3)
	return s
}

func (s *style) dialled(digits string, home bool) string {
	switch {
	case !home:
		return s.abroad + digits
	case s.global && digits[0] == '0' && !strings.HasPrefix(digits, "0570") && !strings.HasPrefix(digits, "0120"):
		return "+81" + digits[1:]
	}
	return digits
}

func (s *style) presented(digits string, home bool) string {
	switch {
	case !home:
		return "+" + digits
	case s.shown && digits[0] == '0':
		return "+81" + digits[1:]
	}
	return digits
}
