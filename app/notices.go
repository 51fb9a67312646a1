package app

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tsujiban"
	"tsujiban/app/config"
	"tsujiban/journal"
	"tsujiban/notify"
	"tsujiban/notify/hook"
	"tsujiban/notify/letter"
	"tsujiban/notify/mail"
	"tsujiban/notify/outbox"
	"tsujiban/people"
)

// teller makes notices of what happens and has them sent. It reads the journal behind the calls, so that
// nothing is told that is not on record; how far it read is kept together with the notices.
type teller struct {
	app    *App
	post   *notify.Post
	ways   atomic.Pointer[ways]
	cancel context.CancelFunc
	done   sync.WaitGroup

	spent    map[tsujiban.CustomerID]spentTold // of the goroutine that ticks
	troubles map[string]*trouble               // likewise, by part and what of it
	digested string                            // likewise: the day whose digest was made
	dropped  time.Time                         // likewise
}

// ways are the ways out, as the configuration says.
type ways struct {
	cfg   *config.Config
	mail  *mail.Sender // nil: no mail is sent
	hooks map[string]*hook.Sender
}

func newWays(c *config.Config, now func() time.Time) (*ways, error) {
	w := &ways{cfg: c, hooks: map[string]*hook.Sender{}}
	if c.Mail.Server != "" {
		m := &c.Mail
		o := mail.Options{
			Host: m.Server, Port: m.Port, From: m.From, User: m.User, List: c.Node.Name, Hello: helloName(c.Node.Name),
			Security: map[string]mail.Security{"starttls": mail.StartTLS, "tls": mail.TLS, "none": mail.None}[m.Security],
		}
		if m.ReplyTo.Address != "" {
			o.ReplyTo = &m.ReplyTo
		}
		if m.PasswordFile != "" {
			b, err := config.ReadFile(m.PasswordFile, 4096)
			if err != nil {
				return nil, err
			}
			line, _, _ := strings.Cut(string(b), "\n")
			o.Password = strings.TrimRight(line, "\r")
		}
		if m.CA != "" {
			pool := x509.NewCertPool()
			b, err := config.ReadFile(m.CA, config.MaxFile)
			if err != nil {
				return nil, err
			}
			if !pool.AppendCertsFromPEM(b) {
				return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "mail.ca: there is no certificate in %s", m.CA)
			}
			o.TLS = &tls.Config{RootCAs: pool}
		}
		var err error
		if w.mail, err = mail.New(o); err != nil {
			return nil, err
		}
	}
	for i := range c.Webhooks {
		h := &c.Webhooks[i]
		o := hook.Options{ID: h.ID, URL: h.URL, Allowed: h.AllowNetworks, Clock: now}
		if h.Format == "slack" {
			o.Format = hook.Slack
		}
		if h.SecretFile != "" {
			b, err := config.ReadFile(h.SecretFile, 4096)
			if err == nil {
				o.Secrets, err = hook.ParseSecrets(b)
			}
			if err != nil {
				return nil, tsujiban.Errorf(tsujiban.CodeOf(err), "webhook %s: secret_file: %w", h.ID, err)
			}
		}
		s, err := hook.New(o)
		if err != nil {
			return nil, tsujiban.Errorf(tsujiban.CodeOf(err), "webhook %s: url: %w", h.ID, err)
		}
		w.hooks[h.ID] = s
	}
	return w, nil
}

// helloName is the node's name as a host's, for EHLO; empty when it is none.
func helloName(s string) string {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") != "" {
		return ""
	}
	return s
}

// route is the way to a recipient.
func (w *ways) route(c outbox.Channel, to string) (notify.Route, error) {
	if c == outbox.Mail {
		if w.mail == nil {
			return notify.Route{}, tsujiban.Errorf(tsujiban.CodeNotFound, "no mail server is configured; write [mail]")
		}
		return notify.Route{Sender: w.mail, Joins: true}, nil
	}
	s := w.hooks[to]
	if s == nil {
		return notify.Route{}, tsujiban.Errorf(tsujiban.CodeNotFound, "there is no webhook %q in the configuration any more", to)
	}
	for i := range w.cfg.Webhooks {
		if h := &w.cfg.Webhooks[i]; h.ID == to {
			return notify.Route{Sender: s, Joins: h.Format == "slack"}, nil
		}
	}
	return notify.Route{}, tsujiban.Errorf(tsujiban.CodeNotFound, "there is no webhook %q in the configuration any more", to)
}

