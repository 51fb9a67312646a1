package simulate

import (
	"fmt"
	"net/netip"
)

// networks is how many /16 networks there are in 100.64.0.0/10. All addresses of the simulator are from that shared space
// (RFC 6598) and from 2001:db8::/32 (RFC 3849): they are nobody's.
const networks = 64

// address is an address in one of the networks.
func address(d dice, network int) netip.Addr {
	return netip.AddrFrom4([4]byte{100, 64 + byte(network), byte(d.IntN(256)), byte(1 + d.IntN(254))})
}

func address6(d dice) netip.Addr {
	b := [16]byte{0: 0x20, 1: 0x01, 2: 0x0d, 3: 0xb8, 4: byte(d.IntN(256)), 5: byte(d.IntN(256)), 15: byte(1 + d.IntN(254))}
	return netip.AddrFrom16(b)
}

// makers of PBXs and gateways: how their User-Agent reads, with the version's first figure from-to. The first ones
// are closed products, of which one is the most sold in a world; their names are made up.
var makers = []struct {
	form   string
	lo, hi int
}{
	{"Hakata PBX %d.%d.%d", 12, 17}, {"PhoneBox/%d.%d.%d", 7, 10}, {"OfficeTel %d.%d.%d", 5, 8}, {"Aizawa-IPX/%d.%02d.%02d", 3, 6},
	{"MediTel %d.%d.%d", 2, 4}, {"Mikado UC %d.%d.%d", 10, 13}, {"Suzuran VG400 V%dR%dL%d", 2, 5}, {"TeleBase-SG %d.%d.%d", 4, 6},
	{"Asterisk PBX %d.%d.%d", 13, 20}, {"FPBX-%d.0.%d(%d.9)", 14, 16}, {"FreeSWITCH-mod_sofia/1.%d.%d-release.%d", 8, 10},
}

const closedMakers = 8 // of makers: closed products

// softphones are used by honest people on the move and by thieves alike.
var softphones = []struct {
	form   string
	lo, hi int
}{
	{"Linphone-Desktop/%d.%d.%d", 4, 5}, {"MicroSIP/3.%d.%d.%d", 19, 21}, {"Zoiper rv2.%d.%d.%d", 8, 10}, {"Acrobits/%d.%d.%d", 5, 7},
	{"LinphoneAndroid/%d.%d.%d", 4, 5}, {"Telephone %d.%d.%d", 1, 2}, {"Blink Pro %d.%d.%d (MacOSX)", 4, 6},
}

// tools are what thieves dial with besides. Scanners name themselves less often than one thinks: an empty name, the name of a
// well-known PBX or that of the victim's own says nothing.
var tools = []string{"", "sipcli/v1.8", "eyeBeam release 1102q stamp 51814", "VaxSIPUserAgent/3.1", "pjsua v2.10", "SIPp", "Cisco-SIPGateway/IOS-12.x", "Grandstream HT801 1.0.17.5", "PolycomVVX-VVX_310-UA/5.9.0"}

// release is what a PBX runs.
type release struct{ maker, major, minor, patch int }

func newRelease(d dice, maker int) release {
	return release{maker, d.between(makers[maker].lo, makers[maker].hi), d.between(0, 9), d.between(0, 30)}
}

func (r release) String() string { return fmt.Sprintf(makers[r.maker].form, r.major, r.minor, r.patch) }

// upgrade is the next release: mostly a patch.
func (r *release) upgrade(d dice) {
	switch d.weighted([]float64{70, 24, 6}) {
	case 0:
		r.patch += d.between(1, 4)
	case 1:
		r.minor, r.patch = r.minor+1, 0
	default:
		r.major, r.minor, r.patch = r.major+1, 0, d.between(0, 3)
	}
}

func newSoftphone(d dice) string {
	s := pick(d, softphones)
	return fmt.Sprintf(s.form, d.between(s.lo, s.hi), d.between(0, 9), d.between(0, 30))
}

// leg is what a place of the firm sends from, from then on.
type leg struct {
	from   int64
	source netip.Addr
	agent  string
}

// site is a place from which a firm calls: the head office, a second one, a new branch, somebody's softphone.
type site struct {
	legs    []leg
	numbers []string // shown as caller, as dialled at home; the first is the main number
	main    float64  // share of the calls that show the main number
	share   float64  // of the firm's ordinary calls
	from    int64    // when it opened
	to      int64    // when it closes; 0: stays
}

// at is what the site sends from at that time.
func (s *site) at(t int64) *leg {
	i := len(s.legs) - 1
	for i > 0 && s.legs[i].from > t {
		i--
	}
	return &s.legs[i]
}

func (s *site) open(t int64) bool { return t >= s.from && (s.to == 0 || t < s.to) }

// number draws the caller's number.
func (s *site) number(d dice) string {
	if len(s.numbers) == 1 || d.chance(s.main) {
		return s.numbers[0]
	}
	return s.numbers[1+d.IntN(len(s.numbers)-1)]
}

// newSite makes a place of a firm whose address is fixed, or changes now and then as the provider hands it out.
func (m *market) newSite(d dice, a *area, maker int, from, end int64, dynamic bool) site {
	s := site{from: from, main: d.in(span{0.3, 1}), share: 1}
	s.numbers = newNumbers(d, a)
	net := pick(d, m.home)
	pbx := newRelease(d, maker)
	l := leg{from: from, source: address(d, net), agent: pbx.String()}
	if !dynamic && d.chance(0.07) {
		l.source = address6(d)
	}
	s.legs = append(s.legs, l)
	every := d.log(span{1.5, 15}) * 86400 // seconds between changes of a dynamic address
	patch := d.log(span{60, 600}) * 86400 // between upgrades of the PBX
	next, upgrade := from+d.wait(every), from+d.wait(patch)
	for {
		t := upgrade
		if dynamic {
			t = min(next, upgrade)
		}
		if t >= end {
			return s
		}
		l.from = t
		if t == upgrade {
			pbx.upgrade(d)
			l.agent = pbx.String()
			upgrade += d.wait(patch) + day
		} else {
			l.source = address(d, net)
			next += d.wait(every) + hour
		}
		s.legs = append(s.legs, l)
	}
}

// newNumbers are the numbers of a place: a block of neighbours.
func newNumbers(d dice, a *area) []string {
	main := fixedIn(d, a)
	n := d.weighted([]float64{0, 30, 12, 10, 6, 6, 4, 3, 3, 2, 6})
	if n == 10 {
		n = d.between(10, 60)
	}
	// The block begins at a round number, so that the last digits count up without carrying over.
	head := main[:len(main)-2]
	first := d.between(0, 99-min(n, 99))
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%s%02d", head, first+i)
	}
	return out
}

// newWanderer makes a softphone that is taken along: at home, in mobile networks, at the office, sometimes abroad.
func (m *market) newWanderer(d dice, office *site, from, end int64) site {
	s := site{from: from, numbers: []string{pick(d, office.numbers)}}
	agent := newSoftphone(d)
	home := address(d, pick(d, m.home))
	mobile := pick(d, m.roaming)
	stay := d.in(span{2, 9}) * 3600
	for t := from; t < end; t += d.wait(stay) + 20*minute {
		l := leg{from: t, agent: agent}
		switch d.weighted([]float64{35, 30, 33, 2}) {
		case 0:
			l.source = home
		case 1:
			l.source = address(d, mobile)
		case 2:
			l.source = office.at(t).source
		default:
			l.source = address(d, pick(d, m.home))
		}
		s.legs = append(s.legs, l)
	}
	return s
}
