package sipwire

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
	"pgregory.net/rapid"
)

// TestPeer reads messages with sipgo's parser, which shares nothing with ours: where both accept a message, they
// must agree about who calls whom in which transaction. Good messages, in all ways of
// writing them, must be accepted by both.
func TestPeer(t *testing.T) {
	for _, m := range tortures(t) {
		comparePeer(t, m.raw)
	}
	rapid.Check(t, func(t *rapid.T) {
		raw := genMessage(t)
		if !comparePeer(t, []byte(raw)) {
			t.Fatalf("refused by one: %q", raw)
		}
		for range rapid.IntRange(1, 2).Draw(t, "spoils") {
			at := rapid.IntRange(0, len(raw)).Draw(t, "place")
			raw = raw[:at] + genStrange.Draw(t, "strange") + raw[at:]
			comparePeer(t, []byte(raw))
		}
	})
}

// comparePeer tells whether both accept a message, and fails when they read it differently.
func comparePeer(t fataler, raw []byte) bool {
	t.Helper()
	ours, err := ourFields(raw)
	theirs, peerErr := peerFields(raw)
	if err != nil || peerErr != nil {
		return false
	}
	for field, v := range ours {
		if theirs[field] != v && knownDifference(field, v, theirs[field], raw) == "" {
			t.Fatalf("%s is %q, to sipgo %q: %q", field, v, theirs[field], raw)
		}
	}
	return true
}

// refusedLater stands for a URI that Parse lets pass and ParseURI refuses.
const refusedLater = "refused by ParseURI"

// knownDifference says why two readings of a field differ although nothing is wrong with ours; nothing when there
// is no reason.
func knownDifference(field, ours, theirs string, raw []byte) string {
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
	switch {
	case ours == refusedLater:
		return "sipgo does not look at the characters of user and host, at IPv6 addresses, at the range of ports"
	case field == "method" && theirs == strings.ToUpper(ours):
		return "sipgo writes every method in upper case (RFC 3261 §7.1: they differ by case)"
	case squeeze(ours) == squeeze(theirs):
		return "sipgo keeps blanks around the parts of CSeq and of URIs without brackets"
	case theirs == "" && blankInParam.Match(raw) && (field == "branch" || strings.HasSuffix(field, " tag")):
		return "sipgo does not know a parameter with blanks around its name (RFC 3261 §25.1: SEMI and EQUAL may have them)"
	case (field == "via" || field == "branch") && blankInSentBy(raw):
		return "sipgo forgets port, host or parameters of a Via with blanks around its port (RFC 3261 §20.42 shows one)"
	case strings.HasSuffix(field, " tag") && semicolonInQuotes.Match(raw):
		return "sipgo ends a quoted parameter at a semicolon or equal sign inside"
	}
	return ""
}

var (
	blankInParam      = regexp.MustCompile(`(?i)(;[ \t]+(tag|branch)|(tag|branch)[ \t]+=|=[ \t])`)
	semicolonInQuotes = regexp.MustCompile(`="([^"\\]|\\.)*[;=]`)
)

// blankInSentBy tells whether more blanks than the one after the protocol stand in front of the first Via's parameters.
func blankInSentBy(raw []byte) bool {
	var m Message
	if m.Parse(raw) != nil {
		return false
	}
	head, _, _ := strings.Cut(string(m.Get(Via)), ";")
	fields := strings.Fields(head)
	return len(fields) != 2 || strings.Join(fields, " ") != head
}

// peerFields is what sipgo reads in a message.
func peerFields(raw []byte) (map[string]string, error) {
	msg, err := sip.ParseMessage(raw)
	if err != nil {
		return nil, err
	}
	f := map[string]string{}
	switch m := msg.(type) {
	case *sip.Request:
		f["method"], f["uri"] = m.Method.String(), peerURI(&m.Recipient)
	case *sip.Response:
		f["status"] = fmt.Sprint(m.StatusCode)
	}
	h, ok := msg.(interface {
		From() *sip.FromHeader
		To() *sip.ToHeader
		CallID() *sip.CallIDHeader
		CSeq() *sip.CSeqHeader
		Via() *sip.ViaHeader
	})
	if !ok {
		return nil, fmt.Errorf("a message of type %T", msg)
	}
	if x := h.From(); x != nil {
		f["from"] = peerURI(&x.Address)
		f["from tag"], _ = x.Params.Get("tag")
	}
	if x := h.To(); x != nil {
		f["to"] = peerURI(&x.Address)
		f["to tag"], _ = x.Params.Get("tag")
	}
	if x := h.CallID(); x != nil {
		f["call-id"] = x.Value()
	}
	if x := h.CSeq(); x != nil {
		f["cseq"] = fmt.Sprintf("%d %s", x.SeqNo, x.MethodName)
	}
	if x := h.Via(); x != nil {
		f["via"] = fmt.Sprintf("%s %s:%d", x.Transport, x.Host, x.Port)
		f["branch"], _ = x.Params.Get("branch")
	}
	f["body"] = string(msg.Body())
	return f, nil
}

func peerURI(u *sip.Uri) string {
	return fmt.Sprintf("%s %s %s:%d", u.Scheme, u.User, u.Host, u.Port)
}

// ourFields is the same, read by this package.
func ourFields(raw []byte) (map[string]string, error) {
	var m Message
	if err := m.Parse(raw); err != nil {
		return nil, err
	}
	f := map[string]string{"call-id": string(m.Get(CallID)), "body": string(m.Body())}
	method := string(m.MethodBytes())
	if m.IsRequest() {
		f["method"], f["uri"] = method, ourURI(m.RequestURI())
	} else {
		f["status"] = fmt.Sprint(m.Status)
		_, b, _ := ParseCSeq(m.Get(CSeq))
		method = string(b)
	}
	f["cseq"] = fmt.Sprintf("%d %s", m.CSeq, method)
	f["from"], f["to"] = ourURI(m.FromAddress().URI), ourURI(m.ToAddress().URI)
	tag, _ := m.FromAddress().Tag()
	f["from tag"] = string(tag)
	tag, _ = m.ToAddress().Tag()
	f["to tag"] = string(tag)
	v, err := ParseVia(m.Get(Via))
	if err != nil {
		return nil, err
	}
	f["via"] = fmt.Sprintf("%s %s:%d", v.Transport, strings.Trim(string(v.Host), "[]"), v.Port)
	f["branch"] = string(v.Branch)
	return f, nil
}

func ourURI(b []byte) string {
	u, err := ParseURI(b)
	if err != nil {
		return refusedLater
	}
	if u.IsTel() {
		return fmt.Sprintf("%s  :0", strings.ToLower(string(u.Scheme)))
	}
	return fmt.Sprintf("%s %s %s:%d", strings.ToLower(string(u.Scheme)), u.User, u.Host, u.Port)
}
