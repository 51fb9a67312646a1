package sipwire

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzParse compares the index with the slow reader.
func FuzzParse(f *testing.F) {
	for _, m := range tortures(f) {
		f.Add(m.raw)
	}
	f.Add([]byte(plain))
	f.Add(invite)
	f.Fuzz(func(t *testing.T, raw []byte) { compareMessage(t, raw) })
}

// compareMessage fails when the fast and the slow reader disagree about a message.
func compareMessage(t fataler, raw []byte) (accepted bool) {
	t.Helper()
	var m Message
	err := m.Parse(raw)
	want, ok := slowParse(string(raw))
	if ok != (err == nil) {
		t.Fatalf("Parse says %v at %d, the slow reader %v:\n%q", err, m.Fault(), ok, raw)
	}
	if err != nil {
		return false
	}
	method := string(m.MethodBytes())
	if m.Status != 0 {
		_, cseqMethod, _ := ParseCSeq(m.Get(CSeq))
		method = string(cseqMethod)
	}
	uri := string(m.RequestURI()) + string(m.Phrase())
	if m.Status != want.status || method != want.method || uri != want.uri || uint64(m.CSeq) != want.cseq || m.Hops() != want.hops {
		t.Fatalf("%d %q %q %d %d, want %+v", m.Status, method, uri, m.CSeq, m.Hops(), want)
	}
	if string(m.Raw) != want.raw || string(m.Body()) != want.body {
		t.Fatalf("%d bytes, body %q; want %d, %q", len(m.Raw), m.Body(), len(want.raw), want.body)
	}
	compareHeaders(t, &m, &want)
	compareAddress(t, m.FromAddress(), nil, want.from, true)
	compareAddress(t, m.ToAddress(), nil, want.to, true)
	return true
}

// fataler is a test, or rapid's idea of one.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func compareHeaders(t fataler, m *Message, want *slowMessage) {
	t.Helper()
	if len(m.Headers) != len(want.lines) {
		t.Fatalf("%d headers, want %d", len(m.Headers), len(want.lines))
	}
	end := m.HeadersStart()
	for i := range m.Headers {
		h, l := &m.Headers[i], want.lines[i]
		if h.Kind != l.kind || string(m.Name(h)) != l.name || string(m.Value(h)) != l.value || int(h.Start) != end {
			t.Fatalf("header %d is %d %q %q at %d, want %+v at %d", i, h.Kind, m.Name(h), m.Value(h), h.Start, l, end)
		}
		end = int(h.Next)
	}
	if end != m.HeadersEnd() {
		t.Fatalf("the headers end at %d, want %d", m.HeadersEnd(), end)
	}
	for k := range numKinds {
		var got []string
		for h := m.First(k); h != nil; h = m.Next(h) {
			got = append(got, string(m.Value(h)))
		}
		values := want.all(k)
		if strings.Join(got, "\x00") != strings.Join(values, "\x00") || m.Has(k) != (len(values) > 0) || len(values) > 0 && string(m.Get(k)) != values[0] {
			t.Fatalf("headers of kind %d: %q, want %q", k, got, values)
		}
	}
}

// FuzzParseAddress compares the readers of addresses, value by value.
func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{
		`"Hakata Shokai" <sip:05012345678@198.51.100.7>;tag=as58f4201b`, `sip:a@b;tag=1`, `<sip:a@b>, "x, y" <sip:c@d;lr>;q=0.3 , e <tel:1>`,
		`*`, `"\"<" <a>`, `<sip:a@b>;x="a;b,c";y`, `<sip:a;b=c@d?e=f>`, `a b <c>`, `,`, `"`, `<a>,`, `a,,b`, "\xe5 <a>", "<a>\r\n ;x",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > MaxLine {
			return
		}
		for {
			a, err := ParseAddress(b)
			want, ok := slowParseAddress(string(b))
			compareAddress(t, &a, err, want, ok)
			if err != nil || !a.More {
				return
			}
			b = b[a.Len+1:]
		}
	})
}

func compareAddress(t fataler, a *Address, err error, want slowAddress, ok bool) {
	t.Helper()
	if ok != (err == nil) {
		t.Fatalf("ParseAddress says %v, the slow reader %v", err, ok)
	}
	if err != nil {
		return
	}
	tag, _ := a.Tag()
	if string(a.Display) != want.display || string(a.URI) != want.uri || string(a.Params) != want.params || a.Angle != want.angle ||
		a.More != want.more || a.Len != want.length || string(tag) != want.tag || (tag != nil) != want.hasTag {
		t.Fatalf("%+v, want %+v", *a, want)
	}
	if one, err := OneParam(a.Params, "tag"); err != nil || string(one) != want.tag {
		t.Fatalf("tag %q %v, want %q", one, err, want.tag)
	}
}

