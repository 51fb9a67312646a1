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

	hostOff, hostEnd int // where host and port lie, for patches
}

// HostSpan is where host and port lie in the URI that was parsed.
func (u *URI) HostSpan() (start, end int) { return u.hostOff, u.hostEnd }

// IsTel tells a tel: URI.
func (u *URI) IsTel() bool { return u.Host == nil }

// ParseURI takes a URI apart. Other schemes than sip, sips and tel are refused. What stands
// in parameters and headers is checked for its characters only.
func ParseURI(b []byte) (u URI, err error) {
	return u, u.parse(b).orNil()
}

func (u *URI) parse(b []byte) Error {
	if len(b) < 5 {
		return ErrURI
	}
	switch {
	case b[3] == ':' && EqualFold(b[:3], "sip"):
		u.Scheme = b[:3]
		return u.parseSIP(b, 4)
	case b[3] == ':' && EqualFold(b[:3], "tel"):
		u.Scheme = b[:3]
		return u.parseTel(b)
	case b[4] == ':' && EqualFold(b[:4], "sips"):
		u.Scheme = b[:4]
		return u.parseSIP(b, 5)
	}
	return ErrURI
}

// parseTel reads the number; a plus sign may stand in front only, and something must follow it.
func (u *URI) parseTel(b []byte) Error {
	i := 4
	for i < len(b) && chars[b[i]]&cTel != 0 {
		i++
	}
	u.User = b[4:i]
	if plus := bytes.LastIndexByte(u.User, '+'); plus > 0 || len(u.User) == plus+1 {
		return ErrURI
	}
	if i < len(b) {
		if u.Params = b[i:]; b[i] != ';' || !uriText(u.Params) {
			return ErrURI
		}
	}
	return 0
}

func (u *URI) parseSIP(b []byte, i int) Error {
	// The user part may hold ';' and '?' (RFC 3261 §25.1: user-unreserved), so the '@' decides
	// first. A second '@' stands where none may.
	if at := bytes.IndexByte(b[i:], '@'); at >= 0 {
		if !u.parseUser(b[i : i+at]) {
			return ErrURI
		}
		i += at + 1
	}
	end := hostEnd(b, i)
	if end < 0 {
		return ErrURI
	}
	u.Host, u.hostOff = b[i:end], i
	if i = end; i < len(b) && b[i] == ':' {
		if u.Port, i = portAt(b, i+1); i < 0 {
			return ErrURI
		}
	}
	u.hostEnd = i
	if i == len(b) {
		return 0
	}
	if b[i] != ';' && b[i] != '?' || !uriText(b[i:]) {
		return ErrURI
	}
	u.Params = b[i:]
	if q := bytes.IndexByte(u.Params, '?'); q >= 0 {
		u.Params, u.Headers = u.Params[:q:q], u.Params[q:]
	}
	if len(u.Params) == 0 {
		u.Params = nil
	}
	return 0
}

// parseUser reads "user" or "user:password" in front of the '@'. Two slashes in front are refused:
// there are programs that take them for those of http://.
func (u *URI) parseUser(b []byte) bool {
	if len(b) > 1 && b[0] == '/' && b[1] == '/' {
		return false
	}
	end := -1
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case chars[c]&cUser != 0:
		case c == '%' && escaped(b, i):
			i += 2
		case c == ':' && end < 0:
			end = i
		default:
			return false
		}
	}
	if u.User = b; end >= 0 {
		u.User = b[:end]
		if bytes.ContainsAny(b[end+1:], ";?/#") { // no password holds them
			return false
		}
	}
	return len(u.User) > 0
}

// uriText tells whether b can be the parameters and headers of a URI: what may stand in them, and whole escapes.
func uriText(b []byte) bool {
	for i, c := range b {
		switch {
		case c == '%':
			if !escaped(b, i) {
				return false
			}
		case chars[c]&cParam == 0 && c != ';' && c != '=' && c != '?':
			return false
		}
	}
	return true
}

// Unescape appends the user part with its %XX escapes undone. A byte below a space
// or above ASCII that comes out is an error: nobody dials that.
func Unescape(dst, b []byte) ([]byte, error) {
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c == '%' {
			if !escaped(b, i) {
				return dst, ErrURI
			}
			c = byte(hexDigit(b[i+1])<<4 | hexDigit(b[i+2]))
			i += 2
		}
		if c < ' ' || c >= 0x7f {
			return dst, ErrURI
		}
		dst = append(dst, c)
	}
	return dst, nil
}
