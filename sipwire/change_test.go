package sipwire

import (
	"strings"
	"testing"
)

// plain is an INVITE that nothing is wrong with.
var plain = strings.ReplaceAll(`INVITE sip:0312345678@192.0.2.10 SIP/2.0
Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK1;rport
Max-Forwards: 70
From: "Hakata" <sip:0501234567@198.51.100.7>;tag=1
To: <sip:0312345678@192.0.2.10>
Contact: <sip:0501234567@198.51.100.7:5060>
Call-ID: 4711@198.51.100.7
CSeq: 102 INVITE
Subject: hello
Content-Type: application/sdp
Content-Length: 5

v=0
`, "\n", "\r\n")

// TestOneChange changes one thing in a good message. What two programs could read in two ways is
// refused; what RFC 3261 allows is accepted.
func TestOneChange(t *testing.T) {
	const subject = "Subject: hello\r\n"
	long := strings.Repeat("x", MaxLine)
	for _, c := range []struct{ what, old, new, want string }{
		{"nothing", "", "", "accepted"},

		// The start line.
		{"version in lower case", "SIP/2.0\r\nVia", "sip/2.0\r\nVia", "accepted"}, // RFC 3261 §7.1
		{"version 2.1", "SIP/2.0\r\nVia", "SIP/2.1\r\nVia", "ErrVersion"},
		{"version 2.00", "SIP/2.0\r\nVia", "SIP/2.00\r\nVia", "ErrStartLine"},
		{"version missing", " SIP/2.0\r\nVia", "\r\nVia", "ErrStartLine"},
		{"CRLF in front", "INVITE sip", "\r\nINVITE sip", "ErrStartLine"},
		{"blank in front", "INVITE sip", " INVITE sip", "ErrStartLine"},
		{"tab for a blank", "INVITE sip", "INVITE\tsip", "ErrStartLine"},
		{"blank in the URI", "0312345678@192.0.2.10 SIP", "0312 345678@192.0.2.10 SIP", "ErrStartLine"},
		{"UTF-8 in the URI", "INVITE sip:03", "INVITE sip:東京", "ErrStartLine"},
		{"method in lower case", "INVITE sip", "invite sip", "ErrStartLine"},
		{"method in two cases", "INVITE sip", "Invite sip", "ErrStartLine"},
		{"a method nobody knows, in lower case", "INVITE", "yattokame", "accepted"},
		{"URI of 8 KiB and more", "INVITE sip:", "INVITE sip:" + long, "ErrLineTooLong"},
		{"second start line", "Via:", "BYE sip:x SIP/2.0\r\nVia:", "ErrHeaderName"},
		{"folded start line", "SIP/2.0\r\nVia", "SIP/2.0\r\n Via", "ErrHeaderName"},

		// Line ends and control characters.
		{"LF alone", "hello\r\n", "hello\n", "ErrBareCRLF"},
		{"CR alone", "hello\r\n", "hello\rFrom: <sip:thief@x>\r\n", "ErrBareCRLF"},
		{"LF CR", "hello\r\n", "hello\n\r", "ErrBareCRLF"},
		{"CR CR LF", "hello\r\n", "hello\r\r\n", "ErrBareCRLF"},
		{"LF alone everywhere", "\r\n", "\n", "ErrBareCRLF"},
		{"NUL in a value", "hello", "hel\x00lo", "ErrControl"},
		{"NUL in a name", "Subject", "Sub\x00ject", "ErrControl"},
		{"escape character", "hello", "\x1b[2J", "ErrControl"},
		{"tab in a value", "hello", "hel\tlo", "accepted"},
		{"DEL in an unknown header", "hello", "hel\x7flo", "accepted"},
		{"UTF-8 in an unknown header", "hello", "こんにちは", "accepted"},
		{"bytes that are no UTF-8", "hello", "\xff\xfe", "accepted"},
		{"no empty line", "\r\n\r\nv=0\r\n", "\r\n", "ErrTruncated"},

		// Header names.
		{"blank before the colon", "Call-ID:", "Call-ID \t:", "accepted"}, // RFC 3261 §7.3.1
		{"blank in a name", "Call-ID:", "Call -ID:", "ErrHeaderName"},
		{"no name", "Subject: hello", ": hello", "ErrHeaderName"},
		{"no colon", "Subject: hello", "Subject", "ErrHeaderName"},
		{"no colon, but one in the next line", "Subject: hello\r\nContent-Type", "Content\r\n-Type", "ErrHeaderName"},
		{"byte above ASCII in a name", "Subject", "Subject\xe9", "ErrHeaderName"},
		{"quote in a name", "Subject", `Sub"ject`, "ErrHeaderName"},
		{"compact forms", "Call-ID:", "i:", "accepted"},
		{"any case", "Call-ID:", "cALL-id:", "accepted"},
		{"a hyphen that is another character", "Call-ID:", "Call\rID:", "ErrBareCRLF"},
		{"empty value", subject, "Subject:\r\n", "accepted"},
		{"value of blanks", subject, "Subject: \t \r\n", "accepted"},
		{"header that begins with a blank", subject, " Subject: hello\r\n", "ErrFolded"}, // it continues CSeq

		// Folds.
		{"fold", "hello\r\n", "hello\r\n world\r\n", "accepted"},
		{"fold of a blank only", "hello\r\n", "hello\r\n \r\n", "ErrBlankLine"},
		{"fold of blanks at the end", "hello\r\n", "hello\r\n\t\t\r\n", "ErrBlankLine"},
		{"folded Call-ID", "Call-ID: 4711", "Call-ID:\r\n 4711", "ErrFolded"},
		{"folded From", ">;tag", ">\r\n ;tag", "ErrFolded"},
		{"folded Via", ";rport", "\r\n\t;rport", "ErrFolded"},
		{"folded Content-Length", "Length: 5", "Length:\r\n 5", "ErrFolded"},

		// Headers that stand once.
		{"second From", "To: ", "From: <sip:thief@x>\r\nTo: ", "ErrDuplicate"},
		{"second To, compact", "CSeq: ", "t: <sip:x@y>\r\nCSeq: ", "ErrDuplicate"},
		{"second Call-ID, other case", "CSeq: ", "CALL-ID : x\r\nCSeq: ", "ErrDuplicate"},
		{"second CSeq, the same", "Subject", "CSeq: 102 INVITE\r\nSubject", "ErrDuplicate"},
		{"second Content-Length, the same", "Subject", "l: 5\r\nSubject", "ErrDuplicate"},
		{"second Max-Forwards", "Subject", "Max-Forwards: 70\r\nSubject", "ErrDuplicate"},
		{"second Subject", "Subject", "Subject: x\r\nSubject", "accepted"},
		{"second Contact", "Subject", "Contact: <sip:x@y>\r\nSubject", "ErrDuplicate"},
		{"two Contacts in a line", ":5060>\r\n", ":5060>, <sip:x@y>\r\n", "ErrDuplicate"},
		{"a comma in the URI of Contact", "0501234567@198.51.100.7:5060>", "a,b@198.51.100.7>", "accepted"},

		// What must be there.
		{"no Via", "Via: SIP/2.0/UDP", "Q: SIP/2.0/UDP", "ErrMissing"},
		{"no From", "From:", "Q:", "ErrMissing"},
		{"no To", "To:", "Q:", "ErrMissing"},
		{"no Call-ID", "Call-ID:", "Q:", "ErrMissing"},
		{"no CSeq", "CSeq:", "Q:", "ErrMissing"},
		{"no Max-Forwards", "Max-Forwards:", "Q:", "accepted"}, // RFC 2543
		{"empty From", `"Hakata" <sip:0501234567@198.51.100.7>;tag=1`, "", "ErrMissing"},
		{"empty Call-ID", "4711@198.51.100.7", "", "ErrMissing"},
		{"empty Via", "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK1;rport", "", "ErrMissing"},

		// Call-ID, CSeq, numbers.
		{"two words in Call-ID", "4711@", "4711 @", "ErrCallID"},
		{"UTF-8 in Call-ID", "4711@", "四七@", "ErrCallID"},
		{"DEL in Call-ID", "4711@", "4711\x7f@", "ErrCallID"},
		{"CSeq of another method", "102 INVITE", "102 BYE", "ErrCSeq"},
		{"CSeq in lower case", "102 INVITE", "102 invite", "ErrCSeq"},
		{"CSeq without number", "102 INVITE", "INVITE", "ErrCSeq"},
		{"CSeq without blank", "102 INVITE", "102INVITE", "ErrCSeq"},
		{"CSeq without method", "102 INVITE", "102", "ErrCSeq"},
		{"CSeq with plus", "102 INVITE", "+102 INVITE", "ErrCSeq"},
		{"CSeq with minus", "102 INVITE", "-1 INVITE", "ErrCSeq"},
		{"CSeq in hex", "102 INVITE", "0x66 INVITE", "ErrCSeq"},
		{"CSeq with zeros in front", "102 INVITE", "000000000102 INVITE", "accepted"},
		{"CSeq of zero", "102 INVITE", "0 INVITE", "accepted"},
		{"CSeq of 2^31-1", "102 INVITE", "2147483647 INVITE", "accepted"},
		{"CSeq of 2^31", "102 INVITE", "2147483648 INVITE", "ErrCSeq"},
		{"CSeq of 2^64+102", "102 INVITE", "18446744073709551718 INVITE", "ErrCSeq"},
		{"CSeq with a third word", "102 INVITE", "102 INVITE x", "ErrCSeq"},
		{"CSeq with many blanks", "102 INVITE", "102 \t  INVITE", "accepted"},
		{"Max-Forwards with zeros in front", ": 70", ": 0070", "accepted"},
		{"Max-Forwards empty", ": 70", ":", "ErrNumber"},
		{"Max-Forwards of 256", ": 70", ": 256", "ErrNumber"},
		{"Max-Forwards of words", ": 70", ": many", "ErrNumber"},
		{"Max-Forwards with plus", ": 70", ": +70", "ErrNumber"},
		{"Content-Length with plus", "Length: 5", "Length: +5", "ErrContentLength"},
		{"Content-Length empty", "Length: 5", "Length:", "ErrContentLength"},
		{"Content-Length twice in a line", "Length: 5", "Length: 5, 5", "ErrContentLength"},
		{"Content-Length in hex", "Length: 5", "Length: 0x5", "ErrContentLength"},
		{"Content-Length with a blank", "Length: 5", "Length: 0 5", "ErrContentLength"},
		{"Content-Length with zeros in front", "Length: 5", "Length: 0005", "accepted"},
		{"Content-Length of 2^32+5", "Length: 5", "Length: 4294967301", "ErrContentLength"},
		{"Content-Length of 2^64+5", "Length: 5", "Length: 18446744073709551621", "ErrContentLength"},
		{"Content-Length too large", "Length: 5", "Length: 6", "ErrTruncated"},
		{"Content-Length smaller", "Length: 5", "Length: 3", "accepted"}, // RFC 3261 §18.3
		{"no Content-Length", "Content-Length: 5\r\n", "", "accepted"},

		// From and To.
		{"two values in From", ";tag=1", ";tag=1, <sip:thief@x>", "ErrAddress"},
		{"two values in To, no brackets", "To: <sip:0312345678@192.0.2.10>", "To: sip:a@x, sip:b@x", "ErrAddress"},
		{"comma at the end", "To: <sip:0312345678@192.0.2.10>", "To: <sip:0312345678@192.0.2.10>,", "ErrAddress"},
		{"two tags", ";tag=1", ";tag=1;tag=2", "ErrAddress"},
		{"two tags, other case", ";tag=1", ";tag=1;TAG=1", "ErrAddress"},
		{"tag without value", ";tag=1", ";tag", "ErrAddress"},
		{"tag with empty value", ";tag=1", ";tag=", "ErrAddress"},
		{"tag in quotes", ";tag=1", `;tag="1"`, "ErrAddress"},
		{"two equal signs", ";tag=1", ";tag=1=2", "ErrAddress"},
		{"semicolon at the end", ";tag=1", ";tag=1;", "ErrAddress"},
		{"two semicolons", ";tag=1", ";;tag=1", "ErrAddress"},
		{"parameter without semicolon", ";tag=1", " tag=1", "ErrAddress"},
		{"quoted parameter with a comma", ";tag=1", `;x="a,b;tag=2";tag=1`, "accepted"},
		{"a quote that stays open", ";tag=1", `;x="a;tag=1`, "ErrAddress"},
		{"an escaped quote at the end", `"Hakata"`, `"Hakata\"`, "ErrAddress"},
		{"an escaped backslash at the end", `"Hakata"`, `"Hakata\\"`, "accepted"},
		{"brackets in the display name", `"Hakata"`, `"<sip:thief@x>"`, "accepted"},
		{"text before a quoted name", `"Hakata"`, `x "Hakata"`, "ErrAddress"},
		{"text after a quoted name", `"Hakata"`, `"Hakata" x`, "ErrAddress"},
		{"two quoted names", `"Hakata"`, `"a" "b"`, "ErrAddress"},
		{"a name that looks like a URI", `"Hakata"`, "sip:honest@x", "ErrAddress"},
		{"a name with a semicolon", `"Hakata"`, "a;b", "ErrAddress"},
		{"a name with an at sign", `"Hakata"`, "a@b", "ErrAddress"},
		{"no display name", `"Hakata" `, "", "accepted"},
		{"a name of words", `"Hakata"`, "Hakata Shokai", "accepted"},
		{"two left brackets", "<sip:05", "<<sip:05", "ErrAddress"},
		{"two right brackets", ">;tag", ">>;tag", "ErrAddress"},
		{"no right bracket", ">;tag", ";tag", "ErrAddress"},
		{"nothing in brackets", "<sip:0501234567@198.51.100.7>", "<>", "ErrAddress"},
		{"a quote in the URI", "<sip:05", `<sip:"05`, "ErrAddress"},
		{"UTF-8 in the URI of From", "<sip:05", "<sip:東", "ErrAddress"},
		{"no brackets", `"Hakata" <sip:0501234567@198.51.100.7>`, "sip:0501234567@198.51.100.7", "accepted"},
		{"no brackets, at sign behind a semicolon", `"Hakata" <sip:0501234567@198.51.100.7>`, "sip:pbx;x=y@198.51.100.7", "ErrAddress"},
		{"no brackets, question mark", `"Hakata" <sip:0501234567@198.51.100.7>`, "sip:05@198.51.100.7?x=y", "ErrAddress"},
		{"no brackets, blank", `"Hakata" <sip:0501234567@198.51.100.7>`, "sip:05 @198.51.100.7", "ErrAddress"},

		// Size.
		{"header line of 8 KiB", "hello", strings.Repeat("x", MaxLine-len("Subject: ")), "accepted"},
		{"header line of 8 KiB and a byte", "hello", strings.Repeat("x", MaxLine-len("Subject: ")+1), "ErrLineTooLong"},
		{"header line of 8 KiB by folds", "hello", "x" + strings.Repeat("\r\n xxxxxxx", MaxLine/10), "ErrLineTooLong"},
		{"128 headers", subject, strings.Repeat("Q: y\r\n", MaxHeaders-9), "accepted"},
		{"129 headers", subject, strings.Repeat("Q: y\r\n", MaxHeaders-8), "ErrTooManyHeaders"},
		{"more than 64 KiB", "v=0", strings.Repeat("x", MaxMessage), "ErrTooLarge"},
	} {
		t.Run(c.what, func(t *testing.T) {
			raw := plain
			if c.old != "" {
				if !strings.Contains(plain, c.old) {
					t.Fatalf("nothing to change: %q", c.old)
				}
				n := 1
				if c.old == "INVITE" || c.old == "\r\n" {
					n = -1
				}
				raw = strings.Replace(plain, c.old, c.new, n)
			}
			var m Message
			if got := nameOf(m.Parse([]byte(raw))); got != c.want {
				t.Errorf("%s, want %s:\n%.1000s", got, c.want, raw)
			}
		})
	}
}

