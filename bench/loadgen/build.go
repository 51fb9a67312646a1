package loadgen

import (
	"bytes"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// The Call-ID carries what leads back to the call: twelve hexadecimal digits of
// its number, six of its slot, eight of the run.
const (
	numberDigits = 12
	slotDigits   = 6
	runDigits    = 8
	callIDLength = numberDigits + 1 + slotDigits + 1 + runDigits
)

// hole is a place in a template that differs from call to call.
type hole struct {
	at   int
	what holeKind
}

type holeKind uint8

const (
	holeNumber holeKind = iota // the call's number
	holeCallID
	holeDial
	holeFrom
)

// template is the INVITE of one pair of patterns, to be copied and filled.
type template struct {
	text       []byte
	holes      []hole
	dial, from Pattern
	uri        []byte // the Request-URI, with its hole
	uriHoles   []hole
}

// Marks stand for the holes while a template is written.
const (
	markNumber = "\x01"
	markCallID = "\x02"
	markDial   = "\x03"
	markFrom   = "\x04"
)

// inviteText is what a PBX of the usual kind sends: about 900 bytes with its
// body. {proxy}, {pbx} and {host} are set once.
const inviteText = "INVITE sip:" + markDial + "@{proxy} SIP/2.0\r\n" +
	"Via: SIP/2.0/UDP {pbx};branch=z9hG4bKi" + markNumber + "{run};rport\r\n" +
	"Max-Forwards: 70\r\n" +
	"From: \"Honsha 1F\" <sip:" + markFrom + "@{host}>;tag=f" + markNumber + "\r\n" +
	"To: <sip:" + markDial + "@{proxy}>\r\n" +
	"Call-ID: " + markCallID + "\r\n" +
	"CSeq: 102 INVITE\r\n" +
	"Contact: <sip:" + markFrom + "@{pbx}>\r\n" +
	"User-Agent: BenchPBX-16.30.0(18.20.1)\r\n" +
	"Date: Sun, 22 Nov 2026 01:00:00 GMT\r\n" +
	"Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO, PUBLISH, MESSAGE\r\n" +
	"Supported: replaces, timer\r\n" +
	"P-Preferred-Identity: <sip:" + markFrom + "@{host}>\r\n" +
	"Content-Type: application/sdp\r\n" +
	"Content-Length: {length}\r\n\r\n"

const sdpText = "v=0\r\n" +
	"o=pbx 1763773200 1763773200 IN IP{ipv} {host}\r\n" +
	"s=BenchPBX\r\n" +
	"c=IN IP{ipv} {host}\r\n" +
	"t=0 0\r\n" +
	"m=audio 14210 RTP/AVP 0 8 101\r\n" +
	"a=rtpmap:0 PCMU/8000\r\n" +
	"a=rtpmap:8 PCMA/8000\r\n" +
	"a=rtpmap:101 telephone-event/8000\r\n" +
	"a=fmtp:101 0-16\r\n" +
	"a=ptime:20\r\n" +
	"a=maxptime:150\r\n" +
	"a=sendrecv\r\n"

// hostOf is the address as a URI has it: brackets around IPv6.
func hostOf(at netip.AddrPort) string {
	if host := at.Addr().Unmap(); host.Is4() {
		return host.String()
	}
	return "[" + at.Addr().String() + "]"
}

func sdpOf(at netip.AddrPort) string {
	version := "6"
	if at.Addr().Unmap().Is4() {
		version = "4"
	}
	return strings.NewReplacer("{ipv}", version, "{host}", at.Addr().Unmap().String()).Replace(sdpText)
}

// newTemplate writes the INVITE for calls from pbx through proxy.
func newTemplate(pbx, proxy netip.AddrPort, run string, dial, from Pattern) *template {
	body := sdpOf(pbx)
	text := strings.NewReplacer("{proxy}", proxy.String(), "{pbx}", pbx.String(), "{host}", hostOf(pbx), "{run}", run,
		"{length}", fmt.Sprint(len(body))).Replace(inviteText) + body
	t := &template{dial: dial, from: from}
	t.text, t.holes = t.cut(text)
	t.uri, t.uriHoles = t.cut("sip:" + markDial + "@" + proxy.String())
	return t
}

// cut replaces the marks of a text by room for what they stand for.
func (t *template) cut(text string) (filled []byte, holes []hole) {
	for i := range len(text) {
		room := 0
		switch text[i : i+1] {
		case markNumber:
			holes, room = append(holes, hole{len(filled), holeNumber}), numberDigits
		case markCallID:
			holes, room = append(holes, hole{len(filled), holeCallID}), callIDLength
		case markDial:
			holes, room = append(holes, hole{len(filled), holeDial}), len(t.dial)
		case markFrom:
			holes, room = append(holes, hole{len(filled), holeFrom}), len(t.from)
		default:
			filled = append(filled, text[i])
		}
		filled = append(filled, make([]byte, room)...)
	}
	return filled, holes
}

// fill writes what differs from call to call into a copy of the template.
func (t *template) fill(dst []byte, holes []hole, c *call, run string) {
	for _, h := range holes {
		switch at := dst[h.at:]; h.what {
		case holeNumber:
			putHex(at[:numberDigits], c.number)
		case holeCallID:
			putCallID(at[:callIDLength], c.number, c.slot, run)
		case holeDial:
			t.dial.fill(at[:len(t.dial)], c.number)
		case holeFrom:
			t.from.fill(at[:len(t.from)], ^c.number)
		}
	}
}

func putCallID(dst []byte, number uint64, slot uint32, run string) {
	putHex(dst[:numberDigits], number)
	dst[numberDigits] = '.'
	putHex(dst[numberDigits+1:numberDigits+1+slotDigits], uint64(slot))
	dst[numberDigits+1+slotDigits] = '.'
	copy(dst[numberDigits+slotDigits+2:], run)
}

// callOf reads what putCallID wrote; false: a Call-ID of somebody else.
func callOf(id []byte, run string) (number uint64, slot uint32, ok bool) {
	if len(id) != callIDLength || string(id[numberDigits+slotDigits+2:]) != run {
		return 0, 0, false
	}
	number, ok = hex(id[:numberDigits])
	s, ok2 := hex(id[numberDigits+1 : numberDigits+1+slotDigits])
	return number, uint32(s), ok && ok2
}

func putHex(dst []byte, v uint64) {
	const digits = "0123456789abcdef"
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = digits[v&15]
		v >>= 4
	}
}

