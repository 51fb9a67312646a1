package people

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"tsujiban"
)

// Cost is what a password's hash costs. It is kept with each hash, so it can be raised:
// who signs in next gets a new hash.
type Cost struct {
	Memory  uint32 // KiB
	Time    uint32 // passes
	Threads uint8
}

// DefaultCost is OWASP's recommendation for argon2id with one thread; about 40 ms. More
// would be taken from the calls that run beside it.
var DefaultCost = Cost{Memory: 46 << 10, Time: 1, Threads: 1}

// What a stored hash may ask for at most: a damaged row must not eat the machine.
const (
	mostMemory = 1 << 20 // KiB
	mostTime   = 16
	saltSize   = 16
	hashSize   = 32
)

// Hasher makes and checks hashes of passwords with argon2id (RFC 9106), a few at a time:
// each takes tens of megabytes, and whoever asks for many waits.
type Hasher struct {
	cost  Cost
	turns chan struct{}
	dummy string
	runs  atomic.Uint64
}

// NewHasher makes a hasher that lets so many run at once.
func NewHasher(cost Cost, atOnce int) *Hasher {
	h := &Hasher{cost: cost, turns: make(chan struct{}, max(atOnce, 1))}
	// Nobody knows its password: what hashes to it is thrown away.
	h.dummy = encode(cost, random(saltSize), random(hashSize))
	return h
}

// Hash makes the hash of a password in the PHC string format.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	salt := random(saltSize)
	sum, err := h.run(ctx, password, h.cost, salt, hashSize)
	if err != nil {
		return "", err
	}
	return encode(h.cost, salt, sum), nil
}

// Check tells whether a password has this hash, and whether the hash should be made anew.
// An empty hash (nobody of that login, or without a password) is never matched and takes
// the same work, so that the time tells nothing.
func (h *Hasher) Check(ctx context.Context, password, hash string) (matches, stale bool, err error) {
	none := hash == ""
	if none {
		hash = h.dummy
	}
	cost, salt, want, err := decode(hash)
	if err != nil {
		return false, false, err
	}
	sum, err := h.run(ctx, password, cost, salt, uint32(len(want)))
	if err != nil {
		return false, false, err
	}
	matches = subtle.ConstantTimeCompare(sum, want) == 1 && !none
	return matches, matches && cost != h.cost, nil
}

func (h *Hasher) run(ctx context.Context, password string, c Cost, salt []byte, size uint32) ([]byte, error) {
	select {
	case h.turns <- struct{}{}:
		defer func() { <-h.turns }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	h.runs.Add(1)
	return argon2.IDKey([]byte(fold(password)), salt, c.Time, c.Memory, c.Threads, size), nil
}

// fold makes one text of what keyboards write in several ways: full-width letters, and
// accents set together or apart (NIST SP 800-63B §5.1.1.2).
func fold(password string) string { return norm.NFKC.String(password) }

func encode(c Cost, salt, sum []byte) string {
	b := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Time, c.Threads, b.EncodeToString(salt), b.EncodeToString(sum))
}

func decode(hash string) (c Cost, salt, sum []byte, err error) {
	bad := tsujiban.Errorf(tsujiban.CodeCorrupt, "the stored password cannot be read; set a new one with a link (tsujiban staff link LOGIN)")
	part := strings.Split(hash, "$")
	if len(part) != 6 || part[1] != "argon2id" || part[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, bad
	}
	if _, err := fmt.Sscanf(part[3], "m=%d,t=%d,p=%d", &c.Memory, &c.Time, &c.Threads); err != nil ||
		c.Memory < 8 || c.Memory > mostMemory || c.Time == 0 || c.Time > mostTime || c.Threads == 0 {
		return c, nil, nil, bad
	}
	salt, err = base64.RawStdEncoding.DecodeString(part[4])
	if err != nil || len(salt) < 8 || len(salt) > 64 {
		return c, nil, nil, bad
	}
	sum, err = base64.RawStdEncoding.DecodeString(part[5])
	if err != nil || len(sum) < 16 || len(sum) > 64 {
		return c, nil, nil, bad
	}
	return c, salt, sum, nil
}

// The bounds of a password.
const (
	MinPassword = 12  // characters
	MaxPassword = 256 // bytes
)

// ValidPassword refuses what is guessed first: short ones, those made of the commonest
// words and rows of keys, of the own login or name, or of few characters. No other rule:
// rules about kinds of characters make worse passwords (NIST SP 800-63B §5.1.1.2).
func ValidPassword(password string, p *Person) error {
	password = fold(password)
	switch n := utf8.RuneCountInString(password); {
	case !utf8.ValidString(password):
		return invalid("password", "is not valid UTF-8")
	case len(password) > MaxPassword:
		return invalid("password", "is longer than %d bytes", MaxPassword)
	case n < MinPassword:
		return invalid("password", "has %d characters; use at least %d, for instance four words", n, MinPassword)
	}
	if kinds(password) < 5 {
		return invalid("password", "is made of too few different characters")
	}
	rest := strings.ToLower(password)
	for _, own := range append(strings.FieldsFunc(p.Login, func(r rune) bool { return r == '@' || r == '.' || r == '-' || r == '_' }), strings.Fields(strings.ToLower(p.Name))...) {
		if len(own) >= 3 {
			rest = strings.ReplaceAll(rest, own, "")
		}
	}
	for _, word := range common {
		rest = strings.ReplaceAll(rest, word, "")
	}
	rest = strings.TrimFunc(rest, func(r rune) bool { return r < '0' || r > '9' && r < 'a' || r > 'z' && r < 0x80 })
	if utf8.RuneCountInString(rest) < 5 || kinds(rest) < 4 {
		return invalid("password", "is among those that are guessed first (common words, rows of keys, your own login or name); use others")
	}
	return nil
}

func kinds(s string) int {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return len(seen)
}

// common are the words that the commonest passwords are made of, longer ones first.
var common = strings.Fields(`
administrator 12345678910 1234567890 0987654321 qwertyuiop asdfghjkl 1q2w3e4r5t6y iloveyou password passw0rd p@ssw0rd p@ssword
superman sunshine princess football baseball basketball trustno1 starwars whatever changeme letmein welcome tsujiban telephone
123456789 987654321 12345678 87654321 1qaz2wsx3edc 1qaz2wsx 1q2w3e4r zaq12wsx qazwsxedc asterisk freeswitch kamailio
qwertyui qwerty asdfgh zxcvbnm zxcvbn abcdefgh abcdef abc123 1234567 123456 654321 111111 000000 123123 112233 monkey dragon
master secret shadow flower hello admin login access google default operator manager support server console sakura doraemon pokemon
nippon japan tokyo osaka password1 pass word user root test guest temp 2020 2021 2022 2023 2024 2025 2026 2027 1234 4321 1111 0000 qwer asdf zxcv abcd 123`)

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return b
}
