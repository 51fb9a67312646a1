package sipwire

import "bytes"

// URI is a sip:, sips: or tel: URI taken apart (RFC 3261 §19.1, RFC 3966).
type URI struct {
	Scheme  []byte // as written, without colon
	User    []byte // as written, escapes not undone, without password; the number of a tel: URI
	Host    []byte // with brackets for IPv6; nil in a tel: URI
	Port    uint16 // 0 when absent
	Params  []byte // from the first ';' behind the host (for tel:, the number)
	Headers []byte // from '?', nil when none

	userEnd, hostOff, hostEnd int // where host and port lie, for patches
}

// HostSpan is where host and port lie in the URI that was parsed.
func (u *URI) HostSpan() (start, end int) { return u.hostOff, u.hostEnd }

// IsTel tells a tel: URI.
func (u *URI) IsTel() bool { return u.Host == nil }

// ParseURI takes a URI apart. Other schemes than sip, sips and tel are refused.
func ParseURI(b []byte) (u URI, err error) {
	colon := bytes.IndexByte(b, ':')
	if colon < 3 || colon > 4 {
		return u, ErrURI
	}
	u.Scheme = b[:colon]
	switch {
	case EqualFold(u.Scheme, "tel"):
		return u, u.parseTel(b, colon+1)
	case EqualFold(u.Scheme, "sip"), EqualFold(u.Scheme, "sips"):
		return u, u.parseSIP(b, colon+1)
	}
	return u, ErrURI
}

func (u *URI) parseTel(b []byte, off int) error {
	end := len(b)
	if i := bytes.IndexByte(b[off:], ';'); i >= 0 {
		end = off + i
		u.Params = b[end:]
	}
	u.User = b[off:end]
	if len(u.User) == 0 {
		return ErrURI
	}
	for _, c := range u.User {
		if !telChar(c) {
			return ErrURI
		}
	}
	return nil
}

func telChar(c byte) bool {
	return c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.' || c == '(' || c == ')' || c == '*' || c == '#' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

func (u *URI) parseSIP(b []byte, off int) error {
	rest := b[off:]
	// The user part may hold ';' and '?' (RFC 3261 §25.1: user-unreserved), so the
	// '@' decides first. A second '@' is ambiguous.
	if at := bytes.IndexByte(rest, '@'); at >= 0 {
		if bytes.IndexByte(rest[at+1:], '@') >= 0 {
			return ErrURI
		}
		u.User = rest[:at]
		if i := bytes.IndexByte(u.User, ':'); i >= 0 {
			u.User = u.User[:i]
		}
		if len(u.User) == 0 || !validUser(rest[:at]) {
			return ErrURI
		}
		u.userEnd = off + len(u.User)
		off += at + 1
		rest = b[off:]
	}
	end := len(rest)
	if i := bytes.IndexByte(rest, '?'); i >= 0 {
		u.Headers = rest[i:]
		end = i
	}
	if i := bytes.IndexByte(rest[:end], ';'); i >= 0 {
		u.Params = rest[i:end]
		end = i
	}
	var err error
	u.hostOff, u.hostEnd = off, off+end
	u.Host, u.Port, err = hostPort(rest[:end])
	return err
}

// validUser allows what RFC 3261 §25.1 allows in userinfo, and escapes of two hex digits.
func validUser(b []byte) bool {
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case c == '%':
			if i+2 >= len(b) || hex(b[i+1]) < 0 || hex(b[i+2]) < 0 {
				return false
			}
			i += 2
		case tokenChar[c] || bytes.IndexByte([]byte("&=$,;?/():#"), c) >= 0:
		default:
			return false
		}
	}
	return true
}

func hex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// Unescape appends the user part with its %XX escapes undone. A byte below a space
// or above ASCII that comes out is an error: nobody dials that.
func Unescape(dst, b []byte) ([]byte, error) {
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c == '%' {
			if i+2 >= len(b) || hex(b[i+1]) < 0 || hex(b[i+2]) < 0 {
				return dst, ErrURI
			}
			c = byte(hex(b[i+1])<<4 | hex(b[i+2]))
			i += 2
		}
		if c < ' ' || c >= 0x7f {
			return dst, ErrURI
		}
		dst = append(dst, c)
	}
	return dst, nil
}

// hostPort splits "host", "host:port", "[v6]:port".
func hostPort(s []byte) (host []byte, port uint16, err error) {
	if len(s) == 0 {
		return nil, 0, ErrURI
	}
	end := len(s)
	if s[0] == '[' {
		i := bytes.IndexByte(s, ']')
		if i < 3 {
			return nil, 0, ErrURI
		}
		for _, c := range s[1:i] {
			if hex(c) < 0 && c != ':' && c != '.' {
				return nil, 0, ErrURI
			}
		}
		end = i + 1
	} else {
		if i := bytes.IndexByte(s, ':'); i >= 0 {
			end = i
		}
		for _, c := range s[:end] {
			if !(c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '-' || c == '.' || c == '_') {
				return nil, 0, ErrURI
			}
		}
	}
	host = s[:end]
	if end == len(s) {
		if end == 0 {
			return nil, 0, ErrURI
		}
		return host, 0, nil
	}
	if s[end] != ':' || end == 0 {
		return nil, 0, ErrURI
	}
	n, e := ParseUint(s[end+1:], 65_535)
	if e != nil || n == 0 {
		return nil, 0, ErrURI
	}
	return host, uint16(n), nil
}
