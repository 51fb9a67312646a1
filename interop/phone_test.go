//go:build interop

package interop

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tsujiban/interop/rig"
)

// phone is a baresip without sound and screen that is told what to do over its control
// connection (netstrings of JSON, module ctrl_tcp).
type phone struct {
	*rig.Program
	t    *testing.T
	conn net.Conn

	mu     sync.Mutex
	events []phoneEvent
	more   chan struct{}
}

type phoneEvent struct {
	Event  bool   `json:"event"`
	Type   string `json:"type"`
	Param  string `json:"param"`
	Peer   string `json:"peeruri"`
	OK     bool   `json:"ok"`
	Data   string `json:"data"`
	Answer bool   `json:"response"`
}

const phoneDomain = "pbx.hakata.example"

// startPhone starts a phone with the given number and password behind an outbound proxy.
func startPhone(t *testing.T, s *rig.Site, number, password string) *phone {
	t.Helper()
	dir := filepath.Join(s.Dir, "phone")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	sip, control := rig.FreePort(t, s.Phone), rig.FreePort(t, s.Phone)
	for name, text := range map[string]string{
		"phone/contacts":    "",
		"phone/silence.wav": silence(),
		"phone/accounts": fmt.Sprintf("<sip:%s@%s;transport=udp>;auth_user=%s;auth_pass=%s;outbound=\"sip:%s;transport=udp\";regint=60;answermode=auto\n",
			number, phoneDomain, number, password, s.UDP),
		"phone/config": strings.Join([]string{
			"sip_listen " + sip.String(),
			"net_interface " + s.Phone.String(),
			"audio_source aufile," + filepath.Join(dir, "silence.wav"),
			"module_path " + modules(t),
			"module g711.so",
			"module aufile.so",
			"module_tmp account.so",
			"module_app menu.so",
			"module_app ctrl_tcp.so",
			"ctrl_tcp_listen " + control.String(),
			"",
		}, "\n"),
	} {
		s.Write(name, text)
	}
	p := &phone{t: t, more: make(chan struct{})}
	p.Program = rig.Start(t, rig.Command{Name: "baresip", Package: "baresip-core", Args: []string{"-f", dir, "-v"}, Dir: dir})
	p.WaitFor("baresip is ready", 1)
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", control.String())
	if err != nil {
		t.Fatal(err)
	}
	p.conn = conn
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.listen()
	}()
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		<-done
	})
	return p
}

// silence is a minute without a sound: PCM of 16 bits, 8,000 samples a second (RIFF).
func silence() string {
	const bytes = 60 * 8000 * 2
	b := append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, 36+bytes)...)
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	for _, v := range []uint16{1, 1, 8000, 0, 16000, 0, 2, 16} { // PCM, mono, rates in two halves each, block, bits
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	b = binary.LittleEndian.AppendUint32(append(b, "data"...), bytes)
	return string(append(b, make([]byte, bytes)...))
}

// modules finds baresip's modules: where they are depends on the distribution's release.
func modules(t *testing.T) string {
	t.Helper()
	for _, pattern := range []string{"/usr/lib/baresip/modules", "/usr/lib/*/baresip/modules"} {
		found, err := filepath.Glob(pattern + "/ctrl_tcp.so")
		if err != nil {
			t.Fatal(err)
		}
		if len(found) > 0 {
			return filepath.Dir(found[0])
		}
	}
	t.Fatal("baresip's module ctrl_tcp.so is not here: install the Debian package \"baresip-core\"")
	return ""
}

// listen reads what the phone says until the connection is closed.
func (p *phone) listen() {
	r := bufio.NewReader(p.conn)
	for {
		length, err := r.ReadString(':')
		if err != nil {
			return
		}
		n, err := strconv.Atoi(strings.TrimSuffix(length, ":"))
		if err != nil || n < 0 || n > 1<<20 {
			return
		}
		body := make([]byte, n+1) // and the comma
		if _, err := io.ReadFull(r, body); err != nil {
			return
		}
		var e phoneEvent
		if err := json.Unmarshal(body[:n], &e); err != nil {
			e = phoneEvent{Type: "unreadable", Param: string(body)}
		}
		p.mu.Lock()
		p.events = append(p.events, e)
		close(p.more)
		p.more = make(chan struct{})
		p.mu.Unlock()
	}
}

// expect waits for an event of the phone.
func (p *phone) expect(typ string) phoneEvent {
	p.t.Helper()
	end := time.After(30 * time.Second)
	for {
		p.mu.Lock()
		for i, e := range p.events {
			if e.Type == typ {
				p.events = p.events[i+1:]
				p.mu.Unlock()
				return e
			}
		}
		more, events := p.more, p.events
		p.mu.Unlock()
		select {
		case <-more:
		case <-end:
			p.t.Fatalf("the phone does not say %s; it said %+v", typ, events)
		}
	}
}

// do gives the phone a command.
func (p *phone) do(command, params string) {
	p.t.Helper()
	b, err := json.Marshal(map[string]string{"command": command, "params": params, "token": "test"})
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(p.conn, "%d:%s,", len(b), b); err != nil {
		p.t.Fatal(err)
	}
}

