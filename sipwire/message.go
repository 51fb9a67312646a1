package sipwire

// Header is one header line as offsets into the message.
type Header struct {
	Kind  Kind
	next  uint8  // the next line of the same kind: its place in Headers and 1, 0 when there is none
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
	hops      int16 // Max-Forwards, -1 when absent
	fault     int   // where the last Parse gave up
	from, to  Address
	first     [numKinds]uint8 // place in slots and 1
	last      [numKinds]uint8 // likewise; means nothing where first is 0
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

// FromAddress is the value of From. It has been read already.
func (m *Message) FromAddress() *Address { return &m.from }

// ToAddress is the value of To. It has been read already.
func (m *Message) ToAddress() *Address { return &m.to }

// Hops is what Max-Forwards says, at most 255; -1 when there is none.
func (m *Message) Hops() int { return int(m.hops) }

// Fault is the offset in the bytes given to Parse where it gave up: the byte that is
// wrong, or the start of the line that is.
func (m *Message) Fault() int { return m.fault }

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
	if h.next == 0 {
		return nil
	}
	return &m.slots[h.next-1]
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
