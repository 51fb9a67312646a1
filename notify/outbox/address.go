package outbox

import (
	"net/mail"
	"strings"

	"tsujiban"
)

// ValidAddress checks the address of a recipient: one, plain, in ASCII, as it goes into the
// envelope. Names, comments, quotes and lists do not pass (RFC 5321 §4.1.2 would allow some).
func ValidAddress(s string) error {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > 254 || strings.ContainsAny(s, "\"\\<>()[]:;, \t\r\n") {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%.60q is no mail address; write it as name@example.jp", s)
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return tsujiban.Errorf(tsujiban.CodeInvalid, "%.60q is no mail address in ASCII", s)
		}
	}
	return nil
}
