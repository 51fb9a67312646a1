package sipwire

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// Parse indexes one whole message: a datagram, or a frame of a stream. What follows
// the body is left out of Raw (RFC 3261 §18.3). buf must stay unchanged while m is used.
//
// A message that passes has one start line; Via, From, To, Call-ID and CSeq with values;
// one readable From and To with at most one tag each; a CSeq that fits the request; and none
// of the headers of a call twice. What else its headers say has not been looked at. After an
// error, which is an [Error], only the headers in front of [Message.Fault] are there.
func (m *Message) Parse(buf []byte) error { return m.parse(buf).orNil() }

func (m *Message) parse(buf []byte) Error {
	m.Raw, m.Headers = buf, m.slots[:0]
	m.Method, m.Status, m.CSeq, m.hops, m.fault = MethodOther, 0, 0, -1, 0
	m.startEnd, m.uri, m.uriE, m.methodEnd, m.body = 0, 0, 0, 0, 0
	clear(m.first[:])
	if len(buf) == 0 {
		return ErrEmpty
	}
	if len(buf) > MaxMessage {
		m.Raw = buf[:MaxMessage]
		return ErrTooLarge
	}
	end, fault := lineEnd(buf, 0)
	if fault == 0 && end > MaxLine {
		fault = ErrLineTooLong
	}
	if fault != 0 {
		return m.fail(end, fault)
	}
	if fault = m.parseStart(buf[:end]); fault != 0 {
		return fault
	}
	m.startEnd = uint16(end + 2)
	n, fault := m.index(end + 2)
	m.Headers = m.slots[:n]
	if fault != 0 {
		return fault
	}
	return m.check()
}

// fail notes where Parse gave up.
func (m *Message) fail(at int, fault Error) Error {
	m.fault = at
	return fault
}

// lineEnd finds the CRLF that ends the line of the byte at i and returns where it starts; on a fault,
// where that is.
func lineEnd(buf []byte, i int) (int, Error) {
	for {
		i = control(buf, i)
		if i+1 < len(buf) && buf[i] == '\r' && buf[i+1] == '\n' {
			return i, 0
		}
		if i == len(buf) || buf[i] != '\t' {
			return i, lineFault(buf[i:])
		}
		i++
	}
}

// control is the offset of the first byte from i on that is below a space; len(buf) when there is none.
func control(buf []byte, i int) int {
	if i < 0 { // never; it spares the compiler's checks below
		return 0
	}
	for ; i <= len(buf)-8; i += 8 {
		if hit := below(binary.LittleEndian.Uint64(buf[i:i+8]), ' '); hit != 0 {
			return i + bits.TrailingZeros64(hit)>>3
		}
	}
	for i < len(buf) && buf[i] >= ' ' {
		i++
	}
	return i
}

// lineFault names what ends a line that is not CRLF.
func lineFault(rest []byte) Error {
	switch {
	case len(rest) == 0, len(rest) == 1 && rest[0] == '\r':
		return ErrTruncated
	case rest[0] == '\r', rest[0] == '\n':
		return ErrBareCRLF
	}
	return ErrControl
}

// index walks the header lines from off to the empty line and counts them.
func (m *Message) index(off int) (n int, fault Error) {
	buf := m.Raw
	for {
		if off+1 < len(buf) && buf[off] == '\r' && buf[off+1] == '\n' {
			m.body = uint16(off + 2)
			return n, 0
		}
		kind, i := knownName(buf, off)
		if i == 0 {
			kind, i = looseName(buf, off)
		}
		end := control(buf, max(i, off))
		if end+1 >= len(buf) || buf[end] != '\r' || buf[end+1] != '\n' || i == 0 || n == MaxHeaders {
			if end, fault = lineEnd(buf, end); fault == 0 && i == 0 {
				end, fault = off, ErrHeaderName
			} else if fault == 0 && n == MaxHeaders {
				end, fault = off, ErrTooManyHeaders
			}
			if fault != 0 {
				return n, m.fail(end, fault)
			}
		}
		next := end + 2
		if next < len(buf) && (buf[next] == ' ' || buf[next] == '\t') {
			if end, fault = foldEnd(buf, next); fault == 0 && kinds[kind].oneLine {
				end, fault = next, ErrFolded
			}
			if fault != 0 {
				return n, m.fail(end, fault)
			}
			next = end + 2
		}
		if end-off > MaxLine {
			return n, m.fail(off, ErrLineTooLong)
		}
		if i < end && buf[i] == ' ' { // most have one blank here and none at the end
			i++
		}
		for i < end && buf[i] <= ' ' {
			i++
		}
		for end > i && buf[end-1] <= ' ' {
			end--
		}
		h := &m.slots[n]
		n++
		h.Kind, h.next, h.Start, h.Value, h.Stop, h.Next = kind, 0, uint16(off), uint16(i), uint16(end), uint16(next)
		if m.first[kind] == 0 {
			m.first[kind] = uint8(n)
		} else if kinds[kind].once {
			return n, m.fail(off, ErrDuplicate)
		} else {
			m.slots[m.last[kind]-1].next = uint8(n)
		}
		m.last[kind] = uint8(n)
		off = next
	}
}