// FuzzParseVia compares the readers of Via, value by value.
func FuzzParseVia(f *testing.F) {
	for _, s := range []string{
		"SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK2d4790.1c7f3a5e;rport", "SIP / 2.0 / UDP first.example: 4000;ttl=16 ;maddr=224.2.0.1 ;branch=z9hG4bKa7c6",
		"sip/2.0/TLS [2001:db8::1]:5061;received=2001:db8::2;branch=x , SIP/2.0/TCP a", "SIP/2.0/UDP a;rport=0", "SIP/2.0/UDP 1.2.3", "SIP/2.0/UDP [::1.2.3.4]",
		"SIP/2.0/UDP a;branch=a;branch=b", "SIP/2.0/UDP a;BRANCH=\"a\"", "SIP/2.0/UDP a;rport;rport", "SIP/2.0/UDP a:65536", "SIP/2.0/UDP a,", "SIP/2.0/UDP a;x=\",\",SIP/2.0/UDP b",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > MaxLine {
			return
		}
		for {
			v, err := ParseVia(b)
			want, ok := slowParseVia(string(b))
			if ok != (err == nil) {
				t.Fatalf("ParseVia says %v, the slow reader %v: %q", err, ok, b)
			}
			if err != nil {
				return
			}
			if string(v.Transport) != want.transport || string(v.Host) != want.host || uint64(v.Port) != want.port || string(v.Params) != want.params ||
				string(v.Branch) != want.branch || string(v.Received) != want.received || v.RPort != want.rport || v.More != want.more || v.Len != want.length {
				t.Fatalf("%+v, want %+v", v, want)
			}
			if !bytes.HasPrefix(b[v.ReceivedAt:], v.Received) {
				t.Fatalf("received does not start at %d in %q", v.ReceivedAt, b)
			}
			if v.RPort && !EqualFold(b[v.RPortEnd-5:v.RPortEnd], "rport") {
				t.Fatalf("rport does not end at %d in %q", v.RPortEnd, b)
			}
			if !v.More {
				return
			}
			b = b[v.Len+1:]
		}
	})
}

// FuzzParseURI compares the readers of URIs.
func FuzzParseURI(f *testing.F) {
	for _, s := range []string{
		"sip:0312345678@192.0.2.10:5060;user=phone", "sips:a:b@c?d=e&f=g", "tel:+81-3-1234-5678;phone-context=+81", "SIP:%41@[::1]", "sip:a@b@c", "sip://a@b", "sip:a;b?c@d",
		"sip:@a", "sip:a@", "sip:a%0@b", "sip:a%", "sip:host:0", "sip:host:065535", "sip:1.2.3.4.5", "sip:1.2.3.04", "sip:a.1", "sip:-a", "sip:a.", "tel:+", "tel:1+2", "sip:a@b;c=%4", "sip:a@b;c=d?e",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > MaxLine {
			return
		}
		u, err := ParseURI(b)
		want, ok := slowParseURI(string(b))
		if ok != (err == nil) {
			t.Fatalf("ParseURI says %v, the slow reader %v: %q", err, ok, b)
		}
		if err != nil {
			return
		}
		if string(u.Scheme) != want.scheme || string(u.User) != want.user || string(u.Host) != want.host || uint64(u.Port) != want.port ||
			string(u.Params) != want.params || string(u.Headers) != want.headers || u.IsTel() != (want.host == "") {
			t.Fatalf("%q: %+v, want %+v", b, u, want)
		}
		if start, end := u.HostSpan(); !u.IsTel() && !bytes.HasPrefix(b[start:end], u.Host) {
			t.Fatalf("%q: host and port at %d to %d", b, start, end)
		}
		if plain, err := Unescape(nil, u.User); err == nil && bytes.IndexByte(u.User, '%') < 0 && !bytes.Equal(plain, u.User) {
			t.Fatalf("%q unescaped is %q", u.User, plain)
		}
	})
}

// FuzzParseCredentials compares the readers of credentials.
func FuzzParseCredentials(f *testing.F) {
	for _, s := range []string{
		`Digest username="2001", realm="hakata.example", nonce="5f5e", uri="sip:hakata.example", response="0123", algorithm=MD5, cnonce="a=b,c", qop=auth, nc=00000001, opaque=""`,
		`DIGEST realm=a`, `Digest realm="a" , realm="b"`, `Digest realm="a\""`, "Digest realm=\"a\",\r\n nonce=b", `Digest`, `Digest ,`, `Digest realm`, `Digest realm=`, `Basic abc`, `Digest a=b=c`, `Digest x="`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > MaxLine {
			return
		}
		c, err := ParseCredentials(b)
		want, ok := slowCredentials(string(b))
		if ok != (err == nil) {
			t.Fatalf("ParseCredentials says %v, the slow reader %v: %q", err, ok, b)
		}
		if err != nil {
			return
		}
		for name, got := range map[string][]byte{"username": c.Username, "realm": c.Realm, "nonce": c.Nonce, "uri": c.URI, "response": c.Response,
			"algorithm": c.Algorithm, "qop": c.QOP, "cnonce": c.CNonce, "nc": c.NC, "opaque": c.Opaque} {
			w, there := want[name]
			if string(got) != w || (got != nil) != there {
				t.Fatalf("%q: %s is %q, want %q", b, name, got, w)
			}
		}
	})
}

