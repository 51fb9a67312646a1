package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/config"
	"tsujiban/app/control"
	"tsujiban/edge"
	"tsujiban/guard/policy"
	"tsujiban/store"
)

// recordTime is how long a change waits for its record to be on disk.
const recordTime = 10 * time.Second

// record keeps what a person does and returns when it is on disk: nothing is changed and
// nothing is shown without it.
func (a *App) record(ctx context.Context, by, note string) (control.Done, error) {
	if err := a.journal.Failing(); err != nil {
		return control.Done{}, notRecorded(err)
	}
	note = cut(note, store.MaxNote)
	seq, err := a.desk.said(tsujiban.EventSet, a.now(), by, note)
	if err != nil {
		return control.Done{}, err
	}
	if err := a.onDisk(ctx, seq); err != nil {
		return control.Done{}, notRecorded(err)
	}
	return control.Done{By: by, Note: note, Seq: seq}, nil
}

// witness keeps what a change makes of the store's rows, and returns when it is on disk: then the change is made to last.
func (a *App) witness(ctx context.Context, r *store.Receipt) error {
	err := a.journal.Failing()
	var seq uint64
	for _, part := range r.Parts() {
		if err == nil {
			seq, err = a.desk.said(tsujiban.EventStored, a.now(), part.File, part.String())
		}
	}
	if err == nil {
		err = a.onDisk(ctx, seq)
	}
	if err != nil {
		return notRecorded(err)
	}
	return nil
}

func notRecorded(err error) error {
	return tsujiban.Errorf(tsujiban.CodeUnavailable, "this cannot be recorded, so it is not done: %w; see whether the disk is full", err)
}

// onDisk returns when an entry is on disk, or why it is not.
func (a *App) onDisk(ctx context.Context, seq uint64) error {
	ctx, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	return a.journal.Wait(ctx, seq)
}

// stands tells how an order ended that is carried out at once, before its record is on disk:
// stopping a thief, or letting a customer telephone again, does not wait for a disk.
func (a *App) stands(ctx context.Context, by, note string, seq uint64) (control.Done, error) {
	err := a.journal.Failing()
	if err == nil {
		err = a.onDisk(ctx, seq)
	}
	if err != nil {
		note += "\nnot recorded on disk yet: " + err.Error()
	}
	return control.Done{By: by, Note: note, Seq: seq}, nil
}

// cut keeps text within a limit of characters.
func cut(s string, limit int) string {
	r := []rune(s)
	if len(r) <= limit {
		return s
	}
	return string(r[:limit-1]) + "…"
}

// settings is what a change works on: copies, put in force when all has gone well. The
// first sortedC customers and sortedT trunks are in the order of their ids, what was added
// stands behind them and is found by the maps.
type settings struct {
	customers        []tsujiban.Customer
	trunks           []tsujiban.Trunk
	sortedC, sortedT int
	addedC           map[tsujiban.CustomerID]int
	addedT           map[tsujiban.TrunkID]int
	notes            []string
	save             []func(context.Context) error
}

func newSettings(customers []tsujiban.Customer, trunks []tsujiban.Trunk) *settings {
	return &settings{
		customers: customers, trunks: trunks, sortedC: len(customers), sortedT: len(trunks),
		addedC: map[tsujiban.CustomerID]int{}, addedT: map[tsujiban.TrunkID]int{},
	}
}

func (s *settings) customer(id tsujiban.CustomerID) (int, bool) {
	if i, ok := s.addedC[id]; ok {
		return i, true
	}
	return slices.BinarySearchFunc(s.customers[:s.sortedC], id, func(c tsujiban.Customer, id tsujiban.CustomerID) int { return cmp.Compare(c.ID, id) })
}

func (s *settings) trunk(id tsujiban.TrunkID) (int, bool) {
	if i, ok := s.addedT[id]; ok {
		return i, true
	}
	return slices.BinarySearchFunc(s.trunks[:s.sortedT], id, func(t tsujiban.Trunk, id tsujiban.TrunkID) int { return cmp.Compare(t.ID, id) })
}

