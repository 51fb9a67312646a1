package loadgen

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// Generator plays both ends of the calls. It runs once.
type Generator struct {
	cfg       Config
	run       string // eight hexadecimal digits, in every Call-ID and branch
	pbx       *socket
	carrier   *socket
	proxy     sockaddr
	templates []*template
	viaStart  []byte // "Via: " up to the cookie of the branch
	sentBy    []byte // how the PBX's Via value starts: proxies may move its parameters
	answer    []byte // Contact to the end of a 200 to INVITE, with its body
	ringing   []byte // Contact to the end of a 180
	offer     []byte // the body that every INVITE must still have at the carrier
	target    []byte // the carrier's Contact URI
	hopText   []byte // last URI that was made an address, and the address
	hop       sockaddr

	calls    []call
	free     []uint32 // slots without a call
	dueBye   queue    // calls that talk, in the order of their ends
	started  int      // calls started, also the number of the next call
	ended    int
	counting bool // the warm-up is over
	began    time.Time
	now      int64 // nanoseconds since began: when the loop last looked
	from     int64 // when counting began
	until    int64 // when counting ended; 0: not yet
	tick     int64 // when the half-second timer runs next
	cpu      time.Duration

	noRing map[uint64]struct{} // calls answered without a 180 so far
	setup  Histogram
	delay  Histogram
	res    Result
	msg    message
	err    error // what stopped the loop
}

// half is the period of the timer, T1 of RFC 3261.
const half = int64(500 * time.Millisecond)

// giveUp is when a call without an answer has failed, 64*T1 of RFC 3261.
const giveUp = 64 * half

// socketBuffer is asked for; the kernel gives what net.core.rmem_max allows.
const socketBuffer = 4 << 20

// New opens the sockets.
func New(cfg Config) (*Generator, error) {
	if err := cfg.fill(); err != nil {
		return nil, fmt.Errorf("load generator: %w", err)
	}
	carrier, err := listen(cfg.Carrier, socketBuffer)
	if err != nil {
		return nil, fmt.Errorf("load generator: carrier: %w", err)
	}
	pbx, err := listen(cfg.PBX, socketBuffer)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("load generator: PBX: %w", err), carrier.close())
	}
	if !cfg.Proxy.IsValid() || cfg.Proxy == cfg.Carrier {
		cfg.Proxy = carrier.local
	}
	g := &Generator{cfg: cfg, pbx: pbx, carrier: carrier, proxy: sockaddrOf(cfg.Proxy), run: fmt.Sprintf("%08x", rand.Uint32()),
		calls: make([]call, cfg.Outstanding), noRing: map[uint64]struct{}{}}
	g.write()
	return g, nil
}

// write makes the constant parts of all messages.
func (g *Generator) write() {
	for i := range max(len(g.cfg.Dial), len(g.cfg.From)) {
		dial, from := g.cfg.Dial[i%len(g.cfg.Dial)], g.cfg.From[i%len(g.cfg.From)]
		g.templates = append(g.templates, newTemplate(g.pbx.local, g.cfg.Proxy, g.run, dial, from))
	}
	g.viaStart = fmt.Appendf(nil, "Via: SIP/2.0/UDP %v;branch=z9hG4bK", g.pbx.local)
	g.sentBy = fmt.Appendf(nil, "SIP/2.0/UDP %v;", g.pbx.local)
	g.target = fmt.Appendf(nil, "sip:%v", g.carrier.local)
	body := sdpOf(g.carrier.local)
	g.ringing = fmt.Appendf(nil, "Contact: <%s>\r\nContent-Length: 0\r\n\r\n", g.target)
	g.answer = fmt.Appendf(nil, "Contact: <%s>\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s",
		g.target, len(body), body)
	g.offer = []byte(sdpOf(g.pbx.local))
	g.res.Failures, g.res.Faults = map[string]int{}, map[string]int{}
	for slot := len(g.calls) - 1; slot >= 0; slot-- {
		g.calls[slot].slot = uint32(slot)
		g.free = append(g.free, uint32(slot))
	}
}

// PBX is the address that calls come from.
func (g *Generator) PBX() netip.AddrPort { return g.pbx.local }

// Carrier is the address that the proxy has to send calls to.
func (g *Generator) Carrier() netip.AddrPort { return g.carrier.local }

// Proxy is the address that calls are sent to.
func (g *Generator) Proxy() netip.AddrPort { return g.cfg.Proxy }

// Close closes the sockets; Run must have returned.
func (g *Generator) Close() error { return errors.Join(g.pbx.close(), g.carrier.close()) }

// Run makes the calls and returns when all have ended, when the limit is reached
// or when ctx ends; what is then unfinished has failed. The error is one of the
// generator, never of the proxy.
func (g *Generator) Run(ctx context.Context) (Result, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	g.began = time.Now()
	if g.cfg.Warmup == 0 && g.cfg.WarmFor == 0 {
		g.count()
	}
	limit := int64(g.cfg.Limit)
	for !g.finished() && g.now < limit && g.err == nil && ctx.Err() == nil {
		g.turn()
	}
	if g.until == 0 {
		g.settle()
	}
	return g.result(), g.err
}

