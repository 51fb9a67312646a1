package sipwire

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Parts of messages, good ones; strange draws put strange text in now and then.
var (
	genToken    = rapid.StringMatching("[A-Za-z0-9.!%*_+`'~-]{1,12}")
	genDisplay  = rapid.OneOf(rapid.Just(""), rapid.StringMatching(`[A-Za-z0-9]{1,8}( [a-z]{1,8})?`), rapid.StringMatching(`"([ -!#-\[\]-~ぁ-ん]|\\[ -~]){0,12}"`), rapid.StringMatching(`[ぁ-ん]{1,6}`))
	genHost     = rapid.OneOf(rapid.SampledFrom([]string{"192.0.2.1", "[2001:db8::1]", "[::ffff:192.0.2.1]", "[1:2:3:4:5:6:7:8]"}), rapid.StringMatching(`[a-z][a-z0-9-]{0,8}(\.[a-z]{2,6}){0,2}`))
	genPort     = rapid.IntRange(0, 65_535)
	genURIParam = rapid.StringMatching(`;[a-z]{1,6}(=[A-Za-z0-9.:/-]{1,8})?`)
	genBlank    = rapid.SampledFrom([]string{"", "", "", " ", "\t", "  "})
	genStrange  = rapid.SampledFrom([]string{"\"", "<", ">", ",", ";", "@", "%", "%00", "%zz", "=", "\\", "\r\n ", "\r\n", "\n", "\r", "\x00", "\x7f", "\xff", " ", "\t", ":", "?", "[", "]", "//", "tag=", ";tag=x", ",<sip:x@y>"})
)

func genURI(t *rapid.T) string {
	u := rapid.SampledFrom([]string{"sip:", "sips:", "SIP:"}).Draw(t, "scheme")
	if rapid.Bool().Draw(t, "with user") {
		u += rapid.StringMatching(`[A-Za-z0-9+*#._-]{1,12}(;[a-z]{1,4}=[a-z]{1,4})?(:[a-z0-9]{0,4})?`).Draw(t, "user") + "@"
	}
	u += genHost.Draw(t, "host")
	if port := genPort.Draw(t, "port"); port > 0 {
		u += fmt.Sprintf(":%d", port)
	}
	for range rapid.IntRange(0, 2).Draw(t, "URI parameters") {
		u += genURIParam.Draw(t, "URI parameter")
	}
	return u
}

func genAddress(t *rapid.T) string {
	b := genBlank.Draw(t, "blank")
	s := genDisplay.Draw(t, "display") + b + "<" + genURI(t) + ">"
	if rapid.Bool().Draw(t, "with tag") {
		s += b + ";" + b + "tag" + b + "=" + b + genToken.Draw(t, "tag")
	}
	if rapid.Bool().Draw(t, "with parameter") {
		s += ";" + genToken.Filter(func(s string) bool { return !strings.EqualFold(s, "tag") }).Draw(t, "name") + `="` + genToken.Draw(t, "value") + `"`
	}
	return s
}

func genVia(t *rapid.T) string {
	s := "SIP/2.0/" + genToken.Draw(t, "transport") + " " + genHost.Draw(t, "sent by")
	if port := genPort.Draw(t, "port"); port > 0 {
		s += fmt.Sprintf(":%d", port)
	}
	s += ";branch=z9hG4bK" + genToken.Draw(t, "branch")
	if rapid.Bool().Draw(t, "rport") {
		s += ";rport"
	}
	return s
}

