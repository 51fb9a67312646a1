package demo

import (
	"context"
	_ "embed" // rates.csv
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"tsujiban"
	"tsujiban/app"
	"tsujiban/app/config"
	"tsujiban/app/control"
	"tsujiban/app/term"
	"tsujiban/numbering"
)

//go:embed rates.csv
var ratesCSV []byte

const carrierID tsujiban.CarrierID = "demo-carrier"

// Options of a demo.
type Options struct {
	Out      io.Writer
	Style    term.Style
	Lang     tsujiban.Lang
	Headless bool          // no picture, only the summary as JSON
	For      time.Duration // how long the firms telephone; 0 is a minute
	Stay     bool          // the console stays until ctx is done
}

// Run plays the demo and returns what came of it.
func Run(ctx context.Context, o Options) (sum *Summary, err error) {
	if o.For <= 0 {
		o.For = time.Minute
	}
	o.For = max(o.For, 10*time.Second)
	dir, err := os.MkdirTemp("", "tsujiban-demo-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := newBoard(o, firms())
	s := &stage{o: o, dir: dir, board: b, addrs: map[tsujiban.CustomerID]netip.Addr{}}
	defer func() { err = errors.Join(err, s.strike()) }()
	if err := s.build(ctx); err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	s.play(ctx)
	sum, err = s.summary()
	if err != nil {
		return nil, err
	}
	if err := b.finish(sum); err != nil {
		return sum, err
	}
	return sum, s.stay(ctx)
}

// stage is everything that stands during a demo.
type stage struct {
	o       Options
	dir     string
	board   *board
	carrier *carrier
	pbxs    []*pbx
	addrs   map[tsujiban.CustomerID]netip.Addr
	cfg     *config.Config
	stop    context.CancelFunc
	app     *app.App
	socket  *control.Client
	log     *os.File
	links   []words // that sign in
}

// build sets up carrier, history, guard and PBXs.
func (s *stage) build(ctx context.Context) (err error) {
	if s.carrier, err = newCarrier("127.0.0.2"); err != nil {
		return fmt.Errorf("the demo carrier: %w", err)
	}
	list := s.board.firms
	for i := range list {
		s.addrs[list[i].id] = netip.AddrFrom4([4]byte{127, 0, 0, byte(11 + i)})
	}
	seed, err := s.configure()
	if err != nil {
		return err
	}
	s.board.say(tr("四週間分の通話履歴を用意しています…", "Writing four weeks of calls that the guard knows the firms by…"))
	if s.board.history, err = writeHistory(s.cfg, seed, s.addrs, list, time.Now()); err != nil {
		return err
	}
	if s.log, err = os.Create(filepath.Join(s.dir, "tsujiban.log")); err != nil {
		return err
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = cancel
	if s.app, err = app.Start(run, app.Options{Config: s.cfg, Seed: seed, Stderr: s.log, Version: "demo"}); err != nil {
		return err
	}
	s.socket = control.NewClient(s.cfg.Control.Socket, "")
	if err := errors.Join(s.paper(ctx), s.invite(ctx)); err != nil {
		return err
	}
	guard, err := netip.ParseAddrPort(s.app.Ports()[0].Address)
	if err != nil {
		return err
	}
	for i := range list {
		p, err := newPBX(s.addrs[list[i].id].String(), list[i].agent, list[i].number, guard)
		if err != nil {
			return fmt.Errorf("the PBX of %s: %w", list[i].en, err)
		}
		s.pbxs = append(s.pbxs, p)
	}
	return nil
}

// configure writes a configuration as anybody would, and reads it back.
func (s *stage) configure() (*config.Seed, error) {
	toml := fmt.Sprintf(`[node]
name = "demo"
data = "data"

[[listen]]
transport = "udp"
address = "127.0.0.1:0"

[[carrier]]
id = %q
address = %q
probe = "5s"

[guard]
rates = "rates.csv"

[sip]
drain = "1s"

[console]
listen = "127.0.0.1:0"
`, string(carrierID), s.carrier.addr.String())
	path := filepath.Join(s.dir, "tsujiban.toml")
	if err := errors.Join(os.WriteFile(path, []byte(toml), 0o600), os.WriteFile(filepath.Join(s.dir, "rates.csv"), ratesCSV, 0o600)); err != nil {
		return nil, err
	}
	var err error
	if s.cfg, err = config.Load(path); err != nil {
		return nil, err
	}
	seed := &config.Seed{}
	for i := range s.board.firms {
		f := &s.board.firms[i]
		seed.Customers = append(seed.Customers, tsujiban.Customer{
			ID: f.id, Name: f.ja, International: len(f.abroad) > 0, Opened: time.Now().AddDate(-3, 0, 0), Numbers: []string{f.e164()},
		})
		seed.Trunks = append(seed.Trunks, tsujiban.Trunk{ID: trunkOf(f), Customer: f.id, Sources: []netip.Prefix{netip.PrefixFrom(s.addrs[f.id], 32)}})
	}
	return seed, nil
}

// strike takes everything down again.
func (s *stage) strike() error {
	var errs []error
	for _, p := range s.pbxs {
		p.close()
	}
	if s.socket != nil {
		s.socket.Close()
	}
	if s.app != nil {
		s.stop()
		errs = append(errs, s.app.Wait())
	} else if s.stop != nil {
		s.stop()
	}
	if s.carrier != nil {
		s.carrier.close()
	}
	if s.log != nil {
		errs = append(errs, s.log.Close())
	}
	return errors.Join(errs...)
}

// play lets the firms telephone for the time given; a third in, the thief begins.
func (s *stage) play(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, s.o.For)
	defer cancel()
	var wg sync.WaitGroup
	for i := range s.pbxs {
		wg.Go(func() { s.telephone(ctx, &wg, i) })
	}
	wg.Go(func() { s.steal(ctx, &wg) })
	wg.Go(func() { s.board.watch(ctx, s.socket) })
	wg.Wait()
}

// telephone is the working day of one firm.
func (s *stage) telephone(ctx context.Context, wg *sync.WaitGroup, i int) {
	f, p := &s.board.firms[i], s.pbxs[i]
	r := rand.New(rand.NewPCG(uint64(i), 12))
	for waitFor(ctx, time.Duration(r.ExpFloat64()*float64(4*time.Second))+200*time.Millisecond) {
		dialled, talk := f.dial(r), time.Duration(1000+r.IntN(4000))*time.Millisecond
		wg.Go(func() { s.place(ctx, p, i, dialled, talk, false) })
	}
}

// victim is the firm whose PBX is hijacked: the first.
const victim = 0

// steal is the thief: he has the password of an extension of the victim's PBX, so his calls come out of it
// like any other.
func (s *stage) steal(ctx context.Context, wg *sync.WaitGroup) {
	if !waitFor(ctx, s.o.For/3) {
		return
	}
	s.board.hijacked()
	for i := 0; ctx.Err() == nil; i++ {
		dialled := stolen(i)
		wg.Go(func() { s.place(ctx, s.pbxs[victim], victim, dialled, 3*time.Second, true) })
		if !waitFor(ctx, 1100*time.Millisecond) {
			return
		}
	}
}

func (s *stage) place(ctx context.Context, p *pbx, firm int, dialled string, talk time.Duration, theft bool) {
	s.board.begun(firm, theft)
	got := p.call(ctx, s.board.firms[firm].number, dialled, talk)
	if ctx.Err() != nil && got.Status != 200 {
		s.board.forget(firm, theft)
		return // the demo is over
	}
	s.board.done(firm, dialled, got, theft, s.price(dialled))
}

// price is what the carrier takes for a number.
func (s *stage) price(dialled string) tsujiban.Price {
	s.board.once.Do(func() {
		s.board.deck, _ = readRates(s.cfg.Guard.Rates) // it was read before
		s.board.plan, _ = numbering.New(s.cfg.Node.Country)
	})
	d, err := s.board.plan.Parse([]byte(dialled))
	if err != nil {
		return tsujiban.Price{}
	}
	p, _, _ := s.board.deck.Find(d.Number, time.Now())
	return p
}
