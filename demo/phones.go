package demo

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// station is a SIP user agent on an address of its own, made with a SIP stack that is
// not the guard's.
type station struct {
	ua     *sipgo.UserAgent
	server *sipgo.Server
	client *sipgo.Client
	conn   net.PacketConn
	addr   netip.AddrPort
	done   chan error
}

// newStation binds ip. handlers are put on the server before it takes anything in.
func newStation(ip, agent string, handlers func(*station)) (*station, error) {
	conn, err := net.ListenPacket("udp", net.JoinHostPort(ip, "0"))
	if err != nil {
		return nil, err
	}
	quiet := slog.New(slog.DiscardHandler)
	s := &station{conn: conn, addr: conn.LocalAddr().(*net.UDPAddr).AddrPort(), done: make(chan error, 1)}
	if s.ua, err = sipgo.NewUA(sipgo.WithUserAgent(agent), sipgo.WithUserAgentHostname(ip),
		sipgo.WithUserAgentTransportLayerOptions(sip.WithTransportLayerLogger(quiet)),
		sipgo.WithUserAgentTransactionLayerOptions(sip.WithTransactionLayerLogger(quiet))); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if s.client, err = sipgo.NewClient(s.ua, sipgo.WithClientAddr(s.addr.String()), sipgo.WithClientConnectionAddr(s.addr.String()), sipgo.WithClientLogger(quiet)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if s.server, err = sipgo.NewServer(s.ua, sipgo.WithServerLogger(quiet)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	handlers(s)
	go func() { s.done <- s.server.ServeUDP(conn) }()
	return s, nil
}

func (s *station) contact(user string) sip.ContactHeader {
	return sip.ContactHeader{Address: sip.Uri{User: user, Host: s.addr.Addr().String(), Port: int(s.addr.Port())}}
}

func (s *station) close() {
	_ = s.conn.Close() // nothing is left to be said
	<-s.done
	_ = s.ua.Close()
}

// pbx is the PBX of a firm.
type pbx struct {
	*station
	guard netip.AddrPort
	calls *sipgo.DialogClientCache
}

func newPBX(ip, agent, number string, guard netip.AddrPort) (*pbx, error) {
	p := &pbx{guard: guard}
	var err error
	p.station, err = newStation(ip, agent, func(s *station) {
		p.calls = sipgo.NewDialogClientCache(s.client, s.contact(number))
		s.server.OnBye(func(req *sip.Request, tx sip.ServerTransaction) {
			if p.calls.ReadBye(req, tx) != nil {
				_ = tx.Respond(sip.NewResponseFromRequest(req, 481, "Call/Transaction Does Not Exist", nil))
			}
		})
		s.server.OnOptions(func(req *sip.Request, tx sip.ServerTransaction) {
			_ = tx.Respond(sip.NewResponseFromRequest(req, 200, "OK", nil))
		})
	})
	return p, err
}

// placed is what became of a call that a PBX placed.
type placed struct {
	Status  int // final SIP status; 0 when there was none
	Phrase  string
	Talk    time.Duration
	WasCut  bool // the other side ended it before its time
	Failure error
}

// call places a call and talks for a while.
func (p *pbx) call(ctx context.Context, caller, dialled string, talk time.Duration) placed {
	to := sip.Uri{User: dialled, Host: p.guard.Addr().String(), Port: int(p.guard.Port())}
	from := &sip.FromHeader{Address: sip.Uri{User: caller, Host: p.addr.Addr().String()}, Params: sip.NewParams()}
	from.Params.Add("tag", sip.GenerateTagN(12))
	d, err := p.calls.Invite(ctx, to, []byte(sdp), from, sip.NewHeader("Content-Type", "application/sdp"), sip.NewHeader("User-Agent", p.ua.Name()))
	if err != nil {
		return placed{Failure: err}
	}
	defer func() { _ = d.Close() }()
	if err := d.WaitAnswer(ctx, sipgo.AnswerOptions{}); err != nil {
		var refused *sipgo.ErrDialogResponse
		if errors.As(err, &refused) {
			return placed{Status: refused.Res.StatusCode, Phrase: refused.Res.Reason}
		}
		return placed{Failure: err}
	}
	if err := d.Ack(ctx); err != nil {
		return placed{Failure: err}
	}
	start := time.Now()
	t := time.NewTimer(talk)
	defer t.Stop()
	select {
	case <-d.Context().Done(): // a BYE came
		return placed{Status: 200, Talk: time.Since(start), WasCut: true}
	case <-t.C:
	case <-ctx.Done():
	}
	bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	return placed{Status: 200, Talk: time.Since(start), Failure: d.Bye(bye)}
}

// carrier is the telephone network: it answers every call after a short ring, and what it saw is the
// truth that the guard is held against.
type carrier struct {
	*station
	mu    sync.Mutex
	seen  map[string]int // by dialled number
	now   atomic.Int64
	calls *sipgo.DialogServerCache
}

func newCarrier(ip string) (*carrier, error) {
	c := &carrier{seen: map[string]int{}}
	var err error
	c.station, err = newStation(ip, "demo carrier", func(s *station) {
		c.calls = sipgo.NewDialogServerCache(s.client, s.contact("carrier"))
		s.server.OnInvite(c.invite)
		s.server.OnAck(func(req *sip.Request, tx sip.ServerTransaction) { _ = c.calls.ReadAck(req, tx) })
		s.server.OnBye(func(req *sip.Request, tx sip.ServerTransaction) {
			if c.calls.ReadBye(req, tx) != nil {
				_ = tx.Respond(sip.NewResponseFromRequest(req, 481, "Call/Transaction Does Not Exist", nil))
			}
		})
		s.server.OnOptions(func(req *sip.Request, tx sip.ServerTransaction) {
			_ = tx.Respond(sip.NewResponseFromRequest(req, 200, "OK", nil))
		})
	})
	return c, err
}

const ring = 300 * time.Millisecond

func (c *carrier) invite(req *sip.Request, tx sip.ServerTransaction) {
	d, err := c.calls.ReadInvite(req, tx)
	if err != nil {
		return
	}
	c.mu.Lock()
	c.seen[req.Recipient.User]++
	c.mu.Unlock()
	c.now.Add(1)
	defer c.now.Add(-1)
	if d.Respond(180, "Ringing", nil) != nil {
		return
	}
	select {
	case <-time.After(ring):
	case <-tx.Done():
		return
	}
	if d.Respond(200, "OK", []byte(sdp), sip.NewHeader("Content-Type", "application/sdp")) != nil {
		return
	}
	<-d.Context().Done()
}

const sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