func (w *ways) close() {
	for _, h := range w.hooks {
		h.Close()
	}
}

// writer finds the words as the configuration says.
func (t *teller) write(ns []outbox.Notice) (*letter.Letter, error) {
	c := t.ways.Load().cfg
	w := notify.Writer{From: c.Mail.From.Name, Contact: c.Mail.ReplyTo.Address, Zone: c.Node.TimeZone, Currency: c.Node.Currency, Base: t.app.answerBase(), Ask: t.app.answers}
	if w.From == "" {
		w.From = c.Ledger.Name
	}
	return w.Write(ns)
}

// How often the teller looks at what is no event.
const tellEvery = 5 * time.Second

// startNotices begins to follow the journal and to send. At the very first start what is in the journal already is not told.
func (a *App) startNotices(ctx context.Context) error {
	w, err := newWays(a.cfg, a.now)
	if err != nil {
		return err
	}
	pos, ok, err := a.store.NoticesUpTo(ctx)
	if err != nil {
		return err
	}
	if end := a.journal.Committed(); !ok || pos > end {
		pos = end
		if _, err := a.store.PutNotices(ctx, max(pos, 1), nil); err != nil {
			return err
		}
	}
	free, cancel := context.WithCancel(context.WithoutCancel(ctx))
	t := &teller{app: a, cancel: cancel, spent: map[tsujiban.CustomerID]spentTold{}, troubles: map[string]*trouble{}}
	t.ways.Store(w)
	n := &a.cfg.Notify
	t.post = &notify.Post{
		Box: a.store, Route: func(c outbox.Channel, to string) (notify.Route, error) { return t.ways.Load().route(c, to) }, Write: t.write, Lost: t.lost,
		Clock: a.now, Log: a.log, Storm: n.Storm, Spread: n.Spread, GiveUp: n.GiveUp,
	}
	a.teller = t
	t.done.Go(func() { t.post.Run(free) })
	t.done.Go(func() { t.follow(free, pos) })
	t.done.Go(func() { t.ticks(free) })
	return nil
}

func (t *teller) stop() {
	if t == nil {
		return
	}
	t.cancel()
	t.done.Wait()
	t.ways.Load().close()
}

// reload takes the ways of a new configuration. Storm, spread and give_up are read at the start.
func (t *teller) reload(w *ways) {
	t.ways.Swap(w).close()
	t.post.Wake()
}

// putRetry is how long the teller waits when the notices cannot be kept.
const putRetry = 5 * time.Second

// keepEvery is how often the place in the journal is kept while nothing is told.
const keepEvery = time.Minute

// follow reads the journal and makes notices of what is to be told, until ctx is done or the journal ends.
func (t *teller) follow(ctx context.Context, pos uint64) {
	rd := t.app.journal.Reader(pos + 1).SkipErased()
	defer func() { _ = rd.Close() }() // read only
	f := following{teller: t, rd: rd, pos: pos, kept: pos}
	for ctx.Err() == nil && f.read(ctx) {
	}
}

// following is how far the journal was read, and how far that is kept.
type following struct {
	*teller
	rd        *journal.Reader
	ev        tsujiban.Event
	pos, kept uint64
}

// read reads for keepEvery, and keeps how far it came; one context for all of it, since one for each line takes as long as the reading.
// It is false when there is nothing more to read.
func (f *following) read(ctx context.Context) bool {
	wait, cancel := context.WithTimeout(ctx, keepEvery)
	defer cancel()
	for {
		line, err := f.rd.Line(wait)
		if ctx.Err() != nil {
			return false
		}
		if err != nil {
			if f.pos > f.kept {
				f.put(ctx, nil)
			}
			if errors.Is(err, context.DeadlineExceeded) {
				return true
			}
			if !errors.Is(err, io.EOF) {
				f.app.log.Error("the journal cannot be read for notices; it goes on at the next start", slog.Any("error", err))
			}
			return false
		}
		seq, tell := telling(line)
		if f.pos = max(f.pos, seq); !tell {
			if f.pos-f.kept >= 100_000 {
				f.put(ctx, nil)
			}
			continue
		}
		if err := journal.ParseEvent(line, &f.ev); err != nil {
			f.app.log.Error("an entry cannot be read for notices", slog.Uint64("entry", f.pos), slog.Any("error", err))
			continue
		}
		f.put(ctx, f.event(&f.ev))
	}
}

