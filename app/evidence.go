package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/evidence"
	"tsujiban/journal"
)

// The tree over the journal is a view like the others: it reads what is durable, never stands on the path of a call, and rests at least as long as
// it works, three times as long while the journal grows fast. At 20,000 entries a second it needs less than a tenth of one core. Above that
// rate calls need all there is: the tree takes a sixty-fourth, falls behind, and catches up later.
const (
	proveLook    = 250 * time.Millisecond
	provePublish = 2 * time.Second // between two checkpoints
	proveSync    = time.Minute     // between two times that tiles are made durable; a crash costs reading that much of the journal again
	proveChunk   = 2048            // entries between two rests
	proveRetry   = 5 * time.Second
	proveRate    = 20_000
	proveTime    = 2 * time.Second // to catch up at a stop; what it misses it reads at the next start
)

// prover keeps the evidence. Its tree belongs to its goroutine.
type prover struct {
	dir     string
	node    string
	journal *journal.Journal
	clock   func() time.Time
	log     *slog.Logger

	orders  chan treeOrder
	closing chan struct{} // closed when the journal was
	done    chan struct{}
	cancel  context.CancelFunc

	proven  atomic.Int64          // entries under the newest checkpoint
	failing atomic.Pointer[error] // why it does not go on; nil when it does
}

// treeOrder is something to be done with the tree, in the goroutine that it belongs to.
type treeOrder struct {
	do    func(*evidence.Log) error
	reply chan<- error // cap 1
}

// startEvidence lets the tree follow the journal.
func (a *App) startEvidence(context.Context) error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(a.ctx))
	a.prover = &prover{
		dir: a.cfg.EvidenceDir(), node: a.cfg.Node.Name, journal: a.journal, clock: a.now, log: a.log,
		orders: make(chan treeOrder), closing: make(chan struct{}), done: make(chan struct{}), cancel: cancel,
	}
	go func() {
		defer close(a.prover.done)
		a.prover.run(ctx)
	}()
	return nil
}

// stopEvidence lets the tree take in the end of the journal, which is closed, for a bounded time.
func (a *App) stopEvidence() {
	p := a.prover
	if p == nil {
		return
	}
	close(p.closing)
	ctx, cancel := a.bounded(proveTime)
	select {
	case <-p.done:
	case <-ctx.Done():
		a.log.Warn("stopping: the evidence is behind; it goes on at the next start")
	}
	cancel()
	p.cancel()
	<-p.done
}

func (p *prover) source(from uint64) (evidence.Lines, error) { return p.journal.Reader(from), nil }

// run keeps the tree until the journal is closed or ctx is done. What the disk refuses is tried again; a tree that does not
// belong to the journal stays as it is: calls do not depend on it, and it is for people to look at.
func (p *prover) run(ctx context.Context) {
	for {
		err := p.keep(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		p.fail(err)
		var again <-chan time.Time
		if c := tsujiban.CodeOf(err); c == tsujiban.CodeUnavailable || c == tsujiban.CodeConflict {
			again = time.After(proveRetry)
		}
		if !p.refuse(ctx, err, again) {
			return
		}
	}
}

// refuse answers orders while there is no tree to carry them out on; true when it is time to try again.
func (p *prover) refuse(ctx context.Context, err error, again <-chan time.Time) bool {
	for {
		select {
		case o := <-p.orders:
			o.reply <- err
		case <-again:
			return true
		case <-p.closing:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// fail says once that something does not work.
func (p *prover) fail(err error) {
	if p.failing.Swap(&err) == nil {
		p.log.Error("the evidence does not follow the journal; calls and their records are not touched by it", slog.Any("error", err))
	}
}

func (p *prover) works() {
	if p.failing.Swap(nil) != nil {
		p.log.Info("the evidence follows the journal again")
	}
}

// keep opens the tree and follows the journal. It returns nil when the journal was closed and everything is in the tree.
func (p *prover) keep(ctx context.Context) (err error) {
	l, err := evidence.Open(ctx, evidence.Options{Dir: p.dir, Node: p.node, Source: p.source, Clock: p.clock, Logger: p.log}, p.journal.Committed())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	f := follower{prover: p, log: l, lines: p.journal.Reader(l.Size() + 1)}
	defer func() { err = errors.Join(err, f.lines.Close()) }()
	p.proven.Store(l.Published().Size)
	if err := f.step(ctx, false); err != nil {
		return err
	}
	t := time.NewTicker(proveLook)
	defer t.Stop()
	for {
		last := false
		select {
		case <-t.C:
		case <-p.closing:
			last = true
		case o := <-p.orders:
			err := o.do(l)
			p.proven.Store(l.Published().Size)
			o.reply <- err
			continue
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := f.step(ctx, last); err != nil {
			return err
		}
		if last {
			return nil
		}
	}
}

// follower carries the journal into the tree.
type follower struct {
	*prover
	log       *evidence.Log
	lines     *journal.Reader
	published time.Time
	synced    time.Time
	pace      pace
}

// step takes in what is durable, and signs a checkpoint when it is time. What the disk does not take now it is asked again at the next step.
func (f *follower) step(ctx context.Context, last bool) error {
	if err := f.catchUp(ctx, last); err != nil {
		return err
	}
	now := time.Now()
	var err error
	if last || now.Sub(f.published) >= provePublish {
		err = f.log.Publish()
		f.published = now
	}
	if err == nil && now.Sub(f.synced) >= proveSync && f.log.Unsynced() > 0 {
		err = f.log.Sync()
		f.synced = now
	}
	if err != nil {
		f.fail(err)
		return nil
	}
	f.proven.Store(f.log.Published().Size)
	f.works()
	return nil
}

// catchUp appends entries until the tree has what is durable. While the disk takes no tiles it appends nothing, so that they do not pile up in memory.
func (f *follower) catchUp(ctx context.Context, last bool) error {
	for f.log.Size() < f.journal.Committed() {
		start := time.Now()
		if err := f.log.Flush(); err != nil {
			f.fail(err)
			return nil
		}
		end := min(f.journal.Committed(), f.log.Size()+proveChunk)
		for f.log.Size() < end {
			line, err := f.lines.Line(ctx)
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			f.log.Append(line)
		}
		if !last {
			now := time.Now()
			took := now.Sub(start)
			busy := f.pace.rest(now, f.journal.Committed(), took) > 0
			switch {
			case f.pace.rate > proveRate:
				took *= 63
			case busy:
				took *= 3
			}
			pause(ctx, took)
		}
	}
	return nil
}

// order has something done with the tree and waits for it.
func (p *prover) order(ctx context.Context, do func(*evidence.Log) error) error {
	reply := make(chan error, 1)
	select {
	case p.orders <- treeOrder{do, reply}:
		return <-reply
	case <-p.done:
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "the program is stopping")
	case <-ctx.Done():
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "the evidence does not answer; see \"tsujiban status\"")
	}
}

// rotateKey hands the evidence over to a new key, and records who asked for it.
func (a *App) rotateKey(ctx context.Context, by string) (key evidence.Key, seq uint64, err error) {
	if _, err := a.record(ctx, by, "evidence: a new key is asked for"); err != nil {
		return key, 0, err
	}
	err = a.prover.order(ctx, func(l *evidence.Log) (err error) {
		key, err = l.Rotate()
		return err
	})
	if err != nil {
		return key, 0, err
	}
	done, err := a.deed(ctx, by, "evidence: the key is now "+key.Fingerprint(), "evidence-key", "", "", control.Deed{Text: key.Fingerprint()})
	return key, done.Seq, err
}
