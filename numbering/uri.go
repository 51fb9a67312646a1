package numbering

import (
	"bytes"
	"errors"
)

// ErrURI is returned for text that is not a tel:, sip: or sips: URI with a telephone number.
var ErrURI = errors.New("not a tel:, sip: or sips: URI with a telephone number")

// ParseURI takes the telephone number out of a tel: (RFC 3966) or sip: URI (RFC 3261 §19.1).
func ParseURI(uri []byte) (user []byte, err error) {
	scheme, rest, ok := bytes.Cut(uri, []byte(":"))
	if !ok {
		return nil, ErrURI
	}
	switch string(bytes.ToLower(scheme)) {
	case "tel":
	case "sip", "sips":
		if rest, _, ok = bytes.Cut(rest, []byte("@")); !ok {
			return nil, ErrURI
		}
	default:
		return nil, ErrURI
	}
	user, _, _ = bytes.Cut(rest, []byte(";"))
	return user, nil
}
