package sipwire

import "bytes"

// Address is one value of From, To, Contact, Route, Record-Route, Path,
// P-Asserted-Identity (RFC 3261 §20.10).
type Address struct {
	Display []byte // as written, quotes included; empty when none
	URI     []byte
	Params  []byte // header parameters from the first ';', empty when none; all can be read
	Len     int    // bytes of the value in the header
	More    bool   // a comma and another value follow
	Angle   bool   // the URI stands in angle brackets

	tag []byte
}

// Tag is the tag parameter, nil when there is none. The error is always nil: [ParseAddress]
// refuses a second tag.
func (a *Address) Tag() ([]byte, error) { return a.tag, nil }

// ParseAddress reads the first value of an address header, up to a comma or the end.
func ParseAddress(b []byte) (a Address, err error) {
	return a, a.parse(b).orNil()
}

func (a *Address) parse(b []byte) Error {
	*a = Address{}
	i := a.parseURI(b, skipBlank(b, 0))
	if i < 0 {
		return ErrAddress
	}
	if i = skipBlank(b, i); i < len(b) && b[i] == ';' {
		if i = a.parseParams(b, i); i < 0 {
			return ErrAddress
		}
	}
	a.Len = i
	if i == len(b) {
		return 0
	}
	// Another value must follow a comma.
	if next := skipBlank(b, i+1); b[i] != ',' || next == len(b) || b[next] == ',' {
		return ErrAddress
	}
	a.More = true
	return 0
}

// parseURI reads the display name and the URI and returns the offset after them, -1 on a fault.
func (a *Address) parseURI(b []byte, i int) int {
	start := i
	if i < len(b) && b[i] == '"' {
		if i = quotedEnd(b, i); i < 0 {
			return -1
		}
		a.Display = b[start:i]
		if i = skipBlank(b, i); i == len(b) || b[i] != '<' {
			return -1
		}
	}
	for i < len(b) && chars[b[i]]&cDisplay != 0 {
		i++
	}
	if i == len(b) || b[i] != '<' {
		// addr-spec without brackets: what follows a semicolon belongs to the header (RFC 3261 §20).
		i = start
		for i < len(b) && chars[b[i]]&cBare != 0 {
			i++
		}
		if i == start {
			return -1
		}
		a.URI = b[start:i]
		return i
	}
	if a.Display == nil {
		a.Display = trimRight(b[start:i])
	}
	a.Angle = true
	start = i + 1
	for i = start; i < len(b) && chars[b[i]]&cURI != 0; i++ {
	}
	if i == start || i == len(b) || b[i] != '>' {
		return -1
	}
	a.URI = b[start:i]
	return i + 1
}

// parseParams reads the header parameters from the ';' at b[i] and returns the offset after
// them, -1 on a fault.
func (a *Address) parseParams(b []byte, i int) int {
	start := i
	for i < len(b) && b[i] == ';' {
		s, next := paramAt(b, i)
		if next < 0 {
			return -1
		}
		if s.nameEnd-s.name == 3 && EqualFold(b[s.name:s.nameEnd], "tag") {
			// A tag is a token (RFC 3261 §25.1): one in quotes would be another for who strips them.
			if a.tag != nil || s.valueEnd == 0 || b[s.value] == '"' {
				return -1
			}
			a.tag = b[s.value:s.valueEnd:s.valueEnd]
		}
		i = next
	}
	a.Params = trimRight(b[start:i])
	if !a.Angle && bytes.IndexByte(a.Params, '@') >= 0 {
		return -1 // sip:user;x=y@host: a user part for some, a host and parameters for others
	}
	return i
}