// genMessage writes a message that must pass, in any of the ways that RFC 3261 allows.
func genMessage(t *rapid.T) string {
	method := rapid.SampledFrom([]string{"INVITE", "ACK", "BYE", "CANCEL", "REGISTER", "OPTIONS", "NEWMETHOD", "x-y"}).Draw(t, "method")
	start := method + " " + genURI(t) + " SIP/2.0"
	if rapid.Bool().Draw(t, "response") {
		start = fmt.Sprintf("SIP/2.0 %d Phrase or so", rapid.IntRange(100, 699).Draw(t, "status"))
	}
	body := rapid.StringMatching(`[ -~\r\n]{0,40}`).Draw(t, "body")
	lines := [][2]string{
		{"Via", genVia(t)}, {"From", genAddress(t)}, {"To", genAddress(t)}, {"Call-ID", rapid.StringMatching(`[!-~]{1,20}`).Draw(t, "Call-ID")},
		{"CSeq", fmt.Sprintf("%d %s", rapid.Uint32Range(0, 1<<31-1).Draw(t, "CSeq"), method)},
		{"Max-Forwards", fmt.Sprint(rapid.IntRange(0, 255).Draw(t, "hops"))}, {"Contact", "<" + genURI(t) + ">"},
		{"Content-Length", fmt.Sprint(len(body))},
	}
	for range rapid.IntRange(0, 3).Draw(t, "more Via") {
		lines = append(lines, [2]string{"Via", genVia(t)})
	}
	for range rapid.IntRange(0, 3).Draw(t, "others") {
		lines = append(lines, [2]string{"X-" + genToken.Draw(t, "name"), rapid.StringMatching(`[ -~ぁ-ん]{0,20}`).Draw(t, "value")})
	}
	var b strings.Builder
	b.WriteString(start + "\r\n")
	for _, l := range rapid.Permutation(lines).Draw(t, "order") {
		b.WriteString(genName(t, l[0]) + genBlank.Draw(t, "blank") + ":" + genBlank.Draw(t, "blank") + l[1] + genBlank.Draw(t, "blank") + "\r\n")
	}
	return b.String() + "\r\n" + body
}

// genName writes a header's name in some case, or in its compact form.
func genName(t *rapid.T, name string) string {
	switch rapid.IntRange(0, 3).Draw(t, "way") {
	case 0:
		return strings.ToUpper(name)
	case 1:
		return strings.ToLower(name)
	case 2:
		for short, long := range slowCompact {
			if strings.EqualFold(long, name) {
				return short
			}
		}
	}
	return name
}

// TestMessageProperty writes good messages in all ways and spoils some: the good ones pass, and the
// fast and the slow reader agree about each of them.
func TestMessageProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := genMessage(t)
		if !compareMessage(t, []byte(raw)) {
			t.Fatalf("refused: %q", raw)
		}
		var m Message
		if err := m.Parse([]byte(raw)); err != nil || len(m.Raw) != len(raw) {
			t.Fatalf("%v, %d bytes of %d", err, len(m.Raw), len(raw))
		}
		for range rapid.IntRange(1, 3).Draw(t, "spoils") {
			at := rapid.IntRange(0, len(raw)).Draw(t, "place")
			cut := rapid.IntRange(0, min(4, len(raw)-at)).Draw(t, "cut")
			raw = raw[:at] + genStrange.Draw(t, "strange") + raw[at+cut:]
			compareMessage(t, []byte(raw))
		}
	})
}

// TestValueProperty reads values that were written from known parts.
func TestValueProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genAddress(t)
		a, err := ParseAddress([]byte(s))
		if err != nil || a.More || a.Len != len(s) || !a.Angle {
			t.Fatalf("%q: %+v %v", s, a, err)
		}
		if again := string(a.Display) + "<" + string(a.URI) + ">" + string(a.Params); strings.NewReplacer(" ", "", "\t", "").Replace(again) != strings.NewReplacer(" ", "", "\t", "").Replace(s) {
			t.Fatalf("%q reads %q", s, again)
		}
		uri := genURI(t)
		u, err := ParseURI([]byte(uri))
		if err != nil {
			t.Fatalf("%q: %v", uri, err)
		}
		start, end := u.HostSpan()
		if again := uri[:start] + uri[start:end] + string(u.Params) + string(u.Headers); again != uri {
			t.Fatalf("%q reads %q", uri, again)
		}
		one, two := genVia(t), genVia(t)
		v, err := ParseVia([]byte(one + " , " + two))
		if err != nil || !v.More || v.Len != len(one)+1 || len(v.Branch) < 8 {
			t.Fatalf("%q: %+v %v", one, v, err)
		}
		if w, err := ParseVia([]byte((one + " , " + two)[v.Len+1:])); err != nil || w.More {
			t.Fatalf("%q: %+v %v", two, w, err)
		}
	})
}

