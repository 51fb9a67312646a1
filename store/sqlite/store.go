package sqlite

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"tsujiban"
	"tsujiban/suspicion"
)

// Store is an open store. Its methods are safe for concurrent use. Their errors carry a
// code: CodeInvalid names the field, CodeUnavailable and CodeCorrupt say what to do.
type Store struct {
	path     string
	clock    func() time.Time
	zone     *time.Location // of the sums by day
	settings *database
	ledger   *database
	lock     *fileLock

	erased       func(from, to uint64) bool // whether the journal lacks these entries in order
	rebuildBatch int                        // rebuildBatch, less in tests

	viewMu sync.RWMutex
	view   *database // guarded by viewMu; nil when opened WithoutCalls

	suspicions suspicions // of the view's writer
	open       openCalls

	watchMu sync.Mutex
	changes uint64        // guarded by watchMu
	changed chan struct{} // guarded by watchMu; closed at the next change
}

// Option changes how a store is opened.
type Option func(*options)

type options struct {
	erased    func(from, to uint64) bool
	clock     func() time.Time
	zone      *time.Location
	skipCalls bool

	suspicions func(*suspicion.Case)
}

// WithClock sets where the times of staff actions come from; time.Now when not given.
func WithClock(now func() time.Time) Option { return func(o *options) { o.clock = now } }

// WithErased says which entries from..to, both among them, the journal no longer has because their term is over: the calls go on
// behind them. Otherwise a gap is an error.
func WithErased(erased func(from, to uint64) bool) Option {
	return func(o *options) { o.erased = erased }
}

// WithoutCalls leaves the view of the calls alone, for a [Store.Rebuild] when it is
// damaged. Until then everything about calls returns CodeUnavailable.
func WithoutCalls() Option { return func(o *options) { o.skipCalls = true } }

// Open opens the store whose settings are in the file at path, and makes what is missing.
// The settings are read through for damage: they are small, and it is better found now
// than at the next change.
// Errors: CodeCorrupt when a file is damaged, CodeConflict when it was made by a newer
// version or is being rebuilt by another process, CodeUnavailable when the files cannot
// be used.
func Open(ctx context.Context, path string, opts ...Option) (*Store, error) {
	o := options{clock: time.Now, zone: time.UTC, erased: func(uint64, uint64) bool { return false }}
	for _, opt := range opts {
		opt(&o)
	}
	lock, err := lockShared(path + ".lock")
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, clock: o.clock, zone: o.zone, lock: lock, erased: o.erased, rebuildBatch: rebuildBatch, changed: make(chan struct{})}
	s.suspicions.tell = o.suspicions
	if s.settings, err = openDatabase(ctx, path, settingsKind); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if s.ledger, err = openDatabase(ctx, ledgerPath(path), ledgerKind); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if !o.skipCalls {
		if s.view, err = openDatabase(ctx, s.callsPath(), viewKind); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// callsPath is the file of the view: store.calls.db beside store.db.
func (s *Store) callsPath() string { return strings.TrimSuffix(s.path, ".db") + ".calls.db" }

// Close waits for what runs and closes the files. What is asked afterwards gets
// CodeUnavailable.
func (s *Store) Close() error {
	s.viewMu.Lock()
	defer s.viewMu.Unlock()
	var errs []error
	if s.view != nil {
		errs = append(errs, s.view.close())
		s.view = nil
	}
	if s.ledger != nil {
		errs = append(errs, s.ledger.close())
	}
	if s.settings != nil {
		errs = append(errs, s.settings.close())
	}
	return errors.Join(append(errs, s.lock.close())...)
}

// Check reads all files through and compares indexes with tables; it takes a while when
// there are many calls. The error is CodeCorrupt and says what to do.
func (s *Store) Check(ctx context.Context) error {
	return errors.Join(s.settings.check(ctx, "integrity_check"), s.ledger.check(ctx, "integrity_check"), s.withView(func(v *database) error {
		return v.check(ctx, "integrity_check")
	}))
}

// Changes counts the changes of customers and trunks since the store was opened.
func (s *Store) Changes() uint64 {
	s.watchMu.Lock()
	defer s.watchMu.Unlock()
	return s.changes
}

// Changed returns a channel that is closed once there are more than seen changes. To miss
// none: read Changes, read the settings, then wait for Changed of what Changes said.
func (s *Store) Changed(seen uint64) <-chan struct{} {
	s.watchMu.Lock()
	defer s.watchMu.Unlock()
	if s.changes > seen {
		c := make(chan struct{})
		close(c)
		return c
	}
	return s.changed
}

func (s *Store) noteChange() {
	s.watchMu.Lock()
	defer s.watchMu.Unlock()
	s.changes++
	close(s.changed)
	s.changed = make(chan struct{})
}

// withView calls f with the open view, which stays open meanwhile.
func (s *Store) withView(f func(*database) error) error {
	s.viewMu.RLock()
	defer s.viewMu.RUnlock()
	if s.view == nil {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "the calls of %s are not open", s.path)
	}
	return f(s.view)
}
