package edge

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
	"testing"
	"time"

	"tsujiban"
)

// roaming is a rig with a trunk that is known by its password alone, and the PBX of that trunk.
type roaming struct {
	*rig
	t    *testing.T
	desk *testDesk
	pbx  *agent
}

const (
	digestUser     = "yamada"
	digestPassword = "a long password"
)

func newRoaming(t *testing.T) *roaming {
	t.Helper()
	r := &roaming{t: t, desk: newTestDesk(t)}
	r.rig = newRig(t, r.desk, nil)
	a1 := digestUser + ":guard:" + digestPassword
	d, err := NewDirectory([]tsujiban.Trunk{
		{ID: "roaming", Customer: "firm", Username: digestUser, HA1MD5: hexSum(md5.New, a1), HA1SHA256: hexSum(sha256.New, a1)},
		{ID: "own-realm", Customer: "other", Username: "sato", Realm: "elsewhere", HA1MD5: hexSum(md5.New, "sato:elsewhere:"+digestPassword)},
	}, func(n []byte) (tsujiban.CustomerID, bool) { return "firm", string(n) == "0312345678" })
	if err != nil {
		t.Fatal(err)
	}
	r.e.SetDirectory(d)
	r.pbx = r.agent("pbx", "203.0.113.99:5060")
	return r
}

func hashOf(algorithm string) func() hash.Hash {
	if algorithm == "MD5" {
		return md5.New
	}
	return sha256.New
}

func hexSum(h func() hash.Hash, s string) string {
	sum := h()
	sum.Write([]byte(s))
	return hex.EncodeToString(sum.Sum(nil))
}

// ask sends a message of an agent and returns what comes back to it.
func (r *roaming) ask(a *agent, m *message) (back []*message) {
	r.t.Helper()
	for _, p := range r.take([]byte(m.String()), r.from(a.addr)) {
		got, err := parseMessage(string(p.raw))
		if err != nil {
			r.t.Fatal(err)
		}
		if p.flow.addr.String() == a.addr {
			back = append(back, got)
		}
	}
	return back
}

// one is the only answer, in one word.
func one(t *testing.T, list []*message) string {
	t.Helper()
	switch len(list) {
	case 0:
		return "silence"
	case 1:
		return list[0].what()
	}
	t.Fatalf("%d answers", len(list))
	return ""
}

// answerTo adds the answer to a challenge to a request (RFC 7616 §3.4).
func answerTo(m *message, challenge, user, password string, h func() hash.Hash) {
	get := func(name string) string {
		_, rest, _ := strings.Cut(challenge, name+`="`)
		v, _, _ := strings.Cut(rest, `"`)
		return v
	}
	algorithm := "MD5"
	if h().Size() == 32 {
		algorithm = "SHA-256"
	}
	ha1 := hexSum(h, user+":"+get("realm")+":"+password)
	ha2 := hexSum(h, m.method()+":"+m.uri())
	cnonce := fmt.Sprint("c", count.next())
	response := hexSum(h, strings.Join([]string{ha1, get("nonce"), "00000001", cnonce, "auth", ha2}, ":"))
	m.add("Proxy-Authorization", fmt.Sprintf(`Digest username="%s", realm="%s", nonce="%s", uri="%s", response="%s", algorithm=%s, qop=auth, nc=00000001, cnonce="%s"`,
		user, get("realm"), get("nonce"), m.uri(), response, algorithm, cnonce))
}

// again is an INVITE as its sender makes it anew after a challenge.
func (r *roaming) again(m *message) *message {
	n := *m
	n.headers = append([]headerLine(nil), m.headers...)
	n.set("Via", r.pbx.via())
	n.set("CSeq", fmt.Sprintf("%d INVITE", m.cseq()+1))
	return &n
}

// challenged sends an INVITE without credentials and returns it with what it was challenged with.
func (r *roaming) challenged(a *agent) (*message, []string) {
	r.t.Helper()
	m := a.newInvite("", "0398765432")
	got := r.ask(a, m)
	if one(r.t, got) != "407" {
		r.t.Fatalf("an INVITE without credentials: %s", one(r.t, got))
	}
	return m, got[0].all("Proxy-Authenticate")
}

