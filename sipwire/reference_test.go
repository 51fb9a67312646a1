package sipwire

import (
	"regexp"
	"strconv"
	"strings"
)

// What follows reads messages the slow way: by splitting text and by regular expressions, one
// rule after the other. The fast reader must never disagree with it.

// slowMessage is what the slow way finds in a message.
type slowMessage struct {
	status      int
	method, uri string // of a response: the method in CSeq, and the phrase
	cseq        uint64
	hops        int
	lines       []slowLine
	from, to    slowAddress
	raw         string // without what follows the body
	body        string
}

type slowLine struct {
	kind        Kind
	name, value string
	folded      bool
}

type slowAddress struct {
	display, uri, params string
	angle, more          bool
	length               int
	tag                  string
	hasTag               bool
}

// text makes a string whose runes are the bytes of b, so that regular expressions see bytes.
func text(b string) string {
	r := make([]rune, len(b))
	for i := range len(b) {
		r[i] = rune(b[i])
	}
	return string(r)
}

// untext is text undone.
func untext(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

var (
	slowRequest  = regexp.MustCompile(`^(` + reToken + `+) (` + reURI + `+) (?i:SIP)/2\.0$`)
	slowResponse = regexp.MustCompile(`(?s)^(?i:SIP)/2\.0 ([1-6][0-9][0-9])(?: (.*))?$`)
	slowHeader   = regexp.MustCompile(`(?s)^(` + reToken + `+)[ \t]*:(.*)$`)
	slowCSeq     = regexp.MustCompile(`^([0-9]+)[ \t\r\n]+(` + reToken + `+)$`)
	slowCallID   = regexp.MustCompile(`^[!-~]+$`)
)

// slowParse reads a message; ok is false for one that is refused.
func slowParse(raw string) (m slowMessage, ok bool) {
	if len(raw) == 0 || len(raw) > 65535 {
		return m, false
	}
	head, body, found := strings.Cut(raw, "\r\n\r\n")
	if !found || !slowControls(head) {
		return m, false
	}
	lines := strings.Split(head, "\r\n")
	if len(lines[0]) > 8192 || !m.start(lines[0]) || !m.headers(lines[1:]) {
		return m, false
	}
	return m, m.fields() && m.cut(raw, body)
}

// slowControls allows tabs and CRLF, nothing else below a space.
func slowControls(head string) bool {
	rest := strings.ReplaceAll(strings.ReplaceAll(head, "\r\n", ""), "\t", "")
	return strings.IndexFunc(text(rest), func(r rune) bool { return r < ' ' }) < 0
}

func (m *slowMessage) start(line string) bool {
	if s := slowResponse.FindStringSubmatch(text(line)); s != nil {
		m.status, _ = strconv.Atoi(s[1])
		m.uri = untext(s[2])
		return true
	}
	s := slowRequest.FindStringSubmatch(text(line))
	if s == nil || slowWrongCase(s[1]) {
		return false
	}
	m.method, m.uri = s[1], s[2]
	return true
}

// slowWrongCase tells a method of the RFCs that is not in upper case.
func slowWrongCase(method string) bool {
	for known := range strings.FieldsSeq("INVITE ACK BYE CANCEL REGISTER OPTIONS UPDATE PRACK INFO REFER NOTIFY SUBSCRIBE MESSAGE PUBLISH") {
		if method != known && strings.EqualFold(method, known) {
			return true
		}
	}
	return false
}

// headers joins folded lines and looks at each.
func (m *slowMessage) headers(lines []string) bool {
	var whole []string
	var folded []bool
	for i, l := range lines {
		if !strings.HasPrefix(l, " ") && !strings.HasPrefix(l, "\t") {
			whole, folded = append(whole, l), append(folded, false)
			continue
		}
		if i == 0 || strings.Trim(l, " \t") == "" {
			return false
		}
		whole[len(whole)-1] += "\r\n" + l
		folded[len(folded)-1] = true
	}
	if len(whole) > 128 {
		return false
	}
	for i, l := range whole {
		s := slowHeader.FindStringSubmatch(text(l))
		if s == nil || len(l) > 8192 {
			return false
		}
		m.lines = append(m.lines, slowLine{slowKind(s[1]), s[1], strings.Trim(untext(s[2]), " \t\r\n"), folded[i]})
	}
	count := map[Kind]int{}
	for _, l := range m.lines {
		if count[l.kind]++; count[l.kind] > 1 && strings.Contains(slowOnce, " "+slowNames[l.kind]+" ") {
			return false
		}
		if l.folded && strings.Contains(slowOneLine, " "+slowNames[l.kind]+" ") {
			return false
		}
	}
	return true
}

const (
	slowOnce    = " from to call-id cseq content-length content-type max-forwards expires session-expires min-se retry-after refer-to replaces "
	slowOneLine = slowOnce + "via contact route record-route path p-asserted-identity p-preferred-identity remote-party-id privacy "
)

var slowNames = map[Kind]string{
	Via: "via", From: "from", To: "to", CallID: "call-id", CSeq: "cseq", Contact: "contact", ContentLength: "content-length", ContentType: "content-type",
	MaxForwards: "max-forwards", Route: "route", RecordRoute: "record-route", Path: "path", Expires: "expires", Authorization: "authorization",
	ProxyAuthorization: "proxy-authorization", WWWAuthenticate: "www-authenticate", ProxyAuthenticate: "proxy-authenticate", Require: "require",
	ProxyRequire: "proxy-require", Supported: "supported", UserAgent: "user-agent", Server: "server", SessionExpires: "session-expires", MinSE: "min-se",
	PAssertedIdentity: "p-asserted-identity", PPreferredIdentity: "p-preferred-identity", RemotePartyID: "remote-party-id", Privacy: "privacy",
	RetryAfter: "retry-after", ReferTo: "refer-to", Replaces: "replaces", Identity: "identity",
}

var slowCompact = map[string]string{
	"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length", "c": "content-type", "k": "supported", "x": "session-expires", "r": "refer-to", "y": "identity",
}

func slowKind(name string) Kind {
	name = strings.ToLower(name)
	if long, ok := slowCompact[name]; ok {
		name = long
	}
	for k, n := range slowNames {
		if n == name {
			return k
		}
	}
	return Other
}

// all is the values of the headers of a kind.
func (m *slowMessage) all(k Kind) (values []string) {
	for _, l := range m.lines {
		if l.kind == k {
			values = append(values, l.value)
		}
	}
	return values
}

// fields holds the rules about what the headers say.
func (m *slowMessage) fields() bool {
	for _, k := range []Kind{Via, From, To, CallID, CSeq} {
		if v := m.all(k); len(v) == 0 || v[0] == "" {
			return false
		}
	}
	cseq := slowCSeq.FindStringSubmatch(text(m.all(CSeq)[0]))
	if cseq == nil || !slowCallID.MatchString(text(m.all(CallID)[0])) {
		return false
	}
	var err error
	if m.cseq, err = strconv.ParseUint(cseq[1], 10, 31); err != nil {
		return false
	}
	if m.status == 0 && cseq[2] != m.method || m.status != 0 && slowWrongCase(cseq[2]) {
		return false
	}
	m.method = cseq[2]
	var fromOK, toOK bool
	m.from, fromOK = slowParseAddress(m.all(From)[0])
	m.to, toOK = slowParseAddress(m.all(To)[0])
	if !fromOK || !toOK || m.from.more || m.to.more {
		return false
	}
	m.hops = -1
	if v := m.all(MaxForwards); len(v) > 0 {
		n, ok := slowUint(v[0], 255)
		if !ok {
			return false
		}
		m.hops = int(n)
	}
	return m.contact()
}

func (m *slowMessage) contact() bool {
	v := m.all(Contact)
	if len(v) == 0 || m.status != 0 && m.status/100 != 2 || !strings.Contains(" INVITE UPDATE SUBSCRIBE NOTIFY REFER ", " "+m.method+" ") {
		return true
	}
	if len(v) > 1 {
		return false
	}
	if !strings.Contains(v[0], ",") {
		return true
	}
	a, ok := slowParseAddress(v[0])
	return ok && !a.more
}

func (m *slowMessage) cut(raw, body string) bool {
	m.raw, m.body = raw, body
	v := m.all(ContentLength)
	if len(v) == 0 {
		return true
	}
	n, ok := slowUint(v[0], 65535)
	if !ok || int(n) > len(body) {
		return false
	}
	m.body = body[:n]
	m.raw = raw[:len(raw)-len(body)+int(n)]
	return true
}

// slowUint reads at most ten digits.
func slowUint(s string, limit uint64) (uint64, bool) {
	if !regexp.MustCompile(`^[0-9]{1,10}$`).MatchString(s) {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 64)
	return n, err == nil && n <= limit
}
