package people

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"

	"tsujiban"
)

// Keys are made of one secret that lies beside the store and not in it: who gets hold of
// a backup of the store can sign no link and read no one-time secret.
type Keys struct {
	link, device, pepper []byte
	seal                 cipher.AEAD
}

// NewKeys makes the keys of a secret of at least 32 random bytes.
func NewKeys(secret []byte) (*Keys, error) {
	if len(secret) < 32 {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "the secret of the console has %d bytes, it must have 32", len(secret))
	}
	k := &Keys{}
	var sealing []byte
	for _, d := range []struct {
		to  *[]byte
		use string
	}{{&k.link, "link"}, {&k.device, "device"}, {&k.pepper, "pepper"}, {&sealing, "seal"}} {
		b, err := hkdf.Key(sha256.New, secret, nil, "tsujiban people "+d.use, 32)
		if err != nil {
			return nil, err
		}
		*d.to = b
	}
	block, err := aes.NewCipher(sealing)
	if err != nil {
		return nil, err
	}
	k.seal, err = cipher.NewGCMWithRandomNonce(block)
	return k, err
}

// Seal makes a secret unreadable without the key; owner is bound to it.
func (k *Keys) Seal(secret []byte, owner string) []byte {
	return k.seal.Seal(nil, nil, secret, []byte(owner))
}

// Unseal is CodeCorrupt when it was sealed with another key or for somebody else.
func (k *Keys) Unseal(sealed []byte, owner string) ([]byte, error) {
	b, err := k.seal.Open(nil, nil, sealed, []byte(owner))
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeCorrupt, "a stored one-time secret cannot be read with this key; put back the file of the key, or set the secret anew with a link")
	}
	return b, nil
}

func mac(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	_, _ = m.Write([]byte(text)) // never fails (hash.Hash)
	return m.Sum(nil)
}

// hashToken is what is kept of a token of 256 random bits.
func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

func newToken() string { return base64.RawURLEncoding.EncodeToString(random(32)) }

func equal(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }

// Nonce is text that nobody can guess.
func Nonce() string { return newToken() }