// FuzzFrame cuts a stream at any places: the frames must be those of the whole, and each of them
// a whole message to Parse.
func FuzzFrame(f *testing.F) {
	f.Add([]byte(plain+plain), []byte{1, 200, 3})
	f.Add([]byte("\r\n\r\n"+plain+"\r\n\r\nGARBAGE\r\nl: 3\r\n\r\nabc"+plain), []byte{2, 1, 1})
	f.Add([]byte("X\r\nSubject: x\r\n l: 99\r\nContent-Length : 2\r\n\r\nab\r\n"), []byte{7})
	f.Add([]byte("l: 7\r\nl: 2\r\n\r\nabcdefg"), []byte{})
	f.Add([]byte(strings.Replace(plain, "Length: 5", "Length: 65535", 1)), []byte{})
	f.Fuzz(func(t *testing.T, stream, cuts []byte) {
		if len(stream) > 4*MaxMessage {
			return
		}
		want, wantErr := frames(stream, nil, Frame)
		var f Framer
		if got, err := frames(stream, cuts, f.Next); !equalFrames(got, want) || (err == nil) != (wantErr == nil) {
			t.Fatalf("cut at %v: %q %v, want %q %v", cuts, got, err, want, wantErr)
		}
		if got, err := frames(stream, cuts, Frame); !equalFrames(got, want) || (err == nil) != (wantErr == nil) {
			t.Fatalf("without memory, cut at %v: %q %v, want %q %v", cuts, got, err, want, wantErr)
		}
		for _, p := range want {
			var m Message
			if err := m.Parse(p); err == nil && len(m.Raw) != len(p) {
				t.Fatalf("Parse ends a frame of %d bytes after %d: %q", len(p), len(m.Raw), p)
			} else if err == ErrTruncated {
				t.Fatalf("Parse wants more than a frame: %q", p)
			}
		}
	})
}

// frames feeds a stream in pieces, as long as cuts say; the last piece is the rest.
func frames(stream, cuts []byte, next func([]byte) (int, int, error)) (out [][]byte, err error) {
	var buf []byte
	for len(stream) > 0 {
		n := len(stream)
		if len(cuts) > 0 {
			n, cuts = min(n, 1+int(cuts[0])), cuts[1:]
		}
		buf, stream = append(buf, stream[:n]...), stream[n:]
		for {
			skip, n, err := next(buf)
			if err != nil {
				return out, err
			}
			buf = buf[skip:]
			if n == 0 {
				break
			}
			out, buf = append(out, buf[:n:n]), buf[n:]
		}
	}
	return out, nil
}

func equalFrames(a, b [][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// FuzzPatch compares Apply with a model that goes byte by byte. Each change is four bytes: place, length, text.
func FuzzPatch(f *testing.F) {
	f.Add([]byte("hello world"), []byte{0, 0, 1, 'a', 6, 5, 2, 'b', 0, 0, 1, 'c'})
	f.Add([]byte("hello world"), []byte{0, 9, 1, 'a', 2, 2, 1, 'b', 5, 6, 0, 'c'})
	f.Add([]byte(""), []byte{0, 0, 1, 'a', 0, 0, 1, 'b'})
	f.Fuzz(func(t *testing.T, src, ops []byte) {
		if len(src) > 255 || len(ops) > 400 {
			return
		}
		var p Patch
		var model []change
		for ; len(ops) >= 4; ops = ops[4:] {
			at := int(ops[0]) % (len(src) + 1)
			end := at + int(ops[1])%(len(src)-at+1)
			s := bytes.Repeat(ops[3:4], int(ops[2])%4)
			p.Replace(at, end, s[:len(s)/2], s[len(s)/2:])
			model = append(model, change{at, end, s})
		}
		comparePatch(t, &p, model, src)
	})
}

// change is what Patch.Replace does.
type change struct {
	at, end int
	text    []byte
}

func comparePatch(t fataler, p *Patch, model []change, src []byte) {
	t.Helper()
	var want []byte
	for i := 0; i <= len(src); i++ {
		cut := false
		for _, c := range model {
			if c.at == i {
				want = append(want, c.text...)
			}
			cut = cut || c.at <= i && i < c.end
		}
		if i < len(src) && !cut {
			want = append(want, src[i])
		}
	}
	for range 2 { // applying does not use it up
		if got := p.Apply([]byte("> "), src); string(got) != "> "+string(want) {
			t.Fatalf("%q with %v is %q, want %q", src, model, got, want)
		}
	}
	moved := append([]byte("xyz"), src...)
	var q Patch
	for _, c := range model {
		q.Replace(c.at+3, c.end+3, c.text)
	}
	if got := q.ApplySpan(nil, moved, 3, len(moved)); string(got) != string(want) {
		t.Fatalf("ApplySpan gives %q, want %q", got, want)
	}
}