// turn is one round of the loop: read the carrier's side, then the PBX's, then
// start what is due, then wait if there was nothing.
func (g *Generator) turn() {
	arrived := g.read(g.carrier, g.atCarrier)
	arrived += g.read(g.pbx, g.atPBX)
	if g.cfg.WarmFor > 0 && !g.counting && g.now >= int64(g.cfg.WarmFor) {
		g.count()
	}
	g.start()
	g.hangUp()
	if g.now >= g.tick {
		g.tick = g.now + half
		g.repeat()
	}
	g.fail(g.carrier.flush())
	g.fail(g.pbx.flush())
	if arrived == 0 {
		g.wait()
	}
}

// read takes one batch from a socket and hands it on.
func (g *Generator) read(s *socket, take func(*message, *sockaddr)) int {
	n, err := s.receive()
	g.fail(err)
	g.now = int64(time.Since(g.began))
	for i := range n {
		data, src := s.datagram(i)
		if err := g.msg.parse(data); err != nil {
			g.res.Faults[err.Error()]++
			continue
		}
		take(&g.msg, src)
	}
	g.fail(s.flush())
	return n
}

// fail keeps the first error, which ends the loop.
func (g *Generator) fail(err error) {
	if g.err == nil {
		g.err = err
	}
}

// send queues what was built in the socket's next buffer.
func (g *Generator) send(s *socket, data []byte, to *sockaddr) { g.fail(s.queue(data, to)) }

// start sends the INVITEs that are due.
func (g *Generator) start() {
	for g.more() {
		if g.cfg.Rate > 0 && g.now < g.due() {
			return
		}
		if len(g.free) == 0 {
			if g.cfg.Rate > 0 {
				g.res.Late++
			}
			return
		}
		slot := g.free[len(g.free)-1]
		g.free = g.free[:len(g.free)-1]
		g.invite(&g.calls[slot])
		g.started++
		g.res.MaxOutstanding = max(g.res.MaxOutstanding, g.started-g.ended)
	}
}

// more tells whether calls are still to be started.
func (g *Generator) more() bool {
	if g.cfg.For > 0 {
		return !g.counting || g.now < g.from+int64(g.cfg.For)
	}
	return g.started < g.cfg.Warmup+g.cfg.Calls
}

// due is when the next call of an open loop starts.
func (g *Generator) due() int64 {
	return int64(float64(g.started) / g.cfg.Rate * float64(time.Second))
}

// wait sleeps until a datagram comes or something is due.
func (g *Generator) wait() {
	wake := g.tick
	if g.cfg.Rate > 0 && g.more() && len(g.free) > 0 {
		wake = min(wake, g.due())
	}
	if bye, ok := g.dueBye.peek(); ok {
		wake = min(wake, bye.at)
	}
	left := wake - int64(time.Since(g.began))
	if left <= 0 {
		return
	}
	fds := []unix.PollFd{{Fd: int32(g.carrier.fd), Events: unix.POLLIN}, {Fd: int32(g.pbx.fd), Events: unix.POLLIN}}
	timeout := unix.NsecToTimespec(left)
	if _, err := unix.Ppoll(fds, &timeout, nil); err != nil && !errors.Is(err, unix.EINTR) {
		g.fail(fmt.Errorf("ppoll: %w", err))
	}
}

// finished tells whether every call has ended, and those 180s that are missing
// have had half a second more to come.
func (g *Generator) finished() bool {
	if g.more() || g.ended < g.started {
		return false
	}
	if g.until == 0 {
		g.settle()
	}
	return len(g.noRing) == 0 || g.now > g.until+half
}

// count begins to count.
func (g *Generator) count() {
	g.counting = true
	g.from = int64(time.Since(g.began))
	g.cpu = ownCPU()
	if g.cfg.Mark != nil {
		g.cfg.Mark(false)
	}
}

// settle ends counting.
func (g *Generator) settle() {
	g.until = int64(time.Since(g.began))
	g.cpu = ownCPU() - g.cpu
	if g.cfg.Mark != nil {
		g.cfg.Mark(true)
	}
}

// end takes a call off the books; why is "" when it went as it should.
func (g *Generator) end(c *call, why string) {
	g.ended++
	c.state = idle
	g.free = append(g.free, c.slot)
	if g.counting {
		if why == "" {
			g.res.Calls++
		} else {
			g.res.Failed++
			g.res.Failures[why]++
		}
	}
	if !g.counting && g.cfg.For == 0 && g.ended == g.cfg.Warmup {
		g.count()
	}
}

// result sums up.
func (g *Generator) result() Result {
	r := g.res
	open := g.started - g.ended
	if g.cfg.For == 0 {
		open = g.cfg.Calls - r.Calls - r.Failed
	}
	if open > 0 {
		r.Failed += open
		r.Failures["unfinished"] += open
	}
	r.Seconds = float64(g.until-g.from) / float64(time.Second)
	if r.Seconds > 0 {
		r.PerSecond = float64(r.Calls) / r.Seconds
	}
	r.Order.RingLost = len(g.noRing)
	r.Setup, r.Answer = delayOf(&g.setup), delayOf(&g.delay)
	if done := r.Calls + r.Failed; done > 0 {
		r.OwnCPU = float64(g.cpu.Microseconds()) / float64(done)
	}
	if n := g.pbx.truncated + g.carrier.truncated; n > 0 {
		r.Faults["datagram too long"] += n
	}
	return r
}

// ownCPU is the CPU time, user and system, of this process.
func ownCPU() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
