// Package storetest is the contract of a store as tests: every store runs [Run] and
// passes, whatever database it is made of.
//
// What is asked of a store is said in several small interfaces, one for each of those who
// use it. Consumers name the ones that they need.
package storetest

import (
	"context"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/notify/outbox"
	"tsujiban/people"
	"tsujiban/store"
)

// Customers are the customers with limits and numbers.
type Customers interface {
	AddCustomer(ctx context.Context, by string, c tsujiban.Customer) error
	PutCustomer(ctx context.Context, by string, c tsujiban.Customer) error
	UpdateCustomer(ctx context.Context, by string, id tsujiban.CustomerID, change func(*tsujiban.Customer) error) error
	SetLimits(ctx context.Context, by string, id tsujiban.CustomerID, p store.LimitsPatch) error
	SetNumbers(ctx context.Context, by string, id tsujiban.CustomerID, numbers []string) error
	DeleteCustomer(ctx context.Context, by string, id tsujiban.CustomerID) error
	Customer(ctx context.Context, id tsujiban.CustomerID) (tsujiban.Customer, error)
	Customers(ctx context.Context) ([]tsujiban.Customer, error)
	NumberHolder(ctx context.Context, n tsujiban.Number) (id tsujiban.CustomerID, pattern string, ok bool, err error)
}

// Trunks are the links to PBXs.
type Trunks interface {
	AddTrunk(ctx context.Context, by string, t tsujiban.Trunk) error
	PutTrunk(ctx context.Context, by string, t tsujiban.Trunk) error
	DeleteTrunk(ctx context.Context, by string, id tsujiban.TrunkID) error
	Trunk(ctx context.Context, id tsujiban.TrunkID) (tsujiban.Trunk, error)
	Trunks(ctx context.Context, customer tsujiban.CustomerID) ([]tsujiban.Trunk, error)
}

// Restrictions are those that stand.
type Restrictions interface {
	PutRestriction(ctx context.Context, r tsujiban.Restriction) error
	ReleaseRestriction(ctx context.Context, by string, id tsujiban.CustomerID, at time.Time, note string) error
	Restriction(ctx context.Context, id tsujiban.CustomerID) (tsujiban.Restriction, error)
	Restrictions(ctx context.Context) ([]tsujiban.Restriction, error)
}

// Actions are the log of who set what.
type Actions interface {
	AddAction(ctx context.Context, a store.Action) error
	Actions(ctx context.Context, q store.ActionQuery) ([]store.Action, error)
}

// Watch tells of changes.
type Watch interface {
	Changes() uint64
	Changed(seen uint64) <-chan struct{}
}

// Calls are the view of the calls.
type Calls interface {
	ApplyEvents(ctx context.Context, events []tsujiban.Event) error
	Position(ctx context.Context) (uint64, error)
	ResetViews(ctx context.Context, first uint64) error
	Call(ctx context.Context, id tsujiban.CallID) (store.Call, error)
	Calls(ctx context.Context, q store.CallQuery) (store.CallPage, error)
	OpenCalls(ctx context.Context) ([]store.Call, error)
	DailyUse(ctx context.Context, customer tsujiban.CustomerID, from, to time.Time) ([]store.DayUse, error)
}

// Store is all of it, for the suite alone.
type Store interface {
	Customers
	Trunks
	Restrictions
	Actions
	Watch
	Calls
	Inquiries
	people.Store
	outbox.Box
	Close() error
}

// Open opens the store at a place: the name of a folder of its own, empty at first. Opened
// again after Close, it holds what it held.
type Open func(t *testing.T, place string) Store

// Run runs the whole suite.
func Run(t *testing.T, open Open) {
	for name, test := range map[string]func(*testing.T, *subject){
		"customers round trip":     customersRoundTrip,
		"customers refused":        customersRefused,
		"customers update":         customersUpdate,
		"customers delete":         customersDelete,
		"limits":                   limits,
		"numbers":                  numbers,
		"trunks round trip":        trunksRoundTrip,
		"trunks refused":           trunksRefused,
		"trunks conflict":          trunksConflict,
		"trunk overlap property":   trunksOverlapProperty,
		"restrictions":             restrictions,
		"actions":                  actions,
		"actions follow settings":  actionsFollowSettings,
		"watch":                    watch,
		"hostile text in settings": hostileSettings,
		"hostile text in calls":    hostileCalls,
		"calls fold":               callsFold,
		"calls position":           callsPosition,
		"calls rollback":           callsRollback,
		"calls reset":              callsReset,
		"calls queries":            callsQueries,
		"calls refused":            callsRefused,
		"daily use":                dailyUse,
		"daily use in summer time": dailyUseSummerTime,
		"inquiries":                inquiries,
		"looks":                    looks,
		"holds":                    holds,
		"persons":                  persons,
		"secrets":                  secrets,
		"sessions":                 sessions,
		"tokens":                   tokens,
		"links":                    links,
		"proposals":                proposals,
		"sweep of people":          sweep,
		"notices":                  notices,
		"notices settled":          noticesSettled,
		"reopen":                   reopen,
		"closed":                   closed,
		"cancelled":                cancelled,
		"concurrent":               concurrent,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &subject{open: open, place: t.TempDir()}
			s.Store = open(t, s.place)
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Error("close:", err)
				}
			})
			test(t, s)
		})
	}
}

// subject is the store under test.
type subject struct {
	Store
	open  Open
	place string
}

func (s *subject) reopen(t *testing.T) {
	t.Helper()
	ok(t, s.Close())
	s.Store = s.open(t, s.place)
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fails checks that err carries the code and that its text holds all words.
func fails(t *testing.T, err error, code tsujiban.Code, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %v", code)
	}
	if got := tsujiban.CodeOf(err); got != code {
		t.Fatalf("error %q has code %v, want %v", err, got, code)
	}
	for _, w := range words {
		if !contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}
