package edge

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"

	"tsujiban"
)

// committingDesk is a desk whose journal writes at once, on a goroutine of its own.
type committingDesk struct {
	*testDesk
	tickets chan uint64
	done    sync.WaitGroup
}

func newCommittingDesk(d *testDesk) *committingDesk {
	return &committingDesk{testDesk: d, tickets: make(chan uint64, 100_000)}
}

func (d *committingDesk) Attempt(a *tsujiban.Attempt, v *tsujiban.Verdict) (uint64, error) {
	ticket, err := d.testDesk.Attempt(a, v)
	d.tickets <- ticket
	return ticket, err
}

// journal commits until the desk is closed.
func (d *committingDesk) journal() {
	d.done.Go(func() {
		for n := range d.tickets {
			d.edge.Committed(n, nil)
		}
	})
}

func (d *committingDesk) close() {
	close(d.tickets)
	d.done.Wait()
}

// softphone is a user agent that others wrote.
type softphone struct {
	t      *testing.T
	ua     *sipgo.UserAgent
	server *sipgo.Server
	client *sipgo.Client
	addr   string

	contact sip.ContactHeader
	asUAC   *sipgo.DialogClientCache
	asUAS   *sipgo.DialogServerCache
	got     chan string // methods within dialogs that came

	datagrams   bool
	serveSocket func() error
	served      sync.WaitGroup
}

func newSoftphone(t *testing.T, l *lab, name, network string) *softphone {
	t.Helper()
	p := &softphone{t: t, got: make(chan string, 16)}
	var options []sipgo.UserAgentOption
	if network == "tls" {
		options = append(options, sipgo.WithUserAgenTLSConfig(l.ca.client("", "127.0.0.1")))
	}
	var err error
	if p.ua, err = sipgo.NewUA(append(options, sipgo.WithUserAgent(name))...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.ua.Close() }) // closes what is left open; its sockets may be closed already
	if p.server, err = sipgo.NewServer(p.ua); err != nil {
		t.Fatal(err)
	}
	ip := labIP[name]
	p.listen(ip, network)
	host, port, err := net.SplitHostPort(p.addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	from := p.addr
	if network != "udp" {
		from = net.JoinHostPort(ip, "0")
	}
	if p.client, err = sipgo.NewClient(p.ua, sipgo.WithClientHostname(host), sipgo.WithClientPort(n), sipgo.WithClientConnectionAddr(from)); err != nil {
		t.Fatal(err)
	}
	p.contact = sip.ContactHeader{Address: sip.Uri{Scheme: "sip", User: name, Host: host, Port: n}}
	if network != "udp" {
		p.contact.Address.UriParams = sip.NewParams()
		p.contact.Address.UriParams.Add("transport", network)
	}
	p.asUAC, p.asUAS = sipgo.NewDialogClientCache(p.client, p.contact), sipgo.NewDialogServerCache(p.client, p.contact)
	p.server.OnBye(p.bye)
	return p
}

// listen binds the phone's socket; serve, to be called when its handlers are set, has it served.
func (p *softphone) listen(ip, network string) {
	var socket io.Closer
	if network == "udp" {
		c := listenAgent(p.t, ip)
		socket, p.addr = c, c.LocalAddr().String()
		p.datagrams = true
		p.serveSocket = func() error { return p.server.ServeUDP(c) }
	} else {
		ln := listenStream(p.t, ip)
		socket, p.addr = ln, ln.Addr().String()
		p.serveSocket = func() error { return p.server.ServeTCP(ln) }
	}
	p.t.Cleanup(func() {
		_ = socket.Close() // the server may have closed it
		p.served.Wait()
	})
}

func (p *softphone) serve() *softphone {
	p.served.Go(func() { _ = p.serveSocket() }) // ends with the socket
	if p.datagrams {
		// A call before the server has taken the socket over would open one of its own, at the same address.
		deadline := time.Now().Add(patience)
		for {
			if c, err := p.ua.TransportLayer().GetConnection("udp", p.addr); err == nil && c != nil {
				break
			}
			if time.Now().After(deadline) {
				p.t.Fatal("the phone does not serve its socket")
			}
			runtime.Gosched()
		}
	}
	return p
}

func (p *softphone) bye(req *sip.Request, tx sip.ServerTransaction) {
	p.got <- "BYE"
	if err := p.asUAS.ReadBye(req, tx); err == nil {
		return
	}
	if err := p.asUAC.ReadBye(req, tx); err != nil {
		// Who hangs up hears it and fails.
		_ = tx.Respond(sip.NewResponseFromRequest(req, 481, "Call/Transaction Does Not Exist", nil))
	}
}

// answers makes a carrier of a softphone: what it does depends on the last digits of the number.
func (p *softphone) answers() *softphone {
	p.server.OnAck(func(req *sip.Request, tx sip.ServerTransaction) {
		p.got <- "ACK"
		_ = p.asUAS.ReadAck(req, tx) // the ACK of a re-INVITE belongs to no session that it knows
	})
	p.server.OnInvite(func(req *sip.Request, tx sip.ServerTransaction) {
		if _, again := req.To().Params.Get("tag"); again { // a re-INVITE
			p.got <- "re-INVITE"
			res := sip.NewResponseFromRequest(req, 200, "OK", []byte(sdp))
			res.AppendHeader(&p.contact)
			p.must(tx.Respond(res))
			return
		}
		d, err := p.asUAS.ReadInvite(req, tx)
		if err != nil {
			p.t.Errorf("INVITE: %v", err)
			return
		}
		p.must(d.Respond(180, "Ringing", nil))
		switch user := req.Recipient.User; {
		case strings.HasSuffix(user, "486"):
			p.must(d.Respond(486, "Busy Here", nil))
		case strings.HasSuffix(user, "180"): // rings until it is cancelled
			<-tx.Done()
		default:
			// sipgo works on each message in a goroutine of its own and may see the BYE before the
			// ACK, which it then misses; the test waits for the ACK itself.
			_ = d.RespondSDP([]byte(sdp))
		}
	})
	return p
}

