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

// challenge knows a trunk by digest (RFC 3261 §22, RFC 8760). nil: the request was answered with a
// challenge, or met with silence. A challenge keeps nothing: its nonce is a time stamp, sealed
// together with the address that it was given to.
func (w *worker) challenge(m *sipwire.Message, v *sipwire.ViaValue, up, fl *flow, status int) *trunk {
	e := w.e
	if len(e.dir.byUser) == 0 {
		e.refuse(w, fl, tsujiban.RefusedUnknownSource, m)
		return nil
	}
	for h := m.First(sipwire.ProxyAuthorization); h != nil; h = m.Next(h) {
		c, err := sipwire.ParseCredentials(m.Value(h))
		if err != nil || string(c.Realm) != e.realmOf(&c) {
			continue
		}
		t := e.dir.byUser[string(c.Username)]
		ok, stale := w.authentic(m, &c, t, fl)
		switch {
		case ok:
			e.refusals.forgive(fl.addr.Addr())
			return t
		case stale:
			w.sendChallenge(m, v, up, fl, t, status, true)
			return nil
		}
		// The same answer for a wrong password and a name that nobody has: none.
		e.refusals.add(w.ms, fl.addr.Addr(), tsujiban.RefusedPassword, m.Get(sipwire.UserAgent))
		if t != nil && e.refusals.mayAsk(fl.addr.Addr(), w.ms) {
			w.sendChallenge(m, v, up, fl, t, status, false)
		}
		return nil
	}
	if t := w.expected(m); t != nil {
		w.sendChallenge(m, v, up, fl, t, status, false)
		return nil
	}
	e.refuse(w, fl, tsujiban.RefusedUnknownSource, m)
	return nil
}

// realmOf is the realm that the named user has.
func (e *Edge) realmOf(c *sipwire.Credentials) string {
	if t := e.dir.byUser[string(c.Username)]; t != nil && t.Realm != "" {
		return t.Realm
	}
	return e.opt.Realm
}

// expected finds the digest trunk that a request without credentials claims to be: by its user name in
// From or by a caller number that the trunk's customer holds. Nobody else is asked.
func (w *worker) expected(m *sipwire.Message) *trunk {
	a, err := sipwire.ParseAddress(m.Get(sipwire.From))
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

func (w *worker) sendChallenge(m *sipwire.Message, v *sipwire.ViaValue, up, fl *flow, t *trunk, status int, stale bool) {
	realm := t.Realm
	if realm == "" {
		realm = w.e.opt.Realm
	}
	nonce := w.e.nonce(w.ms, fl.addr.Addr())
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
	w.reply(m, v, up, fl, status, "Proxy Authentication Required", b)
}

// nonce is 8 bytes of time and 16 of a seal, in hex.
func (e *Edge) nonce(ms int64, to netip.Addr) string {
	var b [24]byte
	binary.BigEndian.PutUint64(b[:8], uint64(ms))
	h := hmac.New(sha256.New, e.opt.Secret)
	h.Write(b[:8])
	h.Write(to.AsSlice())
	copy(b[8:], h.Sum(nil))
	return hex.EncodeToString(b[:])
}

// authentic checks an answer to a challenge.
func (w *worker) authentic(m *sipwire.Message, c *sipwire.Credentials, t *trunk, fl *flow) (ok, stale bool) {
	if t == nil || len(c.Nonce) != 48 || string(c.QOP) != "auth" || len(c.NC) != 8 || len(c.CNonce) == 0 {
		return false, false
	}
	// The answer must be for this request: another URI would let an overheard one be used elsewhere.
	if string(c.URI) != string(m.RequestURI()) {
		return false, false
	}
	var stamp [8]byte
	if _, err := hex.Decode(stamp[:], c.Nonce[:16]); err != nil {
		return false, false
	}
	ms := int64(binary.BigEndian.Uint64(stamp[:]))
	if subtle.ConstantTimeCompare([]byte(w.e.nonce(ms, fl.addr.Addr())), c.Nonce) != 1 {
		return false, true // of an earlier run of the program, say
	}
	ha1, newHash := t.HA1MD5, md5.New
	switch {
	case sipwire.EqualFold(c.Algorithm, "sha-256"):
		ha1, newHash = t.HA1SHA256, sha256.New
	case len(c.Algorithm) > 0 && !sipwire.EqualFold(c.Algorithm, "md5"):
		return false, false
	}
	if ha1 == "" {
		return false, false
	}
	ha2 := digestHex(newHash, m.MethodBytes(), c.URI)
	want := digestHex(newHash, []byte(ha1), c.Nonce, c.NC, c.CNonce, c.QOP, ha2)
	if subtle.ConstantTimeCompare(want, c.Response) != 1 {
		return false, false
	}
	if w.ms-ms > nonceLife || !w.e.refusals.firstUse(c, w.ms) {
		return false, true
	}
	return true, false
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
