package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"tsujiban"
)

// Key is a public key of a log: an Ed25519 key under the log's name (C2SP signed-note: name, key id and
// key in base64, with '+' between).
type Key struct {
	text     string
	verifier note.Verifier
}

// maxKey is the longest public key that is read, in bytes.
const maxKey = 512

// ParseKey reads a public key as "tsujiban evidence public-key" prints it.
func ParseKey(s string) (Key, error) {
	s = strings.TrimSpace(s)
	if len(s) > maxKey {
		return Key{}, tsujiban.Errorf(tsujiban.CodeInvalid, "it is too long for a public key; give one line as \"tsujiban evidence public-key\" prints it")
	}
	if strings.HasPrefix(s, "PRIVATE+KEY+") {
		return Key{}, tsujiban.Errorf(tsujiban.CodeInvalid, "this is the private key, which nobody else may see; give the public one, as \"tsujiban evidence public-key\" prints it")
	}
	v, err := note.NewVerifier(s)
	if err != nil {
		return Key{}, tsujiban.Errorf(tsujiban.CodeInvalid, "%.80q is not a public key; give one line as \"tsujiban evidence public-key\" prints it", s)
	}
	return Key{s, v}, nil
}

// ParseKeys reads public keys, one a line. Empty lines and lines that begin with # are passed over; there is at least one key.
func ParseKeys(text string) ([]Key, error) {
	var keys []Key
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		k, err := ParseKey(line)
		if err != nil {
			return nil, err
		}
		if known(keys, k) {
			continue
		}
		if keys = append(keys, k); len(keys) > maxRotations {
			return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "more than %d keys: this is no file of keys", maxRotations)
		}
	}
	if len(keys) == 0 {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "there is no public key in it; give one line as \"tsujiban evidence public-key\" prints it")
	}
	return keys, nil
}

// String is the key in one line.
func (k Key) String() string { return k.text }

// Name is the log whose key it is.
func (k Key) Name() string { return k.verifier.Name() }

// Fingerprint is for people to compare over the telephone: the first 16 bytes of the SHA-256 of the line, in
// hexadecimal and groups of four.
func (k Key) Fingerprint() string {
	sum := sha256.Sum256([]byte(k.text))
	h := hex.EncodeToString(sum[:16])
	var groups []string
	for i := 0; i < len(h); i += 4 {
		groups = append(groups, h[i:i+4])
	}
	return strings.Join(groups, " ")
}

// maxRotations bounds how many keys a log may have had.
const maxRotations = 1000

// follow adds to trusted keys those that took over from them: each rotation is a checkpoint that names the next key and is
// signed by the key before and by the next. Rotations of keys that are not trusted are passed over. It
// returns all keys, the trusted first, and how many rotations it followed.
func follow(trusted []Key, rotations [][]byte) (keys []Key, followed int, err error) {
	keys = append(keys, trusted...)
	for _, msg := range rotations {
		s, err := OpenCheckpoint(msg, keys...)
		if err != nil || s.NextKey == "" {
			continue // older than the key that is trusted, or none of its rotations
		}
		next, err := ParseKey(s.NextKey)
		if err != nil {
			return nil, 0, err
		}
		if known(keys, next) {
			continue
		}
		if both, err := OpenCheckpoint(msg, append(keys[:len(keys):len(keys)], next)...); err != nil || !known(both.By, next) {
			return nil, 0, invalid("鍵の交代に新しい鍵の署名がありません", "a change of keys is not signed by the new key")
		}
		keys = append(keys, next)
		followed++
	}
	return keys, followed, nil
}

func known(keys []Key, k Key) bool {
	for _, have := range keys {
		if have.text == k.text {
			return true
		}
	}
	return false
}
