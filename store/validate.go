package store

import (
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tsujiban"
)

// The bounds of what can be set.
const (
	MaxID       = 64      // characters of a customer or trunk id
	MaxName     = 200     // characters of a name, a person, a rule
	MaxNote     = 2000    // characters of a note
	MaxNumbers  = 100_000 // patterns of one customer
	MaxList     = 1000    // countries, prefixes, sources in one list
	MaxChannels = 1_000_000
	MaxTalk     = 7 * 24 * time.Hour
	// MinPrefix is the least count of digits before the '*' of a number pattern. Fewer
	// would be a whole country: a slip of the finger, not a block of numbers.
	MinPrefix = 4
)

func invalid(field, format string, args ...any) error {
	return tsujiban.Errorf(tsujiban.CodeInvalid, field+": "+format, args...)
}

// ValidID checks a customer or trunk id: 1 to 64 of a-z, 0-9 and '-'. The error is
// CodeInvalid and names the field.
func ValidID(field, id string) error {
	if id == "" || len(id) > MaxID {
		return invalid(field, "want 1 to %d characters, got %d", MaxID, len(id))
	}
	for i := range len(id) {
		c := id[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return invalid(field, "character %d of %q is not one of a-z, 0-9 and '-'", i+1, id)
		}
	}
	return nil
}

// ValidText checks text for people: printable, at most limit characters, no space at either end.
func ValidText(field, s string, limit int, required bool) error {
	if required && s == "" {
		return invalid(field, "must not be empty")
	}
	if !utf8.ValidString(s) {
		return invalid(field, "is not valid UTF-8")
	}
	if n := utf8.RuneCountInString(s); n > limit {
		return invalid(field, "has %d characters, at most %d fit", n, limit)
	}
	if strings.TrimSpace(s) != s {
		return invalid(field, "begins or ends with a space")
	}
	for i, r := range s {
		if !printable(r) {
			return invalid(field, "byte %d is %U, which cannot be printed", i+1, r)
		}
	}
	return nil
}

// printable also takes the wide space, which is ordinary in Japanese names.
func printable(r rune) bool { return unicode.IsPrint(r) || r == '\u3000' }

// ValidBy checks the name of the person who acts.
func ValidBy(by string) error { return ValidText("by", by, MaxName, true) }

// ValidCustomer checks all fields of a customer. The error is CodeInvalid and names the field.
func ValidCustomer(c *tsujiban.Customer) error {
	if err := ValidID("id", string(c.ID)); err != nil {
		return err
	}
	if err := ValidText("name", c.Name, MaxName, true); err != nil {
		return err
	}
	if err := validTime("opened", c.Opened); err != nil {
		return err
	}
	if err := validMail("contact", c.Contact); err != nil {
		return err
	}
	if c.Language > tsujiban.English {
		return invalid("language", "%d is none of the languages", c.Language)
	}
	if err := ValidNumbers(c.Numbers); err != nil {
		return err
	}
	if err := ValidLimits(&c.Limits); err != nil {
		return err
	}
	// What it sets itself has the bounds of limits.
	err := ValidLimits(&tsujiban.Limits{CapCall: c.Own.CapCall, CapDay: c.Own.CapDay, CapMonth: c.Own.CapMonth, LongestCall: c.Own.LongestCall, BarCountries: c.Own.BarCountries})
	if err != nil {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "own %w", err)
	}
	return nil
}

func validTime(field string, t time.Time) error {
	if t.IsZero() {
		return nil
	}
	if y := t.UTC().Year(); y < 1970 || y > 9999 {
		return invalid(field, "the year %d is not between 1970 and 9999", y)
	}
	return nil
}