// TestPatchProperty compares Apply with the model, with changes in any order.
func TestPatchProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := []byte(rapid.StringN(0, 60, 100).Draw(t, "text"))
		var p Patch
		p.Insert(0, []byte("forgotten"))
		p.Reset()
		var model []change
		for range rapid.IntRange(0, 20).Draw(t, "changes") {
			at := rapid.IntRange(0, len(src)).Draw(t, "at")
			end := rapid.IntRange(at, len(src)).Draw(t, "end")
			s := []byte(rapid.StringN(0, 5, 10).Draw(t, "new"))
			switch {
			case len(s) == 0:
				p.Delete(at, end)
			case at == end:
				p.Insert(at, s)
			default:
				p.Replace(at, end, s[:len(s)/2], s[len(s)/2:])
			}
			model = append(model, change{at, end, s})
		}
		comparePatch(t, &p, model, src)
	})
}

// TestPatchedMessage changes a message as a proxy does and reads it again: all else stays as it was.
func TestPatchedMessage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := []byte(genMessage(t))
		var m, after Message
		if err := m.Parse(raw); err != nil {
			t.Fatalf("%v: %q", err, raw)
		}
		var p Patch
		via := m.First(Via)
		p.Insert(int(via.Start), []byte("Via: SIP/2.0/UDP guard.example;branch=z9hG4bKx\r\n"))
		hops := m.First(MaxForwards)
		p.Replace(int(hops.Value), int(hops.Stop), []byte("69"))
		p.Delete(int(m.First(Contact).Start), int(m.First(Contact).Next))
		out := p.Apply(nil, m.Raw)
		if err := after.Parse(out); err != nil {
			t.Fatalf("%v: %q", err, out)
		}
		if len(after.Headers) != len(m.Headers) || after.Hops() != 69 || after.Has(Contact) || string(after.Body()) != string(m.Body()) {
			t.Fatalf("%q\nbecomes\n%q", raw, out)
		}
		top := after.First(Via)
		if !strings.Contains(string(after.Value(top)), "guard.example") || string(after.Value(after.Next(top))) != string(m.Value(via)) {
			t.Fatalf("%q\nbecomes\n%q", raw, out)
		}
		for _, k := range []Kind{From, To, CallID, CSeq} {
			if string(after.Get(k)) != string(m.Get(k)) {
				t.Fatalf("%q becomes %q", m.Get(k), after.Get(k))
			}
		}
	})
}

// TestFrameProperty sends messages down a stream, with keep-alives between, in pieces of any size: what comes
// out is the messages.
func TestFrameProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want [][]byte
		var stream []byte
		for range rapid.IntRange(0, 4).Draw(t, "messages") {
			for range rapid.IntRange(0, 2).Draw(t, "keep-alives") {
				stream = append(stream, "\r\n"...)
			}
			want = append(want, []byte(genMessage(t)))
			stream = append(stream, want[len(want)-1]...)
		}
		cuts := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "pieces")
		var f Framer
		if got, err := frames(stream, cuts, f.Next); err != nil || !equalFrames(got, want) {
			t.Fatalf("%v: %q, want %q", err, got, want)
		}
	})
}

// TestFrameFaults ends a stream that cannot be cut into messages any more.
func TestFrameFaults(t *testing.T) {
	for _, c := range []struct{ what, stream, want string }{
		{"no Content-Length", "INVITE sip:x SIP/2.0\r\nTo: y\r\n\r\n", "ErrContentLength"},
		{"two of them", "X\r\nl: 0\r\nContent-Length: 0\r\n\r\n", "ErrContentLength"},
		{"a negative one", "X\r\nl: -1\r\n\r\n", "ErrContentLength"},
		{"a folded one", "X\r\nl:\r\n 0\r\n\r\n", "ErrContentLength"},
		{"one in a fold only", "X\r\nSubject: x\r\n l: 0\r\n\r\n", "ErrContentLength"},
		{"one in the start line only", "l: 0\r\nTo: y\r\n\r\n", "ErrContentLength"},
		{"a huge one", "X\r\nl: 99999999999\r\n\r\n", "ErrContentLength"},
		{"one that is too large with the headers", "X\r\nl: 65535\r\n\r\n", "ErrTooLarge"},
		{"headers without end", "X\r\nSubject: " + strings.Repeat("x", MaxMessage), "ErrTooLarge"},
		{"one in a fold, then the real one", "X\r\nSubject: x\r\n l: 9\r\nl : 0\r\n\r\n", "accepted"},
		{"half a message", "X\r\nl: 5\r\n\r\nv=", "accepted"},
		{"keep-alives", "\r\n\r\n\r", "accepted"},
	} {
		_, _, err := Frame([]byte(c.stream))
		if got := nameOf(err); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
}