func hex(text []byte) (v uint64, ok bool) {
	for _, c := range text {
		switch {
		case c >= '0' && c <= '9':
			v = v<<4 | uint64(c-'0')
		case c >= 'a' && c <= 'f':
			v = v<<4 | uint64(c-'a'+10)
		default:
			return 0, false
		}
	}
	return v, true
}

// appendHex appends the call's number as the templates have it.
func appendHex(dst []byte, v uint64) []byte {
	var text [numberDigits]byte
	putHex(text[:], v)
	return append(dst, text[:]...)
}

// appendInvite appends the INVITE of a call: always the same bytes for the same call.
func (g *Generator) appendInvite(dst []byte, c *call) []byte {
	t := g.templates[c.number%uint64(len(g.templates))]
	at := len(dst)
	dst = append(dst, t.text...)
	t.fill(dst[at:], t.holes, c, g.run)
	return dst
}

// appendRefusedACK appends the ACK of a final response other than 2xx: the
// INVITE's Request-URI and branch, the response's To (RFC 3261 §17.1.1.3).
func (g *Generator) appendRefusedACK(dst []byte, c *call, m *message) []byte {
	t := g.templates[c.number%uint64(len(g.templates))]
	dst = append(dst, "ACK "...)
	at := len(dst)
	dst = append(dst, t.uri...)
	t.fill(dst[at:], t.uriHoles, c, g.run)
	dst = append(dst, " SIP/2.0\r\n"...)
	return g.appendTail(dst, c, m, 'i', "102 ACK")
}

// appendInDialog appends an ACK or a BYE of a call that was answered by m, and
// returns where it goes: the first route, or else the remote target (RFC 3261
// §12.2.1.1). The kind makes the branch.
func (g *Generator) appendInDialog(dst []byte, c *call, m *message, name, cseq string, kind byte) ([]byte, []byte) {
	target := uriOf(m.contact)
	next := target
	dst = append(dst, name...)
	dst = append(dst, ' ')
	dst = append(dst, target...)
	dst = append(dst, " SIP/2.0\r\n"...)
	for i := m.routed - 1; i >= 0; i-- {
		dst, next = appendRoutes(dst, m.records[i], next, i == m.routed-1)
	}
	return g.appendTail(dst, c, m, kind, cseq), next
}

