package sipwire

import (
	"encoding/binary"
	"math/bits"
)

// Limits of what is read. A message beyond them is refused.
const (
	MaxMessage = 65_535 // bytes in a datagram (RFC 3261 §18.1.1) and in a frame of a stream
	MaxHeaders = 128    // header lines
	MaxLine    = 8_192  // bytes in one header line, folds included
)

// Error is a fault in a message; a closed set, usable as a metric label.
type Error uint8

// The faults.
const (
	ErrEmpty Error = iota + 1
	ErrTooLarge
	ErrTruncated
	ErrStartLine
	ErrVersion
	ErrControl
	ErrBareCRLF
	ErrHeaderName
	ErrFolded
	ErrDuplicate
	ErrMissing
	ErrTooManyHeaders
	ErrLineTooLong
	ErrContentLength
	ErrCSeq
	ErrVia
	ErrAddress
	ErrURI
	ErrNumber
	ErrParam
	numErrors
)

// NumErrors is the count of faults, for tables indexed by Error.
const NumErrors = int(numErrors)

var errorTexts = [numErrors]string{
	ErrEmpty: "empty message", ErrTooLarge: "message over 65,535 bytes", ErrTruncated: "message ends before it should",
	ErrStartLine: "malformed start line", ErrVersion: "not SIP/2.0", ErrControl: "control character in the header section",
	ErrBareCRLF: "bare CR or LF", ErrHeaderName: "malformed header name", ErrFolded: "folded header that must be one line",
	ErrDuplicate: "header that must stand once stands twice", ErrMissing: "mandatory header missing",
	ErrTooManyHeaders: "more than 128 header lines", ErrLineTooLong: "header line over 8,192 bytes",
	ErrContentLength: "malformed or conflicting Content-Length", ErrCSeq: "malformed CSeq, or its method is not the request's",
	ErrVia: "malformed Via", ErrAddress: "malformed address header", ErrURI: "malformed URI", ErrNumber: "malformed number",
	ErrParam: "malformed or repeated parameter",
}

func (e Error) Error() string {
	if int(e) < len(errorTexts) && errorTexts[e] != "" {
		return errorTexts[e]
	}
	return "unknown fault"
}

// Header is one header line as offsets into the message.
type Header struct {
	Kind  Kind
	Start uint16 // first byte of the name
	Value uint16 // first byte of the value, white space passed
	Stop  uint16 // after the last byte of the value, white space passed
	Next  uint16 // first byte of the next line
}

// Message is an index over the bytes of one message. It is reused from message to
// message; it is not safe for concurrent use. All slices that its methods return
// point into Raw.
type Message struct {
	Raw     []byte // the message without what follows its body
	Method  Method // of a request; for a response, the method in CSeq
	Status  int    // of a response; 0 for a request
	CSeq    uint32
	Headers []Header // in order of appearance

	startEnd  uint16 // after the start line's CRLF
	uri, uriE uint16 // Request-URI; for a response the reason phrase
	methodEnd uint16
	body      uint16
	length    int // Content-Length, -1 when absent
	first     [numKinds]uint8
	slots     [MaxHeaders]Header
}

// IsRequest tells a request from a response.
func (m *Message) IsRequest() bool { return m.Status == 0 }

// MethodBytes is the method of a request as written, also an unknown one.
func (m *Message) MethodBytes() []byte { return m.Raw[:m.methodEnd] }

// RequestURI is the Request-URI, nil in a response.
func (m *Message) RequestURI() []byte {
	if m.Status != 0 {
		return nil
	}
	return m.Raw[m.uri:m.uriE]
}

// URISpan is where the Request-URI lies in Raw.
func (m *Message) URISpan() (start, end int) { return int(m.uri), int(m.uriE) }

// Phrase is the reason phrase of a response.
func (m *Message) Phrase() []byte {
	if m.Status == 0 {
		return nil
	}
	return m.Raw[m.uri:m.uriE]
}

