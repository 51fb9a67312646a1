package people

import (
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tsujiban"
)

// Person is somebody who can sign in.
type Person struct {
	ID        string // stable, never reused: what the record of actions names
	Login     string // what is typed: a mail address, lower case
	Name      string
	Role      Role
	Language  tsujiban.Lang
	Customers []tsujiban.CustomerID // whom a reseller or a customer reaches; empty for staff, who reach all
	Created   time.Time
	Disabled  time.Time // zero: may sign in
	// Unsecured is set of staff who signed in without a factor that cannot be guessed: until they
	// have one they may nothing but look after the own account. It is of a session and not kept.
	Unsecured bool
}

// May tells whether the person has a right at all; for whose data, see Reaches.
func (p *Person) May(right Right) bool {
	if p == nil {
		return right == Open
	}
	return p.Disabled.IsZero() && p.Role.May(right) && (!p.Unsecured || right == Open || right == SignedIn)
}

// Reaches tells whether a customer's data are within the person's reach.
func (p *Person) Reaches(c tsujiban.CustomerID) bool {
	return p != nil && p.Disabled.IsZero() && !p.Unsecured && (p.Role.Staff() || slices.Contains(p.Customers, c))
}

// The bounds of what is kept of a person.
const (
	MaxLogin = 254 // bytes (RFC 5321)
	MaxName  = 100 // characters of a name, of a person, a token, a passkey
	MaxReach = 1000
)

func invalid(field, format string, args ...any) error {
	return tsujiban.Errorf(tsujiban.CodeInvalid, field+": "+format, args...)
}

// ParseLogin brings what was typed into the form in which logins are kept: a bare mail
// address in lower case.
func ParseLogin(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	if len(s) > MaxLogin {
		return "", invalid("login", "has %d bytes, at most %d fit", len(s), MaxLogin)
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", invalid("login", "%.60q is not a mail address such as sato@example.jp", s)
	}
	return s, nil
}

// Valid checks all that somebody types about a person. The error is CodeInvalid and names the field.
func (p *Person) Valid() error {
	if login, err := ParseLogin(p.Login); err != nil {
		return err
	} else if login != p.Login {
		return invalid("login", "%q must be in lower case", p.Login)
	}
	if err := validName("name", p.Name); err != nil {
		return err
	}
	if p.Role.String() == "unknown" {
		return invalid("role", "there is no such role; write one of %s", RoleList())
	}
	if p.Language > tsujiban.English {
		return invalid("language", "%d is none of the languages", p.Language)
	}
	if len(p.Customers) > MaxReach {
		return invalid("customers", "%d are too many, at most %d", len(p.Customers), MaxReach)
	}
	for _, c := range p.Customers {
		if c == "" || len(c) > 64 || strings.ContainsFunc(string(c), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' }) {
			return invalid("customers", "%.70q is no id of a customer", c)
		}
	}
	switch {
	case p.Role.Staff() && len(p.Customers) > 0:
		return invalid("customers", "the role %s reaches all customers; name none", p.Role)
	case !p.Role.Staff() && len(p.Customers) == 0:
		return invalid("customers", "the role %s reaches only customers that are named; name at least one", p.Role)
	case p.Role == CustomerRole && len(p.Customers) > 1:
		return invalid("customers", "a customer is one; several are a reseller's")
	}
	return nil
}

// RoleList names all roles, for messages.
func RoleList() string {
	names := make([]string, len(Roles))
	for i, r := range Roles {
		names[i] = r.String()
	}
	return strings.Join(names, ", ")
}

// validName checks one line of text for people.
func validName(field, s string) error {
	switch {
	case s == "" || strings.TrimSpace(s) != s:
		return invalid(field, "must not be empty, nor begin or end with a space")
	case !utf8.ValidString(s):
		return invalid(field, "is not valid UTF-8")
	case utf8.RuneCountInString(s) > MaxName:
		return invalid(field, "has more than %d characters", MaxName)
	case strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) && r != '\u3000' }):
		return invalid(field, "holds a character that cannot be printed")
	}
	return nil
}

// clean makes text that a stranger sent fit to be kept: one line, printable, at most
// limit characters.
func clean(s string, limit int) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > limit {
			break
		}
		if !unicode.IsPrint(r) || unicode.Is(unicode.Cf, r) {
			r = utf8.RuneError
		}
		b.WriteRune(r)
	}
	return b.String()
}