func (f *following) put(ctx context.Context, ns []outbox.Notice) {
	if f.teller.put(ctx, f.pos, ns) {
		f.kept = f.pos
	}
}

var (
	seqKey  = []byte(`{"seq":`)
	kindKey = []byte(`"kind":"`)
	capWord = []byte(`"cap-`) // of a day or a month, among others: event looks closer
)

// telling looks at a line without reading it whole: calls are many, and hardly ever to be told.
func telling(line []byte) (seq uint64, tell bool) {
	rest, ok := bytes.CutPrefix(line, seqKey)
	for ok && len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9' {
		seq, rest = seq*10+uint64(rest[0]-'0'), rest[1:]
	}
	i := bytes.Index(rest[:min(len(rest), 200)], kindKey)
	if i < 0 {
		return seq, false
	}
	kind := rest[i+len(kindKey):]
	kind = kind[:max(bytes.IndexByte(kind, '"'), 0)]
	switch string(kind) {
	case "restricted", "released", "replied":
		return seq, true
	case "set":
		return seq, bytes.Contains(line, []byte(overdueNote)) || bytes.Contains(line, []byte(people.ProposedNote))
	case "attempt", "ended":
		return seq, bytes.Contains(line, capWord) // one search: it is half of what this reading costs
	}
	return seq, false
}

// put keeps notices with the place in the journal, trying until it works: nothing is passed over. It is false when the program stops.
func (t *teller) put(ctx context.Context, pos uint64, ns []outbox.Notice) bool {
	for failed := false; ; failed = true {
		added, err := t.app.store.PutNotices(ctx, pos, ns)
		if err == nil {
			if added > 0 {
				t.post.Wake()
			}
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		if !failed {
			t.app.log.Error("notices cannot be kept; trying again", slog.Any("error", err))
		}
		pause(ctx, putRetry)
	}
}

// staff are the mail addresses and the webhooks of the configuration, and the operator's people who sign in.
func (t *teller) staff() []notify.Recipient {
	c := t.ways.Load().cfg
	var out []notify.Recipient
	for _, s := range c.Notify.Staff {
		out = append(out, notify.Recipient{To: s, Lang: c.Node.Language, Staff: true, QuietFrom: c.Notify.QuietFrom, QuietTo: c.Notify.QuietUntil})
	}
	for i := range c.Webhooks {
		h := &c.Webhooks[i]
		kinds := h.Kinds
		if kinds == nil {
			for _, k := range outbox.Kinds() {
				if k != outbox.Digest {
					kinds = append(kinds, k)
				}
			}
		}
		out = append(out, notify.Recipient{Channel: outbox.Webhook, To: h.ID, Lang: h.Language, Staff: true, Kinds: kinds})
	}
	return once(append(out, t.persons("")...))
}

// customerKinds are what a customer's contact is told.
var customerKinds = []outbox.Kind{outbox.Question, outbox.Restriction, outbox.Closing, outbox.Release, outbox.Spending, outbox.Digest}

// contact is the customer's own; ok is false when nobody can be reached.
func (t *teller) contact(c *tsujiban.Customer) (r notify.Recipient, ok bool) {
	n := &t.ways.Load().cfg.Notify
	if outbox.ValidAddress(c.Contact) != nil {
		return r, false
	}
	return notify.Recipient{To: c.Contact, Name: c.Name, Lang: c.Language, Kinds: customerKinds, QuietFrom: n.QuietFrom, QuietTo: n.QuietUntil}, true
}

// mails tells whether customers are told by mail at all.
func (t *teller) mails() bool {
	w := t.ways.Load()
	return w.mail != nil && w.cfg.Notify.Customers
}

func (t *teller) collect(gauge gaugeFunc) {
	n, err := t.app.store.CountNotices(t.app.ctx)
	if err != nil {
		return // the store's own trouble is told where it is used
	}
	gauge(descNotices, float64(n[outbox.Waiting]), outbox.Waiting.String())
	gauge(descNotices, float64(n[outbox.Dead]), outbox.Dead.String())
}
