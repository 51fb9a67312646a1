package sipwire

// Method is a request method; a closed set with one value for all that are not known.
type Method uint8

// The methods (RFC 3261, 3262, 3311, 3428, 3515, 3903, 6086, 6665).
const (
	MethodOther Method = iota
	INVITE
	ACK
	BYE
	CANCEL
	REGISTER
	OPTIONS
	UPDATE
	PRACK
	INFO
	REFER
	NOTIFY
	SUBSCRIBE
	MESSAGE
	PUBLISH
	numMethods
)

// NumMethods is the count of methods, for tables indexed by Method.
const NumMethods = int(numMethods)

var methodNames = [numMethods]string{
	"other", "INVITE", "ACK", "BYE", "CANCEL", "REGISTER", "OPTIONS", "UPDATE", "PRACK", "INFO", "REFER", "NOTIFY", "SUBSCRIBE", "MESSAGE", "PUBLISH",
}

func (m Method) String() string { return methodNames[min(m, numMethods-1)] }

// methodOf finds a method; methods are case-sensitive (RFC 3261 §7.1). ok is false for one
// that is known but for its case: there are programs that take "invite" for an INVITE.
func methodOf(b []byte) (m Method, ok bool) {
	switch string(b) {
	case "INVITE":
		return INVITE, true
	case "ACK":
		return ACK, true
	case "BYE":
		return BYE, true
	case "CANCEL":
		return CANCEL, true
	case "REGISTER":
		return REGISTER, true
	case "OPTIONS":
		return OPTIONS, true
	case "UPDATE":
		return UPDATE, true
	case "PRACK":
		return PRACK, true
	case "INFO":
		return INFO, true
	case "REFER":
		return REFER, true
	case "NOTIFY":
		return NOTIFY, true
	case "SUBSCRIBE":
		return SUBSCRIBE, true
	case "MESSAGE":
		return MESSAGE, true
	case "PUBLISH":
		return PUBLISH, true
	}
	for _, name := range methodNames[1:] {
		if equalAnyCase(b, name) {
			return MethodOther, false
		}
	}
	return MethodOther, true
}

// ParseCSeq reads "4711 INVITE"; the number is below 2^31 (RFC 3261 §8.1.1.5).
func ParseCSeq(b []byte) (num uint32, method []byte, err error) {
	n, i := uint64(0), 0
	for ; i < len(b) && b[i]-'0' < 10 && n < 1<<31; i++ {
		n = n*10 + uint64(b[i]-'0')
	}
	start := skipBlank(b, i)
	if i == 0 || n >= 1<<31 || start == i || start == len(b) {
		return 0, nil, ErrCSeq
	}
	method = trimRight(b[start:])
	for _, c := range method {
		if chars[c]&cToken == 0 {
			return 0, nil, ErrCSeq
		}
	}
	return uint32(n), method, nil
}