func (p *softphone) must(err error) {
	if err != nil {
		p.t.Error(err)
	}
}

func (p *softphone) wants(method string) {
	p.t.Helper()
	select {
	case got := <-p.got:
		if got != method {
			p.t.Fatalf("%s came, not %s", got, method)
		}
	case <-time.After(patience):
		p.t.Fatalf("no %s came", method)
	}
}

// call dials a number through the edge.
func (p *softphone) call(ctx context.Context, l *lab, network, number string, ringing func()) (*sipgo.DialogClientSession, error) {
	p.t.Helper()
	b := l.listener(network).local
	to := sip.Uri{Scheme: "sip", User: number, Host: b.Addr().String(), Port: int(b.Port()), UriParams: sip.NewParams()}
	if network != "udp" {
		to.UriParams.Add("transport", network)
	}
	d, err := p.asUAC.Invite(ctx, to, []byte(sdp))
	if err != nil {
		p.t.Fatal(err)
	}
	return d, d.WaitAnswer(ctx, sipgo.AnswerOptions{OnResponse: func(r *sip.Response) error {
		if r.StatusCode == 180 && ringing != nil {
			ringing()
		}
		return nil
	}})
}

// TestSoftphones plays full calls between user agents that others wrote, the PBX over each transport.
func TestSoftphones(t *testing.T) {
	for _, network := range []string{"udp", "tcp", "tls"} {
		t.Run(network, func(t *testing.T) {
			l := newLab(t)
			if network == "tls" {
				l.useTLS()
			}
			carrier := newSoftphone(t, l, "carrier", "udp").answers().serve()
			pbx := newSoftphone(t, l, "pbx", network).serve()
			l.opt.Carriers = []Carrier{{ID: "carrier", Address: carrier.addr, Transport: "udp"}}
			desk := newCommittingDesk(l.desk)
			l.opt.Desk, l.opt.Clock, l.realTime = desk, time.Now, true
			l.start()
			desk.journal()
			callsOfSoftphones(t, l, network, pbx, carrier)
			l.stop()
			desk.close()
			l.desk.settled()
		})
	}
}

func callsOfSoftphones(t *testing.T, l *lab, network string, pbx, carrier *softphone) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()

	d, err := pbx.call(ctx, l, network, "0312345200", nil)
	if err != nil {
		t.Fatalf("a call: %v", err)
	}
	pbx.must(d.Ack(ctx))
	carrier.wants("ACK")
	hold := sip.NewRequest(sip.INVITE, d.InviteResponse.Contact().Address)
	hold.SetBody([]byte(strings.Replace(sdp, "a=sendrecv", "a=sendonly", 1)))
	res, err := d.Do(ctx, hold)
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("hold: %v %v", res, err)
	}
	carrier.wants("re-INVITE")
	ack := sip.NewRequest(sip.ACK, res.Contact().Address)
	pbx.must(d.WriteAck(ctx, ack))
	carrier.wants("ACK")
	pbx.must(d.Bye(ctx))
	carrier.wants("BYE")
	ended(t, l, "ended 200 by caller at carrier")

	_, err = pbx.call(ctx, l, network, "0312345486", nil)
	if refused := (&sipgo.ErrDialogResponse{}); !errors.As(err, &refused) || refused.Res.StatusCode != 486 {
		t.Fatalf("a busy number: %v", err)
	}
	ended(t, l, "ended 486 by callee at carrier")

	ringing, hangUp := context.WithCancel(ctx)
	if _, err = pbx.call(ringing, l, network, "0312345180", hangUp); !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled call: %v", err)
	}
	hangUp()
	ended(t, l, "ended 487 by caller at carrier")

	d, err = pbx.call(ctx, l, network, "0312345201", nil)
	if err != nil {
		t.Fatalf("a call: %v", err)
	}
	pbx.must(d.Ack(ctx))
	carrier.wants("ACK")
	l.edge.Cut(l.desk.call(0).attempt.Call, tsujiban.ReasonFraud)
	carrier.wants("BYE")
	pbx.wants("BYE")
	ended(t, l, "ended 200 by guard for fraud at carrier")

	_, err = pbx.call(ctx, l, network, "01023276123456", nil)
	if refused := (&sipgo.ErrDialogResponse{}); !errors.As(err, &refused) || refused.Res.StatusCode != 403 {
		t.Fatalf("a barred number: %v", err)
	}
}

// ended waits until the last call has ended, and holds how.
func ended(t *testing.T, l *lab, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if n := l.edge.Drain(ctx); n > 0 {
		t.Fatalf("%d calls are left", n)
	}
	l.edge.mu.Lock()
	l.edge.draining = false
	l.edge.mu.Unlock()
	if got := l.desk.call(0).summary(); got != want {
		t.Fatalf("the call %s, wanted %s", got, want)
	}
}