func validMail(field, s string) error {
	if s == "" {
		return nil
	}
	if len(s) > 254 {
		return invalid(field, "has %d characters, at most 254 fit (RFC 5321)", len(s))
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s {
		return invalid(field, "%q is not a mail address such as tel@example.jp", s)
	}
	return nil
}

// ValidNumbers checks the number patterns of a customer: "+81312345678" or "+8131234*".
func ValidNumbers(patterns []string) error {
	if len(patterns) > MaxNumbers {
		return invalid("numbers", "has %d patterns, at most %d fit: join blocks with '*'", len(patterns), MaxNumbers)
	}
	seen := make(map[string]bool, len(patterns))
	for _, p := range patterns {
		if err := ValidNumber("numbers", p); err != nil {
			return err
		}
		if seen[p] {
			return invalid("numbers", "%q stands there twice", p)
		}
		seen[p] = true
	}
	return nil
}

// ValidNumber checks one number pattern: '+', 1 to 15 digits, and '*' at the end when it is a prefix.
func ValidNumber(field, p string) error {
	digits, ok := strings.CutPrefix(p, "+")
	if !ok {
		return invalid(field, "%q does not begin with '+' and the country code", p)
	}
	digits, prefix := strings.CutSuffix(digits, "*")
	if _, err := tsujiban.NumberFromDigits(digits); err != nil {
		return invalid(field, "%q is neither a number such as +81312345678 nor a prefix such as +8131234*", p)
	}
	if prefix && len(digits) < MinPrefix {
		return invalid(field, "%q is too wide: a prefix has at least %d digits before the '*'", p, MinPrefix)
	}
	return nil
}

// ValidLimits checks limits. Hours are checked for length and print only: their syntax is the policy's.
func ValidLimits(l *tsujiban.Limits) error {
	for _, m := range []struct {
		field string
		v     tsujiban.Money
	}{{"cap-call", l.CapCall}, {"cap-day", l.CapDay}, {"cap-month", l.CapMonth}} {
		if m.v < 0 {
			return invalid(m.field, "%s is below zero", m.v)
		}
	}
	for _, n := range []struct {
		field string
		v     int
	}{{"channels", l.Channels}, {"calls-per-second", l.CallsPerSecond}} {
		if n.v < 0 || n.v > MaxChannels {
			return invalid(n.field, "%d is not between 0 and %d", n.v, MaxChannels)
		}
	}
	if l.LongestCall != 0 && (l.LongestCall < time.Second || l.LongestCall > MaxTalk) {
		return invalid("longest-call", "%s is not between 1s and %s", l.LongestCall, MaxTalk)
	}
	if l.LongestCall%time.Millisecond != 0 {
		return invalid("longest-call", "%s is finer than a millisecond", l.LongestCall)
	}
	if err := validList("allow-countries", l.AllowCountries, validCountry); err != nil {
		return err
	}
	if err := validList("bar-countries", l.BarCountries, validCountry); err != nil {
		return err
	}
	if err := validList("bar-prefixes", l.BarPrefixes, validPrefix); err != nil {
		return err
	}
	if err := validList("allow-classes", l.AllowClasses, validClass); err != nil {
		return err
	}
	return ValidText("hours", l.Hours, 500, false)
}

func validList(field string, list []string, valid func(field, s string) error) error {
	if len(list) > MaxList {
		return invalid(field, "has %d entries, at most %d fit", len(list), MaxList)
	}
	for i, s := range list {
		if err := valid(field, s); err != nil {
			return err
		}
		for _, t := range list[:i] {
			if s == t {
				return invalid(field, "%q stands there twice", s)
			}
		}
	}
	return nil
}

func validPrefix(field, s string) error {
	if _, err := tsujiban.NumberFromDigits(s); err != nil {
		return invalid(field, "%q is not 1 to 15 digits of E.164 without '+', such as 232", s)
	}
	return nil
}

func validClass(field, s string) error {
	c, ok := tsujiban.ParseClass(s)
	if !ok || c == tsujiban.ClassUnknown || c == tsujiban.ClassEmergency {
		return invalid(field, "%q is no class that can be opened, such as premium, satellite, undesignated", s)
	}
	return nil
}

// ValidRestriction checks a restriction that is to be put.
func ValidRestriction(r *tsujiban.Restriction) error {
	if err := ValidID("customer", string(r.Customer)); err != nil {
		return err
	}
	if r.Level == tsujiban.LevelNone || r.Level > tsujiban.LevelClose {
		return invalid("level", "%q is none of watch, ask, restrict, close: use release to take a restriction off", r.Level)
	}
	if int(r.Reason) >= tsujiban.NumReasons {
		return invalid("reason", "%d is none of the reasons", r.Reason)
	}
	if r.At.IsZero() {
		return invalid("at", "must say when")
	}
	if err := validTime("at", r.At); err != nil {
		return err
	}
	if err := ValidBy(r.By); err != nil {
		return err
	}
	return ValidText("note", r.Note, MaxNote, false)
}