// Body is what follows the empty line.
func (m *Message) Body() []byte { return m.Raw[m.body:] }

// HeadersStart is the offset of the first header line; HeadersEnd that of the empty line after the last.
func (m *Message) HeadersStart() int { return int(m.startEnd) }

// HeadersEnd is the offset of the empty line that ends the header section.
func (m *Message) HeadersEnd() int { return int(m.body) - 2 }

// First is the first header of a kind, nil when there is none.
func (m *Message) First(k Kind) *Header {
	i := m.first[k]
	if i == 0 {
		return nil
	}
	return &m.slots[i-1]
}

// Next is the next header of the same kind after h, nil when there is none.
func (m *Message) Next(h *Header) *Header {
	for i := range m.Headers {
		if o := &m.Headers[i]; o.Kind == h.Kind && o.Start > h.Start {
			return o
		}
	}
	return nil
}

// Value is the value of a header line.
func (m *Message) Value(h *Header) []byte { return m.Raw[h.Value:h.Stop] }

// Name is the name of a header line as written.
func (m *Message) Name(h *Header) []byte {
	b := m.Raw[h.Start:h.Value]
	for i, c := range b {
		if c == ':' || c == ' ' || c == '\t' {
			return b[:i]
		}
	}
	return b
}

// Get is the value of the first header of a kind, nil when there is none.
func (m *Message) Get(k Kind) []byte {
	if i := m.first[k]; i != 0 {
		h := &m.slots[i-1]
		return m.Raw[h.Value:h.Stop]
	}
	return nil
}

// Has tells whether there is a header of a kind.
func (m *Message) Has(k Kind) bool { return m.first[k] != 0 }

// Parse indexes one whole message: a datagram, or a frame of a stream. What follows
// the body is left out of Raw (RFC 3261 §18.3). buf must stay unchanged while m is used.
func (m *Message) Parse(buf []byte) error {
	m.Headers, m.length, m.Status = m.slots[:0], -1, 0
	clear(m.first[:])
	m.Raw = buf
	if len(buf) == 0 {
		return ErrEmpty
	}
	if len(buf) > MaxMessage {
		return ErrTooLarge
	}
	end, err := lineEnd(buf, 0)
	if err != nil {
		return err
	}
	if err := m.parseStart(buf[:end]); err != nil {
		return err
	}
	m.startEnd = uint16(end + 2)
	if err := m.index(buf, end+2); err != nil {
		return err
	}
	return m.check()
}