// sort brings what was added into its place.
func (s *settings) sort() {
	slices.SortStableFunc(s.customers, func(a, b tsujiban.Customer) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortStableFunc(s.trunks, func(a, b tsujiban.Trunk) int { return cmp.Compare(a.ID, b.ID) })
}

// putCustomer sets a customer in the copies and remembers what to store.
func (a *App) putCustomer(s *settings, by string, c tsujiban.Customer) error {
	if err := store.ValidCustomer(&c); err != nil {
		return fmt.Errorf("customer %s: %w", c.ID, err)
	}
	i, found := s.customer(c.ID)
	var had []string
	if found {
		had = s.customers[i].Numbers
	}
	if _, added := store.DiffList(had, c.Numbers); len(added) > 0 {
		if err := a.mayShow(context.Background(), &c, added); err != nil {
			return err
		}
	}
	what := "added"
	if found {
		if what = store.DiffCustomer(&s.customers[i], &c); reflect.DeepEqual(s.customers[i], c) {
			s.notes = append(s.notes, fmt.Sprintf("customer %s: %s", c.ID, what))
			return nil
		}
		s.customers[i] = c
	} else {
		s.addedC[c.ID] = len(s.customers)
		s.customers = append(s.customers, c)
	}
	s.notes = append(s.notes, fmt.Sprintf("customer %s: %s", c.ID, what))
	s.save = append(s.save, func(ctx context.Context) error { return a.store.PutCustomer(ctx, by, c) })
	return nil
}

func (a *App) putTrunk(s *settings, by string, t tsujiban.Trunk) error {
	if err := store.ValidTrunk(&t); err != nil {
		return fmt.Errorf("trunk %s: %w", t.ID, err)
	}
	if _, ok := s.customer(t.Customer); !ok {
		return tsujiban.Errorf(tsujiban.CodeNotFound, "trunk %s: there is no customer %q; add it first", t.ID, t.Customer)
	}
	i, found := s.trunk(t.ID)
	what := "added"
	if found {
		what = store.DiffTrunk(&s.trunks[i], &t)
		s.trunks[i] = t
	} else {
		s.addedT[t.ID] = len(s.trunks)
		s.trunks = append(s.trunks, t)
	}
	s.notes = append(s.notes, fmt.Sprintf("trunk %s: %s", t.ID, what))
	s.save = append(s.save, func(ctx context.Context) error { return a.store.PutTrunk(ctx, by, t) })
	return nil
}

// change lets f work on copies of the settings, compiles them, records, stores, and puts
// them in force; an error leaves everything as it was, except that a store which fails half
// way through is read again.
func (a *App) change(ctx context.Context, by string, f func(*settings) error) (control.Done, error) {
	a.admin.Lock()
	defer a.admin.Unlock()
	s := newSettings(slices.Clone(a.customers), slices.Clone(a.trunks))
	if err := f(s); err != nil {
		return control.Done{}, err
	}
	s.sort()
	p, dir, err := a.compile(a.rules, s.customers, s.trunks)
	if err != nil {
		return control.Done{}, err
	}
	done, err := a.record(ctx, by, summary(s.notes))
	if err != nil {
		return done, err
	}
	for i, save := range s.save {
		if err := save(ctx); err != nil {
			return done, a.undone(context.WithoutCancel(ctx), by, i, len(s.save), err)
		}
	}
	a.force(s.customers, s.trunks, p, dir)
	return done, nil
}

// undone records that a change was not stored, or not all of it, and puts in force what was.
func (a *App) undone(ctx context.Context, by string, stored, all int, err error) error {
	note := fmt.Sprintf("not done, %d of %d stored: %v", stored, all, err)
	_, rerr := a.record(ctx, by, note)
	if stored > 0 {
		err = fmt.Errorf("%w (%d of %d were stored before)", err, stored, all)
		rerr = errors.Join(rerr, a.reread(ctx))
	}
	if rerr != nil {
		a.log.Error("a change went wrong half way", slog.Any("error", rerr))
	}
	return err
}

// summary is the note of a change: every line of a small one, counts of a large one.
func summary(notes []string) string {
	const lines = 20
	if len(notes) <= lines {
		return strings.Join(notes, "\n")
	}
	return fmt.Sprintf("%s\nand %d more", strings.Join(notes[:lines], "\n"), len(notes)-lines)
}

func (a *App) compile(r *rules, customers []tsujiban.Customer, trunks []tsujiban.Trunk) (*policy.Policy, *edge.Directory, error) {
	p, err := r.compile(customers)
	if err != nil {
		return nil, nil, err
	}
	dir, err := edge.NewDirectory(trunks, holder(p))
	return p, dir, err
}

// force puts settings in force, each whole. App.admin is held.
func (a *App) force(customers []tsujiban.Customer, trunks []tsujiban.Trunk, p *policy.Policy, dir *edge.Directory) {
	a.customers, a.trunks = customers, trunks
	a.policy.Store(&policyNow{p, a.now()})
	a.guard.SetPolicy(p)
	a.edge.SetDirectory(dir)
}

// reread puts in force what the store holds. App.admin is held.
func (a *App) reread(ctx context.Context) error {
	customers, err := a.store.Customers(ctx)
	if err != nil {
		return err
	}
	trunks, err := a.store.Trunks(ctx, "")
	if err != nil {
		return err
	}
	p, dir, err := a.compile(a.rules, customers, trunks)
	if err != nil {
		return err
	}
	a.force(customers, trunks, p, dir)
	return nil
}

// Reload reads configuration, rates, hints, certificates, carriers and customers again and puts
// them in force. An error leaves everything as it was. Running calls go on.
func (a *App) Reload(ctx context.Context, by string) (control.Done, error) {
	a.admin.Lock()
	defer a.admin.Unlock()
	cfg, err := a.o.Reread()
	if err != nil {
		return control.Done{}, err
	}
	r, err := loadRules(cfg)
	if err != nil {
		return control.Done{}, err
	}
	r.set = a.rules.set
	cs, err := loadCerts(cfg)
	if err != nil {
		return control.Done{}, err
	}
	ways, err := newWays(cfg, a.now)
	if err != nil {
		return control.Done{}, err
	}
	if !slices.EqualFunc(cfg.Listen, a.o.Config.Listen, func(x, y config.Listen) bool { return x.Transport == y.Transport }) {
		cs.listen = a.certs.now.Load().listen // the sockets that are open need theirs
	}
	if cs.console == nil {
		cs.console = a.certs.now.Load().console // the console goes on as it was begun
	}
	customers, err := a.store.Customers(ctx)
	if err != nil {
		return control.Done{}, err
	}
	trunks, err := a.store.Trunks(ctx, "")
	if err != nil {
		return control.Done{}, err
	}
	if r.source.Suspended, err = a.suspendedNow(ctx, customers); err != nil {
		return control.Done{}, err
	}
	p, dir, err := a.compile(r, customers, trunks)
	if err != nil {
		return control.Done{}, err
	}
	later := needsRestart(a.o.Config, cfg)
	note := "reload"
	if len(later) > 0 {
		note += "; a restart is needed for: " + strings.Join(later, ", ")
	}
	done, err := a.record(ctx, by, note)
	if err != nil {
		return done, err
	}
	if err := a.edge.SetCarriers(edgeCarriers(cfg, cs)); err != nil {
		return done, a.undone(context.WithoutCancel(ctx), by, 0, 1, err)
	}
	a.certs.now.Store(cs)
	a.teller.reload(ways)
	a.cfg, a.rules = cfg, r
	a.setLevel()
	a.force(customers, trunks, p, dir)
	a.log.Info("reloaded", slog.Int("customers", len(customers)), slog.Int("trunks", len(trunks)), slog.Any("restart_needed_for", later))
	return done, nil
}

// needsRestart names the parts of the configuration that differ and are read at the start only.
func needsRestart(old, now *config.Config) []string {
	var parts []string
	differ := func(name string, a, b any) {
		if !reflect.DeepEqual(a, b) {
			parts = append(parts, name)
		}
	}
	oldNode, newNode := old.Node, now.Node
	oldNode.TimeZone, newNode.TimeZone = nil, nil // part of the policy
	differ("[node]", oldNode, newNode)
	differ("[[listen]]", old.Listen, now.Listen)
	differ("guard.emergency", old.Guard.Emergency, now.Guard.Emergency)
	differ("[journal]", old.Journal, now.Journal)
	oldSIP, newSIP := old.SIP, now.SIP
	oldSIP.Drain, newSIP.Drain, oldSIP.KeepCalls, newSIP.KeepCalls = 0, 0, false, false
	differ("[sip]", oldSIP, newSIP)
	differ("[control]", old.Control, now.Control)
	differ("[console]", old.Console, now.Console)
	differ("[metrics]", old.Metrics, now.Metrics)
	differ("log.format", old.Log.JSON, now.Log.JSON)
	return parts
}

// customerState gathers all that stands about a customer. App.admin is held.
func (a *App) customerState(c *tsujiban.Customer) control.CustomerState {
	limits := effective(c.Limits, effective(a.rules.set.Defaults, a.rules.source.Defaults))
	s := control.CustomerState{Customer: control.CustomerOf(c), Ceiling: control.LimitsOf(&limits)}
	limits = c.Own.Narrow(limits)
	s.Effective = control.LimitsOf(&limits)
	if u, ok := a.guard.Usage(c.ID); ok {
		s.Usage = control.Usage{
			Today: control.Amount(u.Today), Month: control.Amount(u.Month), Reserved: control.Amount(u.Reserved),
			Channels: u.Running, Weight: float64(u.Weight),
		}
		if u.Restriction != nil {
			s.Restriction = control.RestrictionOf(u.Restriction)
		}
	}
	return s
}

// effective fills limits that a customer does not have with the defaults, as the policy does.
func effective(own, def tsujiban.Limits) tsujiban.Limits {
	o, d := reflect.ValueOf(&own).Elem(), reflect.ValueOf(def)
	for i := range o.NumField() {
		if f := o.Field(i); f.IsZero() || f.Kind() == reflect.Slice && f.Len() == 0 {
			f.Set(d.Field(i))
		}
	}
	return own
}

// trunksOf are the ids of a customer's trunks. App.admin is held.
func (a *App) trunksOf(id tsujiban.CustomerID) []string {
	var ids []string
	for i := range a.trunks {
		if a.trunks[i].Customer == id {
			ids = append(ids, string(a.trunks[i].ID))
		}
	}
	return ids
}

// sources are cleared of host bits, as the store wants them.
func masked(ps []netip.Prefix) []netip.Prefix {
	for i, p := range ps {
		ps[i] = p.Masked()
	}
	return ps
}