func TestDigest(t *testing.T) {
	for _, name := range []string{"SHA-256", "MD5"} {
		h := hashOf(name)
		t.Run(name, func(t *testing.T) {
			r := newRoaming(t)
			m, challenges := r.challenged(r.pbx)
			if len(challenges) != 2 || !strings.Contains(challenges[0], "algorithm=SHA-256") || !strings.Contains(challenges[1], "algorithm=MD5") {
				t.Fatalf("challenges %q: the better algorithm first (RFC 8760 §2.4)", challenges)
			}
			if e := r.e; e.relays.inUse > 0 || len(e.calls.byID) > 0 {
				t.Error("a challenge keeps state")
			}
			m = r.again(m)
			answerTo(m, challenges[0], digestUser, digestPassword, h)
			m.add("Proxy-Authorization", `Digest username="u", realm="carrier.example", nonce="n", uri="u", response="r"`)
			if got := one(t, r.ask(r.pbx, m)); got != "100" {
				t.Fatalf("the right password: %s", got)
			}
			sent := r.commit(r.desk.ticket, nil)
			if len(sent) != 1 {
				t.Fatalf("%d messages after the record is on disk", len(sent))
			}
			out, err := parseMessage(string(sent[0].raw))
			if err != nil {
				t.Fatal(err)
			}
			// RFC 3261 §22.3: what we asked for ends here, what the carrier asked for goes on.
			if left := out.all("Proxy-Authorization"); len(left) != 1 || !strings.Contains(left[0], "carrier.example") {
				t.Errorf("credentials sent on: %q", left)
			}
			if c := r.desk.call(0); c.attempt.Customer != "firm" || c.attempt.Trunk != "roaming" {
				t.Errorf("the call is one of %s over %s", c.attempt.Customer, c.attempt.Trunk)
			}
		})
	}
}

// A name that nobody has must look like a wrong password, byte for byte.
func TestDigestHidesUserNames(t *testing.T) {
	answers := map[string]string{}
	for _, user := range []string{digestUser, "nobody", "sato"} {
		r := newRoaming(t)
		m, challenges := r.challenged(r.pbx)
		m = r.again(m)
		m.set("Via", "SIP/2.0/UDP 203.0.113.99:5060;branch=z9hG4bKsame;rport")
		m.set("Call-ID", "same")
		m.set("From", "<sip:0312345678@x>;tag=same")
		answerTo(m, challenges[0], user, "a guess", sha256.New)
		got := r.ask(r.pbx, m)
		if one(t, got) != "407" {
			t.Fatalf("user %s: %s", user, one(t, got))
		}
		text := got[0].raw
		for _, secret := range []string{param(got[0].get("To"), "tag")} { // keyed by the run
			text = strings.ReplaceAll(text, secret, "")
		}
		_, rest, _ := strings.Cut(text, `nonce="`)
		nonce, _, _ := strings.Cut(rest, `"`)
		answers[user] = strings.ReplaceAll(text, nonce, "")
		if n := r.e.Stats().Silent["password"]; n != 1 {
			t.Errorf("user %s: %d wrong passwords counted", user, n)
		}
	}
	if answers["nobody"] != answers[digestUser] || answers["sato"] != answers[digestUser] {
		t.Errorf("different answers:\n%s\n%s\n%s", answers[digestUser], answers["nobody"], answers["sato"])
	}
}

func TestDigestSilenceAfterFailures(t *testing.T) {
	r := newRoaming(t)
	for i := range maxFailures {
		m, challenges := r.challenged(r.pbx)
		m = r.again(m)
		answerTo(m, challenges[0], digestUser, "guess", sha256.New)
		want := "407"
		if i == maxFailures-1 {
			want = "silence"
		}
		if got := one(t, r.ask(r.pbx, m)); got != want {
			t.Fatalf("guess %d: %s", i+1, got)
		}
		r.pass(time.Second)
	}
	if got := one(t, r.ask(r.pbx, r.pbx.newInvite("", "0398765432"))); got != "silence" {
		t.Errorf("after %d guesses: %s", maxFailures, got)
	}
	neighbour := r.agent("pbx2", "203.0.113.100:5060")
	r.challenged(neighbour) // is still asked
	r.pass(silence*time.Millisecond + time.Second)
	r.challenged(r.pbx) // the silence has an end
}

func TestDigestNonces(t *testing.T) {
	r := newRoaming(t)
	stale := func(what string, a *agent, m *message) {
		t.Helper()
		got := r.ask(a, m)
		if one(t, got) != "407" || !strings.Contains(got[0].get("Proxy-Authenticate"), "stale=true") {
			t.Fatalf("%s: %s", what, one(t, got))
		}
	}
	m, challenges := r.challenged(r.pbx)
	m = r.again(m)
	answerTo(m, challenges[0], digestUser, digestPassword, sha256.New)
	if got := one(t, r.ask(r.pbx, m)); got != "100" {
		t.Fatalf("the first use: %s", got)
	}
	credentials := m.get("Proxy-Authorization")

	replay := r.pbx.newInvite("replay", "0398765432")
	replay.add("Proxy-Authorization", credentials)
	stale("credentials that were overheard", r.pbx, replay)

	m, challenges = r.challenged(r.pbx)
	thief := r.agent("stranger", "192.0.2.66:5060")
	stolen := thief.newInvite("", "0398765432")
	stolen.set("From", m.get("From"))
	answerTo(stolen, challenges[0], digestUser, digestPassword, sha256.New)
	stale("a nonce that was given to another address", thief, stolen)

	r.pass(nonceLife*time.Millisecond + time.Second)
	m = r.again(m)
	answerTo(m, challenges[0], digestUser, digestPassword, sha256.New)
	stale("a nonce that is too old", r.pbx, m)

	forged := r.pbx.newInvite("forged", "0398765432")
	answerTo(forged, `realm="guard", nonce="`+strings.Repeat("0", 48)+`"`, digestUser, digestPassword, sha256.New)
	stale("a nonce that the guard did not make", r.pbx, forged)
	// Who forges his source cannot have its owner silenced: without a nonce of ours nothing is counted.
	if n := r.e.Stats().Silent["password"]; n != 0 {
		t.Errorf("%d wrong passwords counted", n)
	}
	if n := len(r.desk.order); n != 1 {
		t.Errorf("%d calls came of it", n)
	}
}

