package people

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238's default, the one that every authenticator app knows
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// A one-time code is six digits and lasts 30 seconds (RFC 6238, the defaults that every
// app knows).
const (
	totpStep   = 30 * time.Second
	totpDrift  = 1 // steps that a clock may be off, to either side
	totpSecret = 20
)

// NewTOTP makes a secret.
func NewTOTP() []byte { return random(totpSecret) }

// TOTPCode is the code of a step.
func TOTPCode(secret []byte, step int64) string {
	m := hmac.New(sha1.New, secret)
	_ = binary.Write(m, binary.BigEndian, step)
	sum := m.Sum(nil)
	at := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}

// TOTPStep is the step of an instant.
func TOTPStep(at time.Time) int64 { return at.Unix() / int64(totpStep/time.Second) }

// CheckTOTP finds the step whose code was typed. Steps up to and with last have been used:
// a code is good once (RFC 6238 §5.2).
func CheckTOTP(secret []byte, code string, at time.Time, last int64) (step int64, ok bool) {
	code = strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9':
			return r
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		}
		return -1
	}, clean(code, 20))
	for s := TOTPStep(at) - totpDrift; s <= TOTPStep(at)+totpDrift; s++ {
		if subtle.ConstantTimeCompare([]byte(TOTPCode(secret, s)), []byte(code)) == 1 && s > last {
			step, ok = s, true
		}
	}
	return step, ok
}

// TOTPText is the secret as people type it.
func TOTPText(secret []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

// TOTPURI is what the QR code holds. Issuer is the operator's name.
func TOTPURI(secret []byte, issuer, login string) string {
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + login}
	u.RawQuery = "secret=" + TOTPText(secret) + "&issuer=" + url.QueryEscape(issuer)
	return u.String()
}

// RecoveryCodes is how many codes are made at once.
const RecoveryCodes = 10

// recoveryAlphabet leaves out 0, 1, i and o, which are mistaken for others.
var recoveryAlphabet = base32.NewEncoding("abcdefghjklmnpqrstuvwxyz23456789").WithPadding(base32.NoPadding)

// newRecoveryCode makes one: 50 bits, as xxxxx-xxxxx.
func newRecoveryCode() string {
	s := recoveryAlphabet.EncodeToString(random(7))[:10]
	return s[:5] + "-" + s[5:]
}

// foldRecovery is the form in which a code is compared.
func foldRecovery(code string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(fold(clean(code, 40))))
}

// ParseTOTP reads a secret as people type it.
func ParseTOTP(s string) ([]byte, error) {
	b, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ToUpper(strings.ReplaceAll(s, " ", "")))
	if err != nil {
		return nil, invalid("secret", "is not base32")
	}
	return b, nil
}
