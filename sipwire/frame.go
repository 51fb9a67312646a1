package sipwire

import "bytes"

// Frame finds the first message in the bytes of a stream (RFC 3261 §18.3). n is its
// length; 0 asks for more bytes. skip counts the CRLFs before it, which are keep-alives
// (RFC 5626 §3.5.1). An error ends the stream: where the next message starts is no longer known.
func Frame(buf []byte) (skip, n int, err error) {
	for skip+1 < len(buf) && buf[skip] == '\r' && buf[skip+1] == '\n' {
		skip += 2
	}
	rest := buf[skip:]
	i := bytes.Index(rest, []byte("\r\n\r\n"))
	if i < 0 {
		if len(rest) > MaxMessage {
			return skip, 0, ErrTooLarge
		}
		return skip, 0, nil
	}
	length, err := frameLength(rest[:i+2])
	if err != nil {
		return skip, 0, err
	}
	if n = i + 4 + length; n > MaxMessage {
		return skip, 0, ErrTooLarge
	}
	if len(rest) < n {
		return skip, 0, nil
	}
	return skip, n, nil
}

// frameLength finds Content-Length, which a stream must carry (RFC 3261 §20.14).
func frameLength(head []byte) (int, error) {
	found := -1
	for len(head) > 0 {
		i := bytes.Index(head, []byte("\r\n"))
		line := head[:i]
		head = head[i+2:]
		colon := bytes.IndexByte(line, ':')
		if colon < 1 {
			continue
		}
		if kindOf(trim(line[:colon])) != ContentLength {
			continue
		}
		v, err := ParseUint(trim(line[colon+1:]), MaxMessage)
		if err != nil || found >= 0 {
			return 0, ErrContentLength
		}
		found = int(v)
	}
	if found < 0 {
		return 0, ErrContentLength
	}
	return found, nil
}
