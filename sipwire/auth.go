package sipwire

// Credentials are the parameters of a Digest challenge or answer (RFC 3261 §22, RFC 8760), unquoted.
type Credentials struct {
	Username, Realm, Nonce, URI, Response, Algorithm, QOP, CNonce, NC, Opaque []byte
}

// ParseCredentials reads "Digest username=…, …". A parameter that stands twice, another
// scheme, or a quoted string with escapes or line ends is refused.
func ParseCredentials(b []byte) (c Credentials, err error) {
	i := 6
	if len(b) <= i || !EqualFold(b[:i], "digest") || chars[b[i]]&cBlank == 0 {
		return c, ErrParam
	}
	for {
		start := skipBlank(b, i)
		for i = start; i < len(b) && chars[b[i]]&cToken != 0; i++ {
		}
		name := b[start:i]
		i = skipBlank(b, i)
		if len(name) == 0 || i == len(b) || b[i] != '=' {
			return c, ErrParam
		}
		start, end, next := credential(b, skipBlank(b, i+1))
		if next < 0 || !c.set(name, b[start:end:end]) {
			return c, ErrParam
		}
		if i = skipBlank(b, next); i == len(b) {
			return c, nil
		}
		if b[i] != ',' {
			return c, ErrParam
		}
		i++
	}
}

// credential reads the value at b[i], with or without quotes; next is the offset after it, -1 on a fault.
func credential(b []byte, i int) (start, end, next int) {
	if i < len(b) && b[i] == '"' {
		start = i + 1
		for i = start; i < len(b) && b[i] != '"'; i++ {
			if b[i] < ' ' || b[i] == '\\' {
				return 0, 0, -1
			}
		}
		if i == len(b) {
			return 0, 0, -1
		}
		return start, i, i + 1
	}
	start = i
	for i < len(b) && chars[b[i]]&cURI != 0 && b[i] != ',' && b[i] != '\\' {
		i++
	}
	if i == start {
		return 0, 0, -1
	}
	return start, i, i
}

// set notes a parameter; false when it stands twice. What is not known is left out.
func (c *Credentials) set(name, value []byte) bool {
	to := c.field(name)
	if to == nil {
		return true
	}
	if *to != nil {
		return false
	}
	*to = value
	return true
}

func (c *Credentials) field(name []byte) *[]byte {
	switch {
	case EqualFold(name, "username"):
		return &c.Username
	case EqualFold(name, "realm"):
		return &c.Realm
	case EqualFold(name, "nonce"):
		return &c.Nonce
	case EqualFold(name, "uri"):
		return &c.URI
	case EqualFold(name, "response"):
		return &c.Response
	case EqualFold(name, "algorithm"):
		return &c.Algorithm
	case EqualFold(name, "qop"):
		return &c.QOP
	case EqualFold(name, "cnonce"):
		return &c.CNonce
	case EqualFold(name, "nc"):
		return &c.NC
	case EqualFold(name, "opaque"):
		return &c.Opaque
	}
	return nil
}