// registrar starts a Kamailio that is hakata's PBX and returns its address. When it takes calls,
// calls to and from the phones go by it.
func registrar(t *testing.T, p *parties, takesCalls bool) (*rig.Program, netip.AddrPort) {
	t.Helper()
	at := rig.FreePort(t, p.PBX)
	cfg, err := os.ReadFile(filepath.Join("testdata", "kamailio.cfg"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("PBX_DOMAIN", phoneDomain, "PBX_PASSWORD", "secret",
		"GUARD_IP", p.Guard.String(), "GUARD_PORT", strconv.Itoa(int(p.UDP.Port()))).Replace(string(cfg))
	file := p.Write("kamailio.cfg", text)
	k := rig.Start(t, rig.Command{
		Name: "kamailio", Package: "kamailio", Args: []string{"-DD", "-E", "-f", file, "-l", "udp:" + at.String(), "-m", "64", "-Y", p.Dir, "-w", p.Dir}, Dir: p.Dir,
	})
	rig.WaitBound(t, k, at, "udp")
	address := ""
	if takesCalls {
		address = at.String()
	}
	p.Customers = addressOf(p.Customers, address, fmt.Sprintf("registrar = %q\ndomain = %q", at, phoneDomain))
	return k, at
}

// TestPhone: a phone registers with its PBX through the guard and asks the guard itself for a
// number, which sends the call to the carrier.
func TestPhone(t *testing.T) {
	t.Parallel()
	p := newParties(t)
	k, _ := registrar(t, p, false)
	g := p.Serve()
	ph := startPhone(t, p.Site, "0925551234", "secret")
	ph.WaitFor("200 OK", 1)
	k.WaitFor("event registered 0925551234 path=<sip:"+p.UDP.String(), 1)
	carrier := p.carrier.Start(p.Site)
	ph.do("dial", "sip:0312345678@"+p.UDP.String())
	ph.expect("CALL_ESTABLISHED")
	carrier.WaitFor("event talking", 1)
	ph.do("hangup", "")
	carrier.Succeed()
	for _, r := range (want{calls: 1, status: 200, answered: true, by: "caller", carrier: "carrier-a"}).records(t, g) {
		if r.Customer != "hakata" || r.Source[:len(p.Phone.String())] != p.Phone.String() || !strings.HasPrefix(r.UserAgent, "baresip") {
			t.Errorf("%+v", r)
		}
	}
	registered := g.Journal("registered")
	if len(registered) == 0 || registered[0].Customer != "hakata" || !strings.HasPrefix(registered[0].UserAgent, "baresip") {
		t.Errorf("registrations: %+v", registered)
	}
	g.Stop()
}

// TestPhoneBehindPBX: the phone's calls go to its PBX through the guard, and the PBX's calls to the
// network through the guard; calls in take the same way back, by the Path (RFC 3327).
func TestPhoneBehindPBX(t *testing.T) {
	t.Parallel()
	p := newParties(t)
	k, _ := registrar(t, p, true)
	g := p.Serve()
	ph := startPhone(t, p.Site, "0925551234", "secret")
	ph.WaitFor("200 OK", 1)

	carrier := p.carrier.Start(p.Site)
	ph.do("dial", "sip:0312345678@"+phoneDomain)
	ph.expect("CALL_ESTABLISHED")
	k.WaitFor("event to the network 0312345678", 1)
	carrier.WaitFor("event talking", 1)
	ph.do("hangup", "")
	carrier.Succeed()

	in := rig.SIPp{Scenario: scenario("pbx-talk"), At: p.carrier.At, To: p.UDP, Dial: "0925551234", Caller: "0312345678", Pause: 300 * time.Millisecond}.Start(p.Site)
	k.WaitFor("event to the phone 0925551234", 1)
	in.Succeed()

	rig.Until(t, 10*time.Second, func() error {
		records, err := g.Records()
		if err != nil {
			return err
		}
		var out, inward int
		for i := range records {
			r := &records[i]
			if r.Status != 200 || r.Answered.IsZero() || r.Customer != "hakata" || r.By != "caller" {
				return fmt.Errorf("%+v", r)
			}
			if r.Direction == "out" {
				out++
			} else {
				inward++
			}
		}
		if out != 1 || inward != 3 {
			return fmt.Errorf("%d calls out and %d calls in, want 1 and 3: %+v", out, inward, records)
		}
		return nil
	})
	g.Stop()
}

// TestWrongPassword: the registrar refuses, the guard counts it, and the phone can do nothing.
func TestWrongPassword(t *testing.T) {
	t.Parallel()
	p := newParties(t)
	k, _ := registrar(t, p, false)
	g := p.Serve()
	ph := startPhone(t, p.Site, "0925551234", "guess")
	k.WaitFor("event password", 1)
	ph.do("dial", "sip:0312345678@"+phoneDomain)
	rig.Until(t, 30*time.Second, func() error {
		for _, e := range g.Journal("refused") {
			if e.Refused == "password" && e.Source == p.Phone.String() && strings.HasPrefix(e.UserAgent, "baresip") {
				return nil
			}
		}
		return fmt.Errorf("no wrong password of %s in the journal", p.Phone)
	})
	if n := g.Metric(`tsujiban_refusals_total{kind="password"}`); n < 1 {
		t.Errorf("%v wrong passwords are counted", n)
	}
	if len(g.Journal("registered")) > 0 {
		t.Error("a registration is in the journal")
	}
	want{}.records(t, g)
	g.Stop()
}
