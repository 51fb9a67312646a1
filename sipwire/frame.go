package sipwire

import "bytes"

// Frame finds the first message in the bytes of a stream (RFC 3261 §18.3). n is its
// length; 0 asks for more bytes. skip counts the CRLFs before it, which are keep-alives
// (RFC 5626 §3.5.1). An error ends the stream: where the next message starts is no longer known.
func Frame(buf []byte) (skip, n int, err error) {
	var f Framer
	return f.Next(buf)
}

// Framer is Frame for a stream that comes bit by bit: it remembers what it has seen, so that a
// sender of single bytes costs no more than any other. The zero Framer is at the start of a stream.
type Framer struct {
	seen int // bytes that hold no end of a header section
	n    int // length of the message once its header section is there
}

// Next is Frame. When n is 0, the caller drops skip bytes and calls again with more
// bytes behind the others; otherwise it drops skip+n bytes.
func (f *Framer) Next(buf []byte) (skip, n int, err error) {
	for f.seen == 0 && skip+1 < len(buf) && buf[skip] == '\r' && buf[skip+1] == '\n' {
		skip += 2
	}
	rest := buf[skip:]
	if f.n == 0 {
		i := bytes.Index(rest[f.seen:], []byte("\r\n\r\n"))
		if i < 0 {
			f.seen = max(len(rest)-3, 0)
			if len(rest) > MaxMessage {
				return skip, 0, ErrTooLarge
			}
			return skip, 0, nil
		}
		head := f.seen + i + 2
		if head+2 > MaxMessage {
			return skip, 0, ErrTooLarge
		}
		length, ok := frameLength(rest[:head])
		if !ok {
			return skip, 0, ErrContentLength
		}
		if f.n = head + 2 + length; f.n > MaxMessage {
			return skip, 0, ErrTooLarge
		}
		f.seen = 1 // no CRLF is skipped inside a message
	}
	if len(rest) < f.n {
		return skip, 0, nil
	}
	n = f.n
	*f = Framer{}
	return skip, n, nil
}

// frameLength finds Content-Length, which a stream must carry (RFC 3261 §20.14). It reads
// lines as [Message.Parse] does.
func frameLength(head []byte) (n int, ok bool) {
	found := false
	for off := bytes.Index(head, crlf) + 2; off < len(head); {
		end := off + bytes.Index(head[off:], crlf)
		if k, value := looseName(head, off); k == ContentLength && value <= end {
			v, ok := parseUint(trim(head[value:end]), MaxMessage)
			if !ok || found {
				return 0, false
			}
			n, found = int(v), true
		}
		off = end + 2
	}
	return n, found
}

var crlf = []byte("\r\n")
