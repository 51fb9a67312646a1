package edge

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"net/netip"

	"tsujiban"
	"tsujiban/numbering"
	"tsujiban/sipwire"
)

// nonceLife is how long a nonce is good for, in milliseconds.
const nonceLife = 5 * 60_000

// proof is what an answer to a challenge is worth.
type proof uint8

const (
	proofWrong proof = iota
	proofStale       // made from a nonce that is not, or no longer, good; or used before
	proofGood
)

// challenge knows a trunk by digest (RFC 3261 §22, RFC 8760). nil: the request was answered with a
// challenge, or met with silence. A challenge keeps nothing: its nonce is a time stamp, sealed
// together with the address that it was given to.
func (w *worker) challenge(q *query) *trunk {
	e, m := w.e, q.m
	stale := false
	for h := m.First(sipwire.ProxyAuthorization); h != nil; h = m.Next(h) {
		c, err := sipwire.ParseCredentials(m.Value(h))
		if err != nil || !e.isOurRealm(c.Realm) {
			continue // an answer to somebody further on
		}
		t := e.dir.byUser[string(c.Username)]
		switch w.prove(q, &c, t) {
		case proofGood:
			e.refusals.trust(q.fl.addr.Addr(), w.ms)
			if q.fl.conn != nil {
				q.fl.conn.proven.Store(true)
			}
			return t
		case proofStale:
			stale = true
		default:
			e.stats.silent[tsujiban.RefusedPassword].Add(1)
			if e.refusals.add(w.ms, q.fl.addr.Addr(), tsujiban.RefusedPassword, m.Get(sipwire.UserAgent)) {
				return nil
			}
		}
		break
	}
	// Who is asked depends on the caller that the request shows, never on the user name in the
	// answer: a name that nobody has looks like a wrong password.
	if t := w.expected(m); t != nil {
		w.sendChallenge(q, t, stale)
		return nil
	}
	e.refuse(w, q.fl, tsujiban.RefusedUnknownSource, m)
	return nil
}

func (e *Edge) isOurRealm(realm []byte) bool {
	return string(realm) == e.opt.Realm || e.dir.realms[string(realm)]
}

func (e *Edge) realmOf(t *trunk) string {
	if t.Realm != "" {
		return t.Realm
	}
	return e.opt.Realm
}

// expected finds the digest trunk that a request claims to be: by its user name in From, or by a caller
// number, shown or asserted, that the trunk's customer holds. Nobody else is asked.
func (w *worker) expected(m *sipwire.Message) *trunk {
	if len(w.e.dir.byUser) == 0 {
		return nil
	}
	for _, k := range []sipwire.Kind{sipwire.From, sipwire.PAssertedIdentity, sipwire.PPreferredIdentity} {
		if t := w.claimed(m.Get(k)); t != nil {
			return t
		}
	}
	return nil
}

func (w *worker) claimed(value []byte) *trunk {
	a, err := sipwire.ParseAddress(value)
	if err != nil {
		return nil
	}
	u, err := sipwire.ParseURI(a.URI)
	if err != nil {
		return nil
	}
	if t := w.e.dir.byUser[string(u.User)]; t != nil {
		return t
	}
	d, err := numbering.ParseURI(a.URI)
	if err != nil {
		return nil
	}
	if owner, ok := w.e.dir.holder(d); ok {
		for _, t := range w.e.dir.ofOwner[owner] {
			if t.Username != "" {
				return t
			}
		}
	}
	return nil
}

func (w *worker) sendChallenge(q *query, t *trunk, stale bool) {
	realm, nonce := w.e.realmOf(t), w.e.nonce(w.e.stamp(), q.fl.addr.Addr())
	var b []byte
	for _, alg := range []struct{ name, ha1 string }{{"SHA-256", t.HA1SHA256}, {"MD5", t.HA1MD5}} { // best first (RFC 8760 §2.4)
		if alg.ha1 == "" {
			continue
		}
		b = append(append(append(b, `Proxy-Authenticate: Digest realm="`...), realm...), `", nonce="`...)
		b = append(append(append(b, nonce...), `", qop="auth", algorithm=`...), alg.name...)
		if stale {
			b = append(b, ", stale=true"...)
		}
		b = append(b, crlf...)
	}
	w.e.stats.challenges.Add(1)
	w.reply(q, 407, "Proxy Authentication Required", b)
}

// stamp is the instant that nonces carry, in Unix milliseconds. It goes by the edge's own clock, so it
// never goes back.
func (e *Edge) stamp() int64 { return e.start.UnixMilli() + e.ms }

// nonce is 8 bytes of time and 16 of a seal, in hex.
func (e *Edge) nonce(stamp int64, to netip.Addr) string {
	var b [24]byte
	binary.BigEndian.PutUint64(b[:8], uint64(stamp))
	h := hmac.New(sha256.New, e.opt.Secret)
	h.Write(b[:8])
	h.Write(to.AsSlice())
	copy(b[8:], h.Sum(nil))
	return hex.EncodeToString(b[:])
}

// freshNonce tells whether a nonce was given to this address, by this run of the program (what an earlier
// one saw used is not known), and not too long ago.
func (e *Edge) freshNonce(nonce []byte, to netip.Addr) bool {
	var stamp [8]byte
	if len(nonce) != 48 {
		return false
	}
	if _, err := hex.Decode(stamp[:], nonce[:16]); err != nil {
		return false
	}
	at := int64(binary.BigEndian.Uint64(stamp[:]))
	if subtle.ConstantTimeCompare([]byte(e.nonce(at, to)), nonce) != 1 {
		return false
	}
	age := e.stamp() - at
	return at >= e.start.UnixMilli() && age >= 0 && age <= nonceLife
}

// prove checks an answer to a challenge; t is nil when nobody has the user name.
func (w *worker) prove(q *query, c *sipwire.Credentials, t *trunk) proof {
	if !w.e.freshNonce(c.Nonce, q.fl.addr.Addr()) {
		return proofStale
	}
	if t == nil {
		t = &trunk{}
	}
	// The answer must be for this request: another URI would let an overheard one be used elsewhere.
	if string(c.QOP) != "auth" || len(c.NC) != 8 || len(c.CNonce) == 0 || string(c.URI) != string(q.m.RequestURI()) ||
		string(c.Realm) != w.e.realmOf(t) {
		return proofWrong
	}
	ha1, newHash := t.HA1MD5, md5.New
	switch {
	case sipwire.EqualFold(c.Algorithm, "sha-256"):
		ha1, newHash = t.HA1SHA256, sha256.New
	case len(c.Algorithm) > 0 && !sipwire.EqualFold(c.Algorithm, "md5"):
		return proofWrong
	}
	ha2 := digestHex(newHash, q.m.MethodBytes(), c.URI)
	want := digestHex(newHash, []byte(ha1), c.Nonce, c.NC, c.CNonce, c.QOP, ha2)
	if subtle.ConstantTimeCompare(want, c.Response) != 1 || ha1 == "" {
		return proofWrong
	}
	if !w.e.refusals.firstUse(c, w.ms) {
		return proofStale
	}
	return proofGood
}

func digestHex(newHash func() hash.Hash, parts ...[]byte) []byte {
	h := newHash()
	for i, p := range parts {
		if i > 0 {
			h.Write([]byte{':'})
		}
		h.Write(p)
	}
	return hex.AppendEncode(nil, h.Sum(nil))
}