// index walks the header lines from off to the empty line.
func (m *Message) index(buf []byte, off int) error {
	for {
		end, err := lineEnd(buf, off)
		if err != nil {
			return err
		}
		if end == off {
			m.body = uint16(end + 2)
			return nil
		}
		if len(m.Headers) == MaxHeaders {
			return ErrTooManyHeaders
		}
		i := off
		for i < end && tokenChar[buf[i]] {
			i++
		}
		kind := kindOf(buf[off:i])
		if i == off {
			return ErrHeaderName
		}
		for i < end && (buf[i] == ' ' || buf[i] == '\t') {
			i++
		}
		if i == end || buf[i] != ':' {
			return ErrHeaderName
		}
		i++
		folded := false
		next := end + 2
		for next < len(buf) && (buf[next] == ' ' || buf[next] == '\t') {
			folded = true
			if end, err = lineEnd(buf, next); err != nil {
				return err
			}
			next = end + 2
		}
		if end-off > MaxLine {
			return ErrLineTooLong
		}
		if folded && kinds[kind].oneLine {
			return ErrFolded
		}
		for i < end && blank(buf[i]) {
			i++
		}
		for end > i && blank(buf[end-1]) {
			end--
		}
		if m.first[kind] == 0 {
			m.first[kind] = uint8(len(m.Headers) + 1)
		} else if kinds[kind].once {
			return ErrDuplicate
		}
		m.Headers = append(m.Headers, Header{kind, uint16(off), uint16(i), uint16(end), uint16(next)})
		off = next
	}
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// lineEnd finds the CRLF that ends the line at off and returns where it starts. It
// looks at eight bytes at a time for anything below a space.
func lineEnd(buf []byte, off int) (int, error) {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	i := off
	for {
		for i+8 <= len(buf) {
			x := binary.LittleEndian.Uint64(buf[i:])
			// A byte's high bit is set when the byte is below 0x20 (borrows can only
			// set it falsely in a byte above a true hit, and the first hit counts).
			if hit := (x - ones*0x20) & ^x & high; hit != 0 {
				i += bits.TrailingZeros64(hit) >> 3
				break
			}
			i += 8
		}
		for i < len(buf) && buf[i] >= 0x20 {
			i++
		}
		if i >= len(buf) {
			return 0, ErrTruncated
		}
		switch buf[i] {
		case '\t':
			i++
			continue
		case '\r':
			if i+1 == len(buf) {
				return 0, ErrTruncated
			}
			if buf[i+1] == '\n' {
				return i, nil
			}
			return 0, ErrBareCRLF
		case '\n':
			return 0, ErrBareCRLF
		}
		return 0, ErrControl
	}
}

// parseStart reads "METHOD uri SIP/2.0" or "SIP/2.0 200 OK" (RFC 3261 §7.1, §7.2), with exactly one space between.
func (m *Message) parseStart(line []byte) error {
	if len(line) > 8 && string(line[:8]) == "SIP/2.0 " {
		if len(line) < 11 || len(line) > 11 && line[11] != ' ' {
			return ErrStartLine
		}
		for _, c := range line[8:11] {
			if c < '0' || c > '9' {
				return ErrStartLine
			}
		}
		m.Status = int(line[8]-'0')*100 + int(line[9]-'0')*10 + int(line[10]-'0')
		if m.Status < 100 || m.Status > 699 {
			return ErrStartLine
		}
		m.uri, m.uriE = uint16(min(12, len(line))), uint16(len(line))
		return nil
	}
	i := 0
	for i < len(line) && tokenChar[line[i]] {
		i++
	}
	if i == 0 || i == len(line) || line[i] != ' ' {
		return ErrStartLine
	}
	m.methodEnd = uint16(i)
	m.Method = methodOf(line[:i])
	n := len(line)
	if n < i+10 || line[n-8] != ' ' {
		return ErrStartLine
	}
	if string(line[n-7:]) != "SIP/2.0" {
		return ErrVersion
	}
	uri := line[i+1 : n-8]
	if len(uri) == 0 || len(uri) > MaxLine {
		return ErrStartLine
	}
	for _, c := range uri {
		if c <= ' ' || c == '<' || c == '>' || c == '"' || c >= 0x7f {
			return ErrStartLine
		}
	}
	m.uri, m.uriE = uint16(i+1), uint16(n-8)
	return nil
}

// check holds the rules that need more than one line.
func (m *Message) check() error {
	if m.first[Via] == 0 || m.first[From] == 0 || m.first[To] == 0 || m.first[CallID] == 0 || m.first[CSeq] == 0 {
		return ErrMissing
	}
	if len(m.Get(CallID)) == 0 {
		return ErrMissing
	}
	num, method, err := ParseCSeq(m.Get(CSeq))
	if err != nil {
		return err
	}
	m.CSeq = num
	if m.Status == 0 {
		if string(method) != string(m.MethodBytes()) {
			return ErrCSeq
		}
	} else {
		m.Method = methodOf(method)
	}
	if h := m.First(ContentLength); h != nil {
		n, err := ParseUint(m.Value(h), MaxMessage)
		if err != nil {
			return ErrContentLength
		}
		m.length = int(n)
		if int(m.body)+m.length > len(m.Raw) {
			return ErrTruncated
		}
		m.Raw = m.Raw[:int(m.body)+m.length]
	}
	return nil
}
