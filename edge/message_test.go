package edge

import (
	"fmt"
	"strconv"
	"strings"
)

// message is a SIP message as the agents of the tests read and write it. It shares no
// code with sipwire: a judge that reads with the same scanner would share its mistakes.
type message struct {
	start   string
	headers []headerLine
	body    string
	raw     string // as received
	from    string // where it came from
	to      string // where it goes
}

type headerLine struct{ name, value string }

var longNames = map[string]string{"v": "Via", "f": "From", "t": "To", "i": "Call-ID", "m": "Contact", "l": "Content-Length", "x": "Session-Expires"}

func parseMessage(raw string) (*message, error) {
	head, body, ok := strings.Cut(raw, "\r\n\r\n")
	if !ok {
		return nil, fmt.Errorf("no empty line in %q", raw)
	}
	m := &message{raw: raw, body: body}
	for i, line := range strings.Split(head, "\r\n") {
		if i == 0 {
			m.start = line
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.ContainsAny(line, "\r\n") {
			return nil, fmt.Errorf("header line %q in %q", line, raw)
		}
		if long := longNames[strings.ToLower(name)]; long != "" {
			name = long
		}
		m.headers = append(m.headers, headerLine{name, strings.TrimSpace(value)})
	}
	return m, m.check()
}

// check holds what every message that leaves the edge must keep.
func (m *message) check() error {
	for _, name := range []string{"From", "To", "Call-ID", "CSeq", "Content-Length"} {
		if n := len(m.all(name)); n != 1 && (n != 0 || name != "Content-Length") {
			return fmt.Errorf("%d headers %s in\n%s", n, name, m.raw)
		}
	}
	if l := m.get("Content-Length"); l != "" && l != strconv.Itoa(len(m.body)) {
		return fmt.Errorf("Content-Length %s with a body of %d bytes", l, len(m.body))
	}
	if len(m.all("Via")) == 0 {
		return fmt.Errorf("no Via in\n%s", m.raw)
	}
	if m.status() == 0 && len(m.all("Max-Forwards")) != 1 {
		return fmt.Errorf("Max-Forwards %q in\n%s", m.all("Max-Forwards"), m.raw)
	}
	return nil
}

// all are the values of a header, those that stand in one line taken apart for Via and routes.
func (m *message) all(name string) (out []string) {
	for _, h := range m.headers {
		if !strings.EqualFold(h.name, name) {
			continue
		}
		switch name {
		case "Via", "Route", "Record-Route":
			for v := range strings.SplitSeq(h.value, ",") {
				out = append(out, strings.TrimSpace(v))
			}
		default:
			out = append(out, h.value)
		}
	}
	return out
}

func (m *message) get(name string) string {
	if v := m.all(name); len(v) > 0 {
		return v[0]
	}
	return ""
}

func (m *message) add(name, value string) { m.headers = append(m.headers, headerLine{name, value}) }

func (m *message) del(name string) {
	kept := m.headers[:0]
	for _, h := range m.headers {
		if !strings.EqualFold(h.name, name) {
			kept = append(kept, h)
		}
	}
	m.headers = kept
}

// set puts a value in the place of the header's first line, or at the end.
func (m *message) set(name, value string) {
	for i, h := range m.headers {
		if strings.EqualFold(h.name, name) {
			m.headers[i].value = value
			return
		}
	}
	m.add(name, value)
}

func (m *message) status() int {
	if rest, ok := strings.CutPrefix(m.start, "SIP/2.0 "); ok && len(rest) >= 3 {
		n, _ := strconv.Atoi(rest[:3])
		return n
	}
	return 0
}

// method is the request's, or that of the request which a response answers.
func (m *message) method() string {
	if m.status() == 0 {
		name, _, _ := strings.Cut(m.start, " ")
		return name
	}
	_, name, _ := strings.Cut(m.get("CSeq"), " ")
	return name
}

func (m *message) uri() string {
	if f := strings.Fields(m.start); len(f) == 3 && m.status() == 0 {
		return f[1]
	}
	return ""
}

// what is the message in one word: "INVITE", "180", "200 BYE".
func (m *message) what() string {
	switch s := m.status(); {
	case s == 0:
		return m.method()
	case m.method() == "INVITE":
		return strconv.Itoa(s)
	default:
		return strconv.Itoa(s) + " " + m.method()
	}
}

func (m *message) cseq() int {
	num, _, _ := strings.Cut(m.get("CSeq"), " ")
	n, _ := strconv.Atoi(num)
	return n
}

func (m *message) String() string {
	var b strings.Builder
	b.WriteString(m.start + "\r\n")
	length := false
	for _, h := range m.headers {
		length = length || strings.EqualFold(h.name, "Content-Length")
		b.WriteString(h.name + ": " + h.value + "\r\n")
	}
	if !length {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(m.body))
	}
	return b.String() + "\r\n" + m.body
}

// inAngles is the URI of an address value.
func inAngles(value string) string {
	if _, rest, ok := strings.Cut(value, "<"); ok {
		uri, _, _ := strings.Cut(rest, ">")
		return uri
	}
	uri, _, _ := strings.Cut(value, ";")
	return strings.TrimSpace(uri)
}

// hostOfURI is the host and port of a sip: URI.
func hostOfURI(uri string) string {
	_, rest, _ := strings.Cut(uri, ":")
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest = rest[i+1:]
	}
	if i := strings.IndexAny(rest, ";?"); i >= 0 {
		rest = rest[:i]
	}
	return rest
}

// param is the value of a parameter, "" when there is none.
func param(value, name string) string {
	if _, rest, ok := strings.Cut(value, ">"); ok {
		value = rest
	}
	for p := range strings.SplitSeq(value, ";") {
		if v, ok := strings.CutPrefix(strings.TrimSpace(p), name+"="); ok {
			return v
		}
	}
	return ""
}

const sdp = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
