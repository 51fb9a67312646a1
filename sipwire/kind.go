package sipwire

// Kind names a header that the program looks at; every other header is Other.
type Kind uint8

// The kinds.
const (
	Other Kind = iota
	Via
	From
	To
	CallID
	CSeq
	Contact
	ContentLength
	ContentType
	MaxForwards
	Route
	RecordRoute
	Path
	Expires
	Authorization
	ProxyAuthorization
	WWWAuthenticate
	ProxyAuthenticate
	Require
	ProxyRequire
	Supported
	UserAgent
	Server
	SessionExpires
	MinSE
	PAssertedIdentity
	PPreferredIdentity
	RemotePartyID
	Privacy
	RetryAfter
	ReferTo
	Replaces
	Identity
	numKinds
)

// kindRow says how a header is written and what makes it ambiguous: once, a
// second line of it is refused; oneLine, a fold in it is refused.
type kindRow struct {
	name          string // lower case
	once, oneLine bool
}

var kinds = [numKinds]kindRow{
	Via: {"via", false, true}, From: {"from", true, true}, To: {"to", true, true}, CallID: {"call-id", true, true},
	CSeq: {"cseq", true, true}, Contact: {"contact", false, true}, ContentLength: {"content-length", true, true},
	ContentType: {"content-type", true, true}, MaxForwards: {"max-forwards", true, true}, Route: {"route", false, true},
	RecordRoute: {"record-route", false, true}, Path: {"path", false, true}, Expires: {"expires", true, true},
	Authorization: {"authorization", false, false}, ProxyAuthorization: {"proxy-authorization", false, false},
	WWWAuthenticate: {"www-authenticate", false, false}, ProxyAuthenticate: {"proxy-authenticate", false, false},
	Require: {"require", false, false}, ProxyRequire: {"proxy-require", false, false}, Supported: {"supported", false, false},
	UserAgent: {"user-agent", false, false}, Server: {"server", false, false},
	SessionExpires: {"session-expires", true, true}, MinSE: {"min-se", true, true},
	PAssertedIdentity: {"p-asserted-identity", false, true}, PPreferredIdentity: {"p-preferred-identity", false, true},
	RemotePartyID: {"remote-party-id", false, true}, Privacy: {"privacy", false, true}, RetryAfter: {"retry-after", true, true},
	ReferTo: {"refer-to", true, true}, Replaces: {"replaces", true, true}, Identity: {"identity", false, false},
}

// The compact forms (RFC 3261 §7.3.3, RFC 3515, 4028, 8224).
var compact = [26]Kind{
	'v' - 'a': Via, 'f' - 'a': From, 't' - 'a': To, 'i' - 'a': CallID, 'm' - 'a': Contact, 'l' - 'a': ContentLength,
	'c' - 'a': ContentType, 'k' - 'a': Supported, 'x' - 'a': SessionExpires, 'r' - 'a': ReferTo, 'y' - 'a': Identity,
}

// byLength lists the kinds by the length of their names.
var byLength = func() (t [24][]Kind) {
	for k := Other + 1; k < numKinds; k++ {
		n := len(kinds[k].name)
		t[n] = append(t[n], k)
	}
	return t
}()

func kindOf(name []byte) Kind {
	if len(name) == 1 {
		if c := name[0] | 0x20; c >= 'a' && c <= 'z' {
			return compact[c-'a']
		}
		return Other
	}
	if len(name) >= len(byLength) {
		return Other
	}
	for _, k := range byLength[len(name)] {
		if EqualFold(name, kinds[k].name) {
			return k
		}
	}
	return Other
}

// EqualFold compares ASCII text without regard to case; lower must be lower case.
func EqualFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if c-'A' < 26 {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

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

// methodOf finds a method; methods are case-sensitive (RFC 3261 §7.1).
func methodOf(b []byte) Method {
	switch string(b) {
	case "INVITE":
		return INVITE
	case "ACK":
		return ACK
	case "BYE":
		return BYE
	case "CANCEL":
		return CANCEL
	case "REGISTER":
		return REGISTER
	case "OPTIONS":
		return OPTIONS
	case "UPDATE":
		return UPDATE
	case "PRACK":
		return PRACK
	case "INFO":
		return INFO
	case "REFER":
		return REFER
	case "NOTIFY":
		return NOTIFY
	case "SUBSCRIBE":
		return SUBSCRIBE
	case "MESSAGE":
		return MESSAGE
	case "PUBLISH":
		return PUBLISH
	}
	return MethodOther
}

// tokenChar holds the characters of a token (RFC 3261 §25.1).
var tokenChar = func() (t [256]bool) {
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-32] = true, true
	}
	for c := '0'; c <= '9'; c++ {
		t[c] = true
	}
	for _, c := range "-.!%*_+`'~" {
		t[c] = true
	}
	return t
}()