// TestStatus tries the status codes at the borders.
func TestStatus(t *testing.T) {
	_, headers, _ := strings.Cut(plain, "\r\n")
	for line, want := range map[string]string{
		"SIP/2.0 200 OK": "accepted", "SIP/2.0 100 ": "accepted", "SIP/2.0 699 x": "accepted", "SIP/2.0 200": "accepted",
		"sip/2.0 200 OK": "accepted", "SIP/2.0 200 OK 了解": "accepted",
		"SIP/2.0 099 OK": "ErrStartLine", "SIP/2.0 000 OK": "ErrStartLine", "SIP/2.0 700 OK": "ErrStartLine", "SIP/2.0 20 OK": "ErrStartLine",
		"SIP/2.0 2000 OK": "ErrStartLine", "SIP/2.0  200 OK": "ErrStartLine", "SIP/2.0 +20 OK": "ErrStartLine", "SIP/2.0 2x0 OK": "ErrStartLine",
		"SIP/2.0 200\tOK": "ErrStartLine", "SIP/2.0": "ErrStartLine", "SIP/2.0 ": "ErrStartLine", "SIP/3.0 200 OK": "ErrStartLine",
	} {
		var m Message
		if got := nameOf(m.Parse([]byte(line + "\r\n" + headers))); got != want {
			t.Errorf("%q: %s, want %s", line, got, want)
		}
	}
}

// TestFault tells where Parse gives up.
func TestFault(t *testing.T) {
	for _, c := range []struct{ old, new, at string }{
		{"hello", "hel\x00lo", "\x00"},
		{"Subject", "Sub ject", "Sub ject"},
		{"Subject: hello", "CSeq: 102 INVITE", "CSeq: 102 INVITE\r\nContent-Type"},
		{"102 INVITE", "102 BYE", "CSeq"},
		{"Call-ID: 4711", "Call-ID:\r\n 4711", " 4711"},
		{"INVITE sip:03", "INVITE sip:<03", "<03"},
		{"SIP/2.0\r\nVia", "SIP/2.1\r\nVia", "SIP/2.1"},
	} {
		raw := strings.Replace(plain, c.old, c.new, 1)
		var m Message
		if m.Parse([]byte(raw)) == nil || !strings.HasPrefix(raw[m.Fault():], c.at) {
			t.Errorf("%q: gave up at %.20q, want %.20q", c.new, raw[m.Fault():], c.at)
		}
	}
}
