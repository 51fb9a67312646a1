package sipwire

// ViaValue is one value of a Via header (RFC 3261 §20.42, RFC 3581).
type ViaValue struct {
	Transport []byte // as written: "UDP"
	Host      []byte // with brackets for IPv6
	Port      uint16 // 0 when absent
	Params    []byte // from the first ';', empty when none
	Branch    []byte
	Received  []byte // nil when absent
	RPort     bool   // an rport parameter without value is there
	Len       int    // bytes of the value in the header, white space before a following comma included
	More      bool   // a comma and another value follow

	// Offsets in the header's value, for patches: where Received starts, and behind the name of rport.
	ReceivedAt, RPortEnd int

	seen uint8 // parameters that may stand once
}

// ParseVia reads the first value of a Via header, up to a comma or the end.
func ParseVia(b []byte) (v ViaValue, err error) {
	return v, v.parse(b).orNil()
}

func (v *ViaValue) parse(b []byte) Error {
	i := v.protocol(b)
	if i < 0 {
		return ErrVia
	}
	if i = v.sentBy(b, i); i < 0 {
		return ErrVia
	}
	i = skipBlank(b, i)
	start := i
	for i < len(b) && b[i] == ';' {
		s, next := paramAt(b, i)
		if next < 0 || !v.param(b, s) {
			return ErrVia
		}
		i = next
	}
	v.Params, v.Len = trimRight(b[start:i]), i
	if i == len(b) {
		return 0
	}
	// Another value must follow a comma.
	if b[i] != ',' || looseProtocol(b[i+1:]) < 0 {
		return ErrVia
	}
	v.More = true
	return 0
}

// protocol reads "SIP/2.0/UDP " and returns the offset after it, -1 on a fault.
func (v *ViaValue) protocol(b []byte) int {
	var i int
	if len(b) >= 8 && string(b[:8]) == "SIP/2.0/" {
		i = skipBlank(b, 8)
	} else if i = looseProtocol(b); i < 0 {
		return -1
	}
	start := i
	for i < len(b) && chars[b[i]]&cToken != 0 {
		i++
	}
	v.Transport = b[start:i]
	end := skipBlank(b, i)
	if i == start || end == i {
		return -1
	}
	return end
}

// looseProtocol reads "SIP / 2.0 / ": any case, blanks around the slashes.
func looseProtocol(b []byte) int {
	i := skipBlank(b, 0)
	for _, part := range [...]string{"sip", "2.0"} {
		if i+len(part) > len(b) || !EqualFold(b[i:i+len(part)], part) {
			return -1
		}
		if i = skipBlank(b, i+len(part)); i == len(b) || b[i] != '/' {
			return -1
		}
		i = skipBlank(b, i+1)
	}
	return i
}

// sentBy reads the host and port and returns the offset after them, -1 on a fault. Blanks
// may stand around the colon (RFC 3261 §20.42 shows them).
func (v *ViaValue) sentBy(b []byte, i int) int {
	end := hostEnd(b, i)
	if end < 0 {
		return -1
	}
	v.Host = b[i:end]
	i = skipBlank(b, end)
	if i == len(b) || b[i] != ':' {
		return i
	}
	v.Port, i = portAt(b, skipBlank(b, i+1))
	return i
}

// The parameters that may stand once.
const (
	seenBranch = 1 << iota
	seenRPort
	seenReceived
	seenMaddr
	seenTTL
)

// param notes a parameter; false when it stands twice or has a value that it must not have.
func (v *ViaValue) param(b []byte, s span) bool {
	name, value := b[s.name:s.nameEnd], b[s.value:max(s.value, s.valueEnd)]
	var bit uint8
	switch len(name) {
	case 6:
		if EqualFold(name, "branch") {
			bit, v.Branch = seenBranch, value
		}
	case 5:
		if EqualFold(name, "rport") {
			bit = seenRPort
			if s.valueEnd == 0 {
				v.RPort, v.RPortEnd = true, s.nameEnd
				break
			}
			if n, ok := parseUint(value, 65_535); !ok || n == 0 {
				return false
			}
		} else if EqualFold(name, "maddr") {
			bit = seenMaddr
		}
	case 8:
		if EqualFold(name, "received") {
			bit, v.Received, v.ReceivedAt = seenReceived, value, s.value
		}
	case 3:
		if EqualFold(name, "ttl") {
			bit = seenTTL
		}
	}
	if bit == 0 {
		return true
	}
	// None of them is a quoted string, and only rport goes without a value.
	if v.seen&bit != 0 || s.valueEnd == 0 && bit != seenRPort || len(value) > 0 && value[0] == '"' {
		return false
	}
	v.seen |= bit
	return true
}
