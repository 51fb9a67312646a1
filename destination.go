package tsujiban

// Scope says how far a destination is, which decides what a restriction touches.
type Scope uint8

// The scopes. Emergency stands apart: nothing may touch it.
const (
	ScopeUnknown Scope = iota
	ScopeEmergency
	ScopeDomestic
	ScopeInternational
	numScopes
)

var scopeNames = [numScopes]string{"unknown", "emergency", "domestic", "international"}

func (s Scope) String() string { return name(scopeNames[:], uint8(s)) }

// Class says what kind of number a destination is.
type Class uint8

// The classes. Where the plan of a country is not known in that detail the class is ClassUnknown.
const (
	ClassUnknown      Class = iota
	ClassEmergency          // 110, 118, 119
	ClassFixed              // geographic; in Japan 0AB-J
	ClassMobile             // in Japan 060, 070, 080, 090
	ClassIPPhone            // in Japan 050
	ClassFreephone          // 0120, 0800
	ClassSharedCost         // 0570 navi-dial
	ClassPremium            // 0990; +1 900; +44 9
	ClassPager              // 020 4
	ClassM2M                // 020 otherwise
	ClassSpecial            // 1XY: time, weather, directory
	ClassSatellite          // +870, +881, satellite ranges of +88x
	ClassPersonal           // follow-me numbers (UPT), often priced as premium
	ClassNetwork            // +882, +883: numbers of networks, not of countries
	ClassUndesignated       // no carrier holds the range
	numClasses
)

// NumClasses is the count of classes, for tables indexed by Class.
const NumClasses = int(numClasses)

var classNames = [numClasses]string{
	"unknown", "emergency", "fixed", "mobile", "ip-phone", "freephone", "shared-cost", "premium",
	"pager", "m2m", "special", "satellite", "personal", "network", "undesignated",
}

func (c Class) String() string { return name(classNames[:], uint8(c)) }

// ParseClass finds a class by its name.
func ParseClass(s string) (Class, bool) {
	i, ok := index(classNames[:], s)
	return Class(i), ok
}

// Destination is where a number leads.
type Destination struct {
	Scope Scope
	Class Class
	// Code is the country calling code: 81, 232. The islands of the North American
	// plan are told apart by area code as four digits: 1876 is Jamaica; 1 is what
	// is left. Zero when the number belongs to no country code.
	Code uint16
	// ISO is the ISO 3166-1 alpha-2 code ("SL"), zero bytes where the code is shared or global.
	ISO [2]byte
}

// Country returns the ISO code as a string, empty when there is none.
func (d Destination) Country() string {
	if d.ISO[0] == 0 {
		return ""
	}
	return string(d.ISO[:])
}

func name(names []string, i uint8) string {
	if int(i) < len(names) {
		return names[i]
	}
	return "invalid"
}

func index(names []string, s string) (int, bool) {
	for i, n := range names {
		if n == s {
			return i, true
		}
	}
	return 0, false
}
