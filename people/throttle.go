package people

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"tsujiban"
)

// Guessing is made slow, and nobody is locked out by it: who guesses wrong waits, in the
// lane from which the guess came and in no other. A browser that the person signed in with
// before has a lane of its own, and a passkey cannot be guessed and has none.

// Strikes are failed attempts in one lane.
type Strikes struct {
	Count int
	Last  time.Time
}

// ForgetStrikes is how long failed attempts are remembered after the last.
const ForgetStrikes = 6 * time.Hour

// lane is where failed attempts are counted, and how many are free.
type lane struct {
	key  string
	free int
}

const (
	freeDevice  = 10  // from a browser that is known
	freeLogin   = 5   // one login from one address
	freeAddress = 30  // all logins from one address
	freeNetwork = 200 // all logins from one IPv6 site (/48)
	freeFactor  = 20  // second factors of one person from browsers that are not known
	longestWait = 15 * time.Minute
)

// lanes are those of an attempt. What was typed as login may have been a password: only
// its MAC is kept.
func (k *Keys) lanes(login, device string, from From) []lane {
	if device != "" {
		return []lane{{"device " + device, freeDevice}}
	}
	address, site := network(from.Address)
	ls := []lane{
		{"login " + hex.EncodeToString(mac(k.pepper, login)[:12]) + " " + address, freeLogin},
		{"address " + address, freeAddress},
	}
	if site != "" {
		ls = append(ls, lane{"network " + site, freeNetwork})
	}
	return ls
}

// network is what one stranger has at least: an IPv4 address or an IPv6 /64, and for
// IPv6 the site that it belongs to.
func network(address string) (own, site string) {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return "unknown", ""
	}
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return a.String(), ""
	}
	return netip.PrefixFrom(a, 64).Masked().String(), netip.PrefixFrom(a, 48).Masked().String()
}

// wait is how long the next attempt in a lane has to wait: twice as long after each.
func (s Strikes) wait(now time.Time, free int) time.Duration {
	if s.Count < free || now.Sub(s.Last) > ForgetStrikes {
		return 0
	}
	d := min(time.Second<<min(s.Count-free, 20), longestWait)
	return max(0, s.Last.Add(d).Sub(now))
}

func (s Strikes) more(now time.Time) Strikes {
	if now.Sub(s.Last) > ForgetStrikes {
		s.Count = 0
	}
	return Strikes{Count: s.Count + 1, Last: now}
}

// Wait is the error of an attempt that came too soon after failed ones. Nothing was
// looked at: it says the same for logins that exist and for others.
type Wait struct{ For time.Duration }

func (w *Wait) Error() string {
	return fmt.Sprintf("too many failed attempts from here; try again in %v, or sign in with a passkey", w.For.Round(time.Second))
}

// Unwrap gives the code.
func (w *Wait) Unwrap() error { return tsujiban.Errorf(tsujiban.CodeUnavailable, "wait") }

// take counts an attempt as failed before it is looked at, so that many at once gain
// nothing; succeeded takes it back.
func take(tx Tx, ls []lane, now time.Time) error {
	have := make([]Strikes, len(ls))
	for i, l := range ls {
		s, err := tx.Strikes(l.key)
		if err != nil {
			return err
		}
		if w := s.wait(now, l.free); w > 0 {
			return &Wait{For: max(w, time.Second)}
		}
		have[i] = s
	}
	for i, l := range ls {
		if err := tx.PutStrikes(l.key, have[i].more(now)); err != nil {
			return err
		}
	}
	return nil
}

// succeeded forgets the failures of the person's own lane. Those of the address stay but
// one: who has one account must not wash guesses at others with it.
func succeeded(tx Tx, ls []lane) error {
	for i, l := range ls {
		s, err := tx.Strikes(l.key)
		if err != nil {
			return err
		}
		if s.Count--; i == 0 || s.Count < 0 {
			s.Count = 0
		}
		if err := tx.PutStrikes(l.key, s); err != nil {
			return err
		}
	}
	return nil
}

// Device is the value of the cookie by which a browser is known again to belong to a
// person. It proves nothing: it only keeps strangers' failures apart.
func (k *Keys) Device(person string) string {
	id := hex.EncodeToString(random(12))
	return id + "." + hex.EncodeToString(mac(k.device, person+" "+id)[:16])
}

// knownDevice is the id of a device of this person, empty when the cookie is not theirs.
func (k *Keys) knownDevice(cookie, person string) string {
	id, sum, ok := strings.Cut(cookie, ".")
	if !ok || len(cookie) > 100 || person == "" {
		return ""
	}
	if want := hex.EncodeToString(mac(k.device, person+" "+id)[:16]); !equal(sum, want) {
		return ""
	}
	return id
}