// Nonces of an earlier run may have been used there, which nobody remembers.
func TestDigestNonceOfEarlierRun(t *testing.T) {
	r := newRoaming(t)
	r.e.opt.Secret = []byte("kept on disk")
	old := r.e.nonce(r.e.start.UnixMilli()-1_000, r.from(r.pbx.addr).addr.Addr())
	if r.e.freshNonce([]byte(old), r.from(r.pbx.addr).addr.Addr()) {
		t.Error("a nonce of an earlier run is taken")
	}
}

func TestDigestAnswersThatProveNothing(t *testing.T) {
	for name, change := range map[string]func(m *message){
		"for another URI": func(m *message) { m.start = "INVITE sip:0311112222@" + rigAddr + " SIP/2.0" },
		"without qop": func(m *message) {
			m.set("Proxy-Authorization", strings.Replace(m.get("Proxy-Authorization"), "qop=auth", "x=y", 1))
		},
		"of another algorithm": func(m *message) {
			m.set("Proxy-Authorization", strings.Replace(m.get("Proxy-Authorization"), "SHA-256", "SHA-512-256", 1))
		},
		"with an empty response": func(m *message) {
			a, _, _ := strings.Cut(m.get("Proxy-Authorization"), "response=")
			m.set("Proxy-Authorization", a+`response="", algorithm=SHA-256, qop=auth, nc=00000001, cnonce="cnonce"`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRoaming(t)
			m, challenges := r.challenged(r.pbx)
			m = r.again(m)
			answerTo(m, challenges[0], digestUser, digestPassword, sha256.New)
			change(m)
			if got := one(t, r.ask(r.pbx, m)); got != "407" {
				t.Errorf("answered with %s", got)
			}
			if r.e.Stats().Silent["password"] != 1 || len(r.desk.order) != 0 {
				t.Error("not counted as a wrong password")
			}
		})
	}
}

// Callers that no digest trunk can be meet silence; a withheld number is found by the asserted one.
func TestDigestAsksOnlyWhomItKnows(t *testing.T) {
	r := newRoaming(t)
	for from, want := range map[string]string{
		"<sip:0312345678@x>;tag=1": "407", "<sip:yamada@x>;tag=1": "407", "<sip:100@x>;tag=1": "silence", "<sip:anonymous@anonymous.invalid>;tag=1": "silence",
	} {
		m := r.pbx.newInvite("", "0398765432")
		m.set("From", from)
		if got := one(t, r.ask(r.pbx, m)); got != want {
			t.Errorf("From %s: %s", from, got)
		}
	}
	m := r.pbx.newInvite("", "0398765432")
	m.set("From", "<sip:anonymous@anonymous.invalid>;tag=1")
	m.add("P-Asserted-Identity", "<sip:0312345678@x>")
	if got := one(t, r.ask(r.pbx, m)); got != "407" {
		t.Errorf("a withheld number: %s", got)
	}
}

// A PBX that looks by OPTIONS whether its trunk is there must not think it gone; a scanner learns nothing.
func TestDigestOptions(t *testing.T) {
	r := newRoaming(t)
	m := r.pbx.options(rigAddr)
	m.set("From", "<sip:0312345678@x>;tag=1")
	got := r.ask(r.pbx, m)
	if one(t, got) != "407 OPTIONS" {
		t.Fatalf("OPTIONS of a PBX: %s", one(t, got))
	}
	m.set("Via", r.pbx.via())
	m.set("CSeq", "2 OPTIONS")
	answerTo(m, got[0].get("Proxy-Authenticate"), digestUser, digestPassword, sha256.New)
	if got := one(t, r.ask(r.pbx, m)); got != "200 OPTIONS" {
		t.Errorf("with the right password: %s", got)
	}
	m = r.pbx.options(rigAddr)
	m.set("From", `"sipvicious"<sip:100@1.1.1.1>;tag=1`)
	if got := one(t, r.ask(r.pbx, m)); got != "silence" {
		t.Errorf("a scanner: %s", got)
	}
}

// A PBX behind digest asks twice for each call; once it has shown who it is it may ask often.
func TestDigestBurst(t *testing.T) {
	r := newRoaming(t)
	for i := range 200 {
		m, challenges := r.challenged(r.pbx)
		m = r.again(m)
		answerTo(m, challenges[0], digestUser, digestPassword, md5.New)
		if got := one(t, r.ask(r.pbx, m)); got != "100" {
			t.Fatalf("call %d: %s", i, got)
		}
	}
}