// foldEnd finds the end of a header line whose next line starts with a blank (RFC 3261 §7.3.1),
// at off. A line of nothing but blanks is refused: there are programs that
// take it for the empty line.
func foldEnd(buf []byte, off int) (int, Error) {
	for {
		end, fault := lineEnd(buf, off)
		if fault != 0 {
			return end, fault
		}
		if skipBlank(buf, off) >= end {
			return off, ErrBlankLine
		}
		if off = end + 2; off == len(buf) || buf[off] != ' ' && buf[off] != '\t' {
			return end, 0
		}
	}
}

// parseStart reads "METHOD uri SIP/2.0" or "SIP/2.0 200 OK" (RFC 3261 §7.1, §7.2), with exactly one space between.
func (m *Message) parseStart(line []byte) Error {
	if len(line) > 8 && isVersion(line[:7]) && line[7] == ' ' {
		return m.parseStatus(line)
	}
	i := 0
	for i < len(line) && chars[line[i]]&cToken != 0 {
		i++
	}
	n := len(line)
	if i == 0 || n < i+10 || line[i] != ' ' || line[n-8] != ' ' {
		return m.fail(i, ErrStartLine)
	}
	if !isVersion(line[n-7:]) {
		return m.fail(n-7, ErrVersion)
	}
	for j, c := range line[i+1 : n-8] {
		if chars[c]&cURI == 0 {
			return m.fail(i+1+j, ErrStartLine)
		}
	}
	method, ok := methodOf(line[:i])
	if !ok {
		return ErrStartLine
	}
	m.Method, m.methodEnd = method, uint16(i)
	m.uri, m.uriE = uint16(i+1), uint16(n-8)
	return 0
}

func (m *Message) parseStatus(line []byte) Error {
	if len(line) < 11 || len(line) > 11 && line[11] != ' ' {
		return m.fail(8, ErrStartLine)
	}
	status, ok := parseUint(line[8:11], 699)
	if !ok || status < 100 {
		return m.fail(8, ErrStartLine)
	}
	m.Status = int(status)
	m.uri, m.uriE = uint16(min(12, len(line))), uint16(len(line))
	return 0
}

// isVersion tells "SIP/2.0", in any case (RFC 3261 §7.1).
func isVersion(b []byte) bool { return string(b) == "SIP/2.0" || EqualFold(b, "sip/2.0") }

// check holds the rules that need more than one line, or the value of one.
func (m *Message) check() Error {
	for _, k := range [...]Kind{Via, From, To, CallID, CSeq} {
		if h := m.First(k); h == nil {
			return m.fail(m.HeadersEnd(), ErrMissing)
		} else if h.Value == h.Stop {
			return m.failAt(k, ErrMissing)
		}
	}
	if !visible(m.Get(CallID)) {
		return m.failAt(CallID, ErrCallID)
	}
	if fault := m.checkCSeq(); fault != 0 {
		return m.failAt(CSeq, fault)
	}
	if fault := m.from.parse(m.Get(From)); fault != 0 || m.from.More {
		return m.failAt(From, ErrAddress)
	}
	if fault := m.to.parse(m.Get(To)); fault != 0 || m.to.More {
		return m.failAt(To, ErrAddress)
	}
	if h := m.First(MaxForwards); h != nil {
		n, ok := parseUint(m.Value(h), 255)
		if !ok {
			return m.failAt(MaxForwards, ErrNumber)
		}
		m.hops = int16(n)
	}
	if fault := m.checkContact(); fault != 0 {
		return m.failAt(Contact, fault)
	}
	return m.cutBody()
}

func (m *Message) failAt(k Kind, fault Error) Error { return m.fail(int(m.First(k).Start), fault) }

func (m *Message) checkCSeq() Error {
	num, method, err := ParseCSeq(m.Get(CSeq))
	if err != nil {
		return ErrCSeq
	}
	m.CSeq = num
	if m.Status == 0 {
		if string(method) != string(m.MethodBytes()) {
			return ErrCSeq
		}
		return 0
	}
	var ok bool
	if m.Method, ok = methodOf(method); !ok {
		return ErrCSeq
	}
	return 0
}

// checkContact refuses a second Contact where the first one is where the other side will send
// to (RFC 3261 §8.1.1.8, §12.1.1): two programs could send to different ones.
func (m *Message) checkContact() Error {
	h := m.First(Contact)
	if h == nil || m.Status != 0 && m.Status/100 != 2 {
		return 0
	}
	switch m.Method {
	case INVITE, UPDATE, SUBSCRIBE, NOTIFY, REFER:
	default:
		return 0
	}
	if h.next != 0 {
		return ErrDuplicate
	}
	if v := m.Value(h); bytes.IndexByte(v, ',') >= 0 {
		var a Address
		if fault := a.parse(v); fault != 0 {
			return fault
		}
		if a.More {
			return ErrDuplicate
		}
	}
	return 0
}

// cutBody takes what follows the body off Raw.
func (m *Message) cutBody() Error {
	h := m.First(ContentLength)
	if h == nil {
		return 0
	}
	n, ok := parseUint(m.Value(h), MaxMessage)
	if !ok {
		return m.failAt(ContentLength, ErrContentLength)
	}
	end := int(m.body) + int(n)
	if end > len(m.Raw) {
		return m.fail(len(m.Raw), ErrTruncated)
	}
	m.Raw = m.Raw[:end]
	return 0
}
