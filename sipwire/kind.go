package sipwire

import "encoding/binary"

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
	name          string // as RFCs write it
	once, oneLine bool
}

var kinds = [numKinds]kindRow{
	Via: {"Via", false, true}, From: {"From", true, true}, To: {"To", true, true}, CallID: {"Call-ID", true, true},
	CSeq: {"CSeq", true, true}, Contact: {"Contact", false, true}, ContentLength: {"Content-Length", true, true},
	ContentType: {"Content-Type", true, true}, MaxForwards: {"Max-Forwards", true, true}, Route: {"Route", false, true},
	RecordRoute: {"Record-Route", false, true}, Path: {"Path", false, true}, Expires: {"Expires", true, true},
	Authorization: {"Authorization", false, false}, ProxyAuthorization: {"Proxy-Authorization", false, false},
	WWWAuthenticate: {"WWW-Authenticate", false, false}, ProxyAuthenticate: {"Proxy-Authenticate", false, false},
	Require: {"Require", false, false}, ProxyRequire: {"Proxy-Require", false, false}, Supported: {"Supported", false, false},
	UserAgent: {"User-Agent", false, false}, Server: {"Server", false, false},
	SessionExpires: {"Session-Expires", true, true}, MinSE: {"Min-SE", true, true},
	PAssertedIdentity: {"P-Asserted-Identity", false, true}, PPreferredIdentity: {"P-Preferred-Identity", false, true},
	RemotePartyID: {"Remote-Party-ID", false, true}, Privacy: {"Privacy", false, true}, RetryAfter: {"Retry-After", true, true},
	ReferTo: {"Refer-To", true, true}, Replaces: {"Replaces", true, true}, Identity: {"Identity", false, false},
}

// The compact forms (RFC 3261 §7.3.3, RFC 3515, 4028, 8224).
var compact = [26]Kind{
	'v' - 'a': Via, 'f' - 'a': From, 't' - 'a': To, 'i' - 'a': CallID, 'm' - 'a': Contact, 'l' - 'a': ContentLength,
	'c' - 'a': ContentType, 'k' - 'a': Supported, 'x' - 'a': SessionExpires, 'r' - 'a': ReferTo, 'y' - 'a': Identity,
}

// maxName is the room for a name and its colon, at least that of the longest.
const maxName = 24

// nameRow is a known name with its colon, eight bytes to a word, filled up with zeros: the bytes of a
// message are the same if, with the bits of fold set and those of mask kept, they are those of text.
type nameRow struct {
	text, fold, mask [maxName / 8]uint64
	length           int
	chain            Kind // the next kind in the same slot, Other when there is none
}

// slotOf puts a name by its first three bytes, the low ones of x, in any case, into one of 128 slots.
func slotOf(x uint64) uint8 { return uint8((x&0xffffff|0x202020)*0x9e3779b1>>16) & 127 }

// names holds the known names, and slots the first kind of each slot.
var names, slots = func() (rows [numKinds]nameRow, slots [128]Kind) {
	for k := numKinds - 1; k > Other; k-- {
		s := kinds[k].name + ":"
		row, slot := &rows[k], &slots[slotOf(uint64(s[0])|uint64(s[1])<<8|uint64(s[2])<<16)]
		row.length, row.chain, *slot = len(s), *slot, k
		for i := range len(s) {
			at := i % 8 * 8
			row.text[i/8] |= uint64(lower[s[i]]) << at
			row.mask[i/8] |= 0xff << at
			if s[i] != '-' && s[i] != ':' {
				row.fold[i/8] |= 0x20 << at
			}
		}
	}
	return rows, slots
}()

// knownName reads the name and colon at b[off] when they are those of a known kind; after is the offset
// behind them, 0 when they are not. There is no search for the colon, for where it comes is hard to
// foresee, and a branch that the processor foresees wrongly costs more than all that is here.
func knownName(b []byte, off int) (k Kind, after int) {
	if off < 0 || off > len(b)-maxName {
		return Other, 0
	}
	b = b[off : off+maxName]
	x, y, z := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]), binary.LittleEndian.Uint64(b[16:])
	if uint8(x>>8) == ':' {
		if c := lower[uint8(x)]; c >= 'a' && c <= 'z' && compact[c-'a'] != Other {
			return compact[c-'a'], off + 2
		}
		return Other, 0
	}
	for k = slots[slotOf(x)]; k != Other; k = names[k].chain {
		row := &names[k]
		diff := (x|row.fold[0])&row.mask[0] ^ row.text[0]
		diff |= (y|row.fold[1])&row.mask[1] ^ row.text[1]
		if diff == 0 && (row.length <= 16 || (z|row.fold[2])&row.mask[2] == row.text[2]) {
			return k, off + row.length
		}
	}
	return Other, 0
}

// looseName reads a name and colon of any kind, also with white space before the colon (RFC 3261
// §7.3.1); after is 0 when there are none.
func looseName(b []byte, off int) (k Kind, after int) {
	n := 0
	for off+n < len(b) && chars[b[off+n]]&cToken != 0 {
		n++
	}
	i := off + n
	for i < len(b) && (b[i] == ' ' || b[i] == '\t') {
		i++
	}
	if n == 0 || i == len(b) || b[i] != ':' {
		return Other, 0
	}
	if n < maxName {
		var name [maxName]byte
		copy(name[:], b[off:off+n])
		name[n] = ':'
		k, _ = knownName(name[:], 0)
	}
	return k, i + 1
}
