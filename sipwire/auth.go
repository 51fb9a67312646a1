package sipwire

import "bytes"

// Credentials are the parameters of a Digest challenge or answer (RFC 3261 §22, RFC 8760), unquoted.
type Credentials struct {
	Username, Realm, Nonce, URI, Response, Algorithm, QOP, CNonce, NC, Opaque []byte
}

// ParseCredentials reads "Digest username=…, …". A parameter that stands twice, another
// scheme, or a quoted string with escapes is refused.
func ParseCredentials(b []byte) (c Credentials, err error) {
	if len(b) < 7 || !EqualFold(b[:6], "digest") || b[6] != ' ' && b[6] != '\t' {
		return c, ErrParam
	}
	for rest := trim(b[7:]); len(rest) > 0; {
		i := bytes.IndexByte(rest, '=')
		if i < 1 {
			return c, ErrParam
		}
		name := trim(rest[:i])
		rest = trim(rest[i+1:])
		var value []byte
		if len(rest) > 0 && rest[0] == '"' {
			end := bytes.IndexByte(rest[1:], '"')
			if end < 0 || bytes.IndexByte(rest[1:end+1], '\\') >= 0 {
				return c, ErrParam
			}
			value, rest = rest[1:end+1], trim(rest[end+2:])
		} else {
			end := bytes.IndexByte(rest, ',')
			if end < 0 {
				end = len(rest)
			}
			value, rest = trim(rest[:end]), rest[end:]
		}
		if len(rest) > 0 {
			if rest[0] != ',' {
				return c, ErrParam
			}
			rest = trim(rest[1:])
		}
		if err := c.set(name, value); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (c *Credentials) set(name, value []byte) error {
	var to *[]byte
	switch {
	case EqualFold(name, "username"):
		to = &c.Username
	case EqualFold(name, "realm"):
		to = &c.Realm
	case EqualFold(name, "nonce"):
		to = &c.Nonce
	case EqualFold(name, "uri"):
		to = &c.URI
	case EqualFold(name, "response"):
		to = &c.Response
	case EqualFold(name, "algorithm"):
		to = &c.Algorithm
	case EqualFold(name, "qop"):
		to = &c.QOP
	case EqualFold(name, "cnonce"):
		to = &c.CNonce
	case EqualFold(name, "nc"):
		to = &c.NC
	case EqualFold(name, "opaque"):
		to = &c.Opaque
	default:
		return nil
	}
	if *to != nil {
		return ErrParam
	}
	*to = value
	if value == nil {
		*to = []byte{}
	}
	return nil
}