// appendRoutes appends the values of one Record-Route line as Route lines, last
// value first (RFC 3261 §12.1.2). first says that the line is the last of the
// message, whose last value is the first hop.
func appendRoutes(dst, line, next []byte, first bool) (with, hop []byte) {
	for len(line) > 0 {
		comma := bytes.LastIndexByte(line, ',')
		value := bytes.TrimSpace(line[comma+1:])
		line = line[:max(comma, 0)]
		dst = append(dst, "Route: "...)
		dst = append(dst, value...)
		dst = append(dst, "\r\n"...)
		if first {
			next, first = uriOf(value), false
		}
	}
	return dst, next
}

// appendTail appends what all requests of the PBX but the INVITE have in common,
// from Via to the empty line.
func (g *Generator) appendTail(dst []byte, c *call, m *message, kind byte, cseq string) []byte {
	dst = append(dst, g.viaStart...)
	dst = append(dst, kind)
	dst = appendHex(dst, c.number)
	dst = append(dst, g.run...)
	dst = append(dst, ";rport\r\nMax-Forwards: 70\r\nFrom: "...)
	dst = append(dst, m.from...)
	dst = append(dst, "\r\nTo: "...)
	dst = append(dst, m.to...)
	dst = append(dst, "\r\nCall-ID: "...)
	dst = append(dst, m.callID...)
	dst = append(dst, "\r\nCSeq: "...)
	dst = append(dst, cseq...)
	return append(dst, "\r\nUser-Agent: BenchPBX-16.30.0(18.20.1)\r\nContent-Length: 0\r\n\r\n"...)
}

// appendResponse appends a response to m up to and without Content-Length: the
// headers that RFC 3261 §8.2.6.2 has copied, and a To tag for the call.
func appendResponse(dst []byte, m *message, status string, src *sockaddr, tag uint64) []byte {
	dst = append(dst, "SIP/2.0 "...)
	dst = append(dst, status...)
	dst = append(dst, "\r\n"...)
	for i := range m.hops {
		dst = append(dst, "Via: "...)
		if i == 0 {
			dst = appendVia(dst, m.vias[0], src)
		} else {
			dst = append(dst, m.vias[i]...)
		}
		dst = append(dst, "\r\n"...)
	}
	if m.method == methodInvite {
		for i := range m.routed {
			dst = append(dst, "Record-Route: "...)
			dst = append(dst, m.records[i]...)
			dst = append(dst, "\r\n"...)
		}
	}
	dst = append(dst, "From: "...)
	dst = append(dst, m.from...)
	dst = append(dst, "\r\nTo: "...)
	dst = append(dst, m.to...)
	if !bytes.Contains(m.to, []byte(";tag=")) {
		dst = append(dst, ";tag=u"...)
		dst = appendHex(dst, tag)
	}
	dst = append(dst, "\r\nCall-ID: "...)
	dst = append(dst, m.callID...)
	dst = append(dst, "\r\nCSeq: "...)
	dst = append(dst, m.cseq...)
	return append(dst, "\r\n"...)
}

var (
	rport     = []byte(";rport")
	rportOpen = []byte(";rport;")
)

// appendVia appends the topmost Via of a response: an rport without value is
// given the port that the request came from (RFC 3581 §4).
func appendVia(dst, via []byte, src *sockaddr) []byte {
	at := -1
	if bytes.HasSuffix(via, rport) {
		at = len(via)
	} else if i := bytes.Index(via, rportOpen); i >= 0 {
		at = i + len(rport)
	}
	if at < 0 {
		return append(dst, via...)
	}
	from := src.addrPort()
	dst = append(dst, via[:at]...)
	dst = append(dst, '=')
	dst = strconv.AppendUint(dst, uint64(from.Port()), 10)
	dst = append(dst, ";received="...)
	dst = from.Addr().AppendTo(dst)
	return append(dst, via[at:]...)
}
