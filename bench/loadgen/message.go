package loadgen

import (
	"bytes"
	"errors"
	"fmt"
)

// Limits of a message that the generator reads. On a loopback between three
// programs that we start, more than this is a fault.
const (
	maxMessage = 4096 // bytes of a datagram
	maxHeaders = 64   // header lines
	maxHops    = 8    // Via lines, and as many Record-Route lines
)

// method is a request's method, or that of a response's CSeq.
type method uint8

const (
	methodOther method = iota
	methodInvite
	methodAck
	methodBye
	methodCancel
	methodOptions
)

// message is one SIP message, indexed. Its slices point into the datagram and
// live as long as that does.
type message struct {
	status  int // 0: a request
	method  method
	uri     []byte // Request-URI of a request
	vias    [maxHops][]byte
	hops    int // how many of vias are set
	records [maxHops][]byte
	routed  int // how many of records are set
	routes  int // count of Route lines
	from    []byte
	to      []byte
	callID  []byte
	cseq    []byte
	contact []byte
	body    []byte
}

var (
	errShort   = errors.New("ends before the empty line")
	errLong    = fmt.Errorf("longer than %d bytes", maxMessage)
	errStart   = errors.New("start line is neither a request nor a status line of SIP/2.0")
	errHeaders = fmt.Errorf("more than %d header lines", maxHeaders)
	errHops    = fmt.Errorf("more than %d Via or Record-Route lines", maxHops)
	errColon   = errors.New("header line without a name and a colon")
	errFolded  = errors.New("folded header line")
	errBody    = errors.New("Content-Length is not the length of the body")
	errMissing = errors.New("one of Via, From, To, Call-ID and CSeq is missing")
	errMethod  = errors.New("CSeq has another method than the request")
)

// parseError says which line (from 1) could not be read, and why.
type parseError struct {
	line int
	err  error
}

func (e *parseError) Error() string { return fmt.Sprintf("line %d: %v", e.line, e.err) }
func (e *parseError) Unwrap() error { return e.err }

// parse indexes a datagram (RFC 3261 §7). It reads what the two ends need and
// refuses what they could read in more than one way. It allocates nothing but
// its error.
func (m *message) parse(data []byte) error {
	*m = message{}
	if len(data) > maxMessage {
		return &parseError{1, errLong}
	}
	rest, length := data, -1
	for line := 1; ; line++ {
		end := bytes.IndexByte(rest, '\n')
		if end < 1 || rest[end-1] != '\r' {
			return &parseError{line, errShort}
		}
		text := rest[:end-1]
		rest = rest[end+1:]
		if line == 1 {
			if !m.start(text) {
				return &parseError{line, errStart}
			}
			continue
		}
		if len(text) == 0 {
			break
		}
		if line > maxHeaders {
			return &parseError{line, errHeaders}
		}
		if err := m.header(text, &length); err != nil {
			return &parseError{line, err}
		}
	}
	m.body = rest
	return m.check(length)
}

// check is what can be said only of the whole message.
func (m *message) check(length int) error {
	if length >= 0 && length != len(m.body) {
		return &parseError{1, errBody}
	}
	if m.hops == 0 || m.from == nil || m.to == nil || m.callID == nil || m.cseq == nil {
		return &parseError{1, errMissing}
	}
	of := methodOf(m.cseq[bytes.LastIndexByte(m.cseq, ' ')+1:])
	if m.status == 0 && of != m.method {
		return &parseError{1, errMethod}
	}
	m.method = of
	return nil
}

var version = []byte("SIP/2.0")

// start reads the first line.
func (m *message) start(line []byte) bool {
	if bytes.HasPrefix(line, version) {
		if len(line) < 12 || line[7] != ' ' || line[11] != ' ' {
			return false
		}
		for _, d := range line[8:11] {
			if d < '0' || d > '9' {
				return false
			}
			m.status = m.status*10 + int(d-'0')
		}
		return m.status >= 100 && m.status <= 699
	}
	name := bytes.IndexByte(line, ' ')
	end := bytes.LastIndexByte(line, ' ')
	if name < 1 || end <= name+1 || !bytes.Equal(line[end+1:], version) {
		return false
	}
	m.method = methodOf(line[:name])
	m.uri = line[name+1 : end]
	return true
}

func methodOf(name []byte) method {
	switch string(name) {
	case "INVITE":
		return methodInvite
	case "ACK":
		return methodAck
	case "BYE":
		return methodBye
	case "CANCEL":
		return methodCancel
	case "OPTIONS":
		return methodOptions
	}
	return methodOther
}

// header files one header line.
func (m *message) header(line []byte, length *int) error {
	if line[0] == ' ' || line[0] == '\t' {
		return errFolded
	}
	colon := bytes.IndexByte(line, ':')
	if colon < 1 {
		return errColon
	}
	value := bytes.TrimSpace(line[colon+1:])
	switch headerOf(bytes.TrimRight(line[:colon], " \t")) {
	case "via":
		return file(&m.vias, &m.hops, value)
	case "record-route":
		return file(&m.records, &m.routed, value)
	case "route":
		m.routes++
	case "from":
		m.from = value
	case "to":
		m.to = value
	case "call-id":
		m.callID = value
	case "cseq":
		m.cseq = value
	case "contact":
		m.contact = value
	case "content-length":
		n, ok := decimal(value)
		if !ok {
			return errBody
		}
		*length = n
	}
	return nil
}

func file(list *[maxHops][]byte, n *int, value []byte) error {
	if *n == maxHops {
		return errHops
	}
	list[*n] = value
	*n++
	return nil
}

// headers holds the names that are read, by length: none needs more than two
// comparisons. The compact forms are those of RFC 3261 §7.3.3.
var headers = [...][]string{
	2: {"to"}, 3: {"via"}, 4: {"from", "cseq"}, 5: {"route"}, 7: {"call-id", "contact"},
	12: {"record-route"}, 14: {"content-length"},
}

func headerOf(name []byte) string {
	if len(name) == 1 {
		switch name[0] | 0x20 {
		case 'v':
			return "via"
		case 'f':
			return "from"
		case 't':
			return "to"
		case 'i':
			return "call-id"
		case 'm':
			return "contact"
		case 'l':
			return "content-length"
		}
		return ""
	}
	if len(name) >= len(headers) {
		return ""
	}
	for _, known := range headers[len(name)] {
		if equalFold(name, known) {
			return known
		}
	}
	return ""
}

// equalFold compares ASCII of equal length; known is in lower case.
func equalFold(name []byte, known string) bool {
	for i := range len(known) {
		c := name[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != known[i] {
			return false
		}
	}
	return true
}

// decimal reads a small number.
func decimal(text []byte) (int, bool) {
	if len(text) == 0 || len(text) > 6 {
		return 0, false
	}
	n := 0
	for _, d := range text {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = n*10 + int(d-'0')
	}
	return n, true
}

// uriOf is what stands between the angle brackets of a name-addr, or the value
// before its parameters.
func uriOf(value []byte) []byte {
	if from := bytes.IndexByte(value, '<'); from >= 0 {
		if to := bytes.IndexByte(value[from:], '>'); to > 0 {
			return value[from+1 : from+to]
		}
		return nil
	}
	if end := bytes.IndexByte(value, ';'); end >= 0 {
		return bytes.TrimSpace(value[:end])
	}
	return value
}
