package notify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/notify/letter"
	"tsujiban/notify/outbox"
	"tsujiban/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	tokyo = time.FixedZone("JST", 9*3600)
	noon  = time.Date(2026, 11, 25, 12, 0, 0, 0, tokyo)
)

// office is a post with a real box, a clock that is set by hand, and a mailbox.
type office struct {
	*Post
	t    *testing.T
	box  *sqlite.Store
	now  time.Time
	file string

	mu   sync.Mutex
	sent []letter.Parcel
	fail map[string]error // by recipient
	lost []string
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, now: noon, file: filepath.Join(t.TempDir(), "store.db"), fail: map[string]error{}}
	o.open()
	t.Cleanup(func() {
		if err := o.box.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &Writer{From: "例示電話株式会社", Zone: tokyo, Currency: "JPY"}
	o.Post = &Post{
		Box: o.box, Route: func(c outbox.Channel, to string) (Route, error) {
			if to == "gone" {
				return Route{}, errors.New("no such webhook")
			}
			return Route{Sender: o, Joins: c == outbox.Mail}, nil
		},
		Write: w.Write, Clock: func() time.Time { return o.now }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Storm: 5, Spread: time.Minute, GiveUp: 48 * time.Hour,
		Lost: func(_ context.Context, ns []outbox.Notice, reason string) error {
			o.lost = append(o.lost, ns[0].To+": "+reason)
			return nil
		},
	}
	return o
}

func (o *office) open() {
	s, err := sqlite.Open(o.t.Context(), o.file)
	if err != nil {
		o.t.Fatal(err)
	}
	o.box = s
}

func (o *office) Send(_ context.Context, p *letter.Parcel) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.fail[p.To]; err != nil {
		return err
	}
	o.sent = append(o.sent, *p)
	return nil
}

func (o *office) put(k outbox.Kind, to string, n int) {
	o.t.Helper()
	for i := range n {
		f := &Facts{At: o.now, Customer: fmt.Sprintf("c%d", i), Name: "契約者", Level: "restrict", Reach: "abroad", Reason: "fraud", Today: control.Amount(1200 * tsujiban.Unit)}
		r := Recipient{To: to}
		if strings.HasPrefix(to, "hook") || to == "gone" {
			r.Channel = outbox.Webhook
		}
		ns, err := Plan(fmt.Sprintf("%s %d %v", k, i, o.now), k, f, []Recipient{r}, o.now, tokyo)
		if err != nil {
			o.t.Fatal(err)
		}
		if _, err := o.box.PutNotices(o.t.Context(), 0, ns); err != nil {
			o.t.Fatal(err)
		}
	}
}

func (o *office) round(want int) []letter.Parcel {
	o.t.Helper()
	o.sent = nil
	if err := o.Round(o.t.Context()); err != nil {
		o.t.Fatal(err)
	}
	if len(o.sent) != want {
		o.t.Fatalf("%d messages were sent, not %d", len(o.sent), want)
	}
	return o.sent
}

func (o *office) state(s outbox.State) []outbox.Notice {
	o.t.Helper()
	ns, err := o.box.Notices(o.t.Context(), outbox.Query{State: &s})
	if err != nil {
		o.t.Fatal(err)
	}
	return ns
}

func TestRetryAndGiveUp(t *testing.T) {
	o := newOffice(t)
	o.put(outbox.Restriction, "a@example.jp", 1)
	o.fail["a@example.jp"] = errors.New("451 greylisted")
	var pauses []time.Duration
	for len(o.state(outbox.Waiting)) == 1 {
		o.round(0)
		if ns := o.state(outbox.Waiting); len(ns) == 1 {
			pauses = append(pauses, ns[0].Due.Sub(o.now))
			o.now = ns[0].Due
		}
	}
	if len(pauses) < 40 || len(pauses) > 120 || pauses[0] < firstRetry/2 || pauses[0] > firstRetry || pauses[len(pauses)-1] < lastRetry/2 {
		t.Errorf("%d pauses, from %v to %v", len(pauses), pauses[0], pauses[len(pauses)-1])
	}
	dead := o.state(outbox.Dead)
	if len(dead) != 1 || dead[0].Reason != "451 greylisted" || len(o.lost) != 1 {
		t.Fatalf("dead %+v, told %v", dead, o.lost)
	}
	// Put right, it goes out under the same id.
	delete(o.fail, "a@example.jp")
	if _, err := o.box.NoticeAgain(t.Context(), dead[0].ID, o.now); err != nil {
		t.Fatal(err)
	}
	if got := o.round(1); got[0].ID != dead[0].ID {
		t.Errorf("it went out as %s", got[0].ID)
	}
	o.round(0)
}

func TestGoneAtOnce(t *testing.T) {
	o := newOffice(t)
	o.put(outbox.Closing, "b@example.jp", 1)
	o.put(outbox.Closing, "gone", 1)
	o.fail["b@example.jp"] = outbox.Permanent(errors.New("550 no such user"))
	o.round(0)
	if len(o.state(outbox.Dead)) != 2 || len(o.lost) != 2 {
		t.Errorf("dead %+v, told %v", o.state(outbox.Dead), o.lost)
	}
}

// TestStorm: many at once become one; who had many gets one a minute; others are not held up.
func TestStorm(t *testing.T) {
	o := newOffice(t)
	o.put(outbox.Restriction, "noc@example.jp", 40)
	o.put(outbox.Restriction, "c@example.jp", 1)
	o.put(outbox.Restriction, "hook", 7)
	got := o.round(9)
	for _, p := range got {
		switch p.To {
		case "noc@example.jp":
			if len(p.Letter.Parts[0].Table.Rows) != 40 || !strings.Contains(p.Letter.Subject, "40件") || !p.Urgent {
				t.Errorf("the storm's mail: %q", p.Letter.Subject)
			}
		case "hook": // programs read one by one
			if p.Letter.Parts[0].Table != nil {
				t.Error("a webhook got a table")
			}
		}
	}
	for range 4 {
		o.now = o.now.Add(10 * time.Second)
		o.put(outbox.Restriction, "noc@example.jp", 1)
		o.round(1)
	}
	o.now = o.now.Add(10 * time.Second)
	o.put(outbox.Restriction, "noc@example.jp", 3)
	o.round(0)
	o.put(outbox.Question, "d@example.jp", 1)
	o.put(outbox.Digest, "noc@example.jp", 0)
	o.round(1)
	o.now = o.now.Add(time.Minute)
	if got := o.round(1); len(got[0].Letter.Parts[0].Table.Rows) != 3 {
		t.Errorf("%+v", got[0].Letter)
	}
}

// TestJoinedStaysJoined: a crash between sending and marking sends the same message again, under the same id.
func TestJoinedStaysJoined(t *testing.T) {
	o := newOffice(t)
	o.put(outbox.Restriction, "noc@example.jp", 6)
	o.fail["noc@example.jp"] = errors.New("connection lost after DATA")
	o.round(0)
	if err := o.box.Close(); err != nil {
		t.Fatal(err)
	}
	o.open()
	o.Box = o.box
	delete(o.fail, "noc@example.jp")
	group := o.state(outbox.Waiting)[0].Group
	o.put(outbox.Restriction, "noc@example.jp", 1) // the same facts at the same time: nothing new
	o.now = o.now.Add(time.Minute)
	o.put(outbox.Restriction, "noc@example.jp", 1)
	got := o.round(2)
	if got[0].ID != group || len(got[0].Letter.Parts[0].Table.Rows) != 6 {
		t.Errorf("sent as %s with %d rows, want %s", got[0].ID, len(got[0].Letter.Parts[0].Table.Rows), group)
	}
}

// TestSlowWebhook: one that does not answer holds up neither mail nor another webhook.
func TestSlowWebhook(t *testing.T) {
	o := newOffice(t)
	held := make(chan struct{})
	route := o.Route
	var mu sync.Mutex
	n := 0
	o.Post.Route = func(c outbox.Channel, to string) (Route, error) {
		if to != "hook-slow" {
			r, err := route(c, to)
			return Route{Sender: senderFunc(func(ctx context.Context, p *letter.Parcel) error {
				mu.Lock()
				defer mu.Unlock()
				if n++; n == 2 {
					close(held) // both others are through: the slow one may go on
				}
				return r.Send(ctx, p)
			})}, err
		}
		return Route{Sender: senderFunc(func(ctx context.Context, _ *letter.Parcel) error {
			select {
			case <-held:
				return errors.New("at last: 500")
			case <-ctx.Done():
				return ctx.Err()
			}
		})}, nil
	}
	o.put(outbox.Restriction, "hook-slow", 1)
	o.put(outbox.Restriction, "hook-fast", 1)
	o.put(outbox.Restriction, "a@example.jp", 1)
	o.round(2)
}

type senderFunc func(context.Context, *letter.Parcel) error

func (f senderFunc) Send(ctx context.Context, p *letter.Parcel) error { return f(ctx, p) }

func TestQuietHours(t *testing.T) {
	at := func(h, m int) time.Time { return time.Date(2026, 11, 25, h, m, 0, 0, tokyo) }
	r := Recipient{QuietFrom: 22 * time.Hour, QuietTo: 7 * time.Hour}
	for _, c := range []struct {
		k        outbox.Kind
		at, want time.Time
	}{
		{outbox.Spending, at(12, 0), at(12, 0)},
		{outbox.Spending, at(22, 0), at(31, 0)},
		{outbox.Spending, at(3, 30), at(7, 0)},
		{outbox.Spending, at(7, 0), at(7, 0)},
		{outbox.Restriction, at(3, 30), at(3, 30)},
		{outbox.Question, at(3, 30), at(3, 30)},
		{outbox.Closing, at(23, 59), at(23, 59)},
	} {
		if got := r.due(c.k, c.at, tokyo); !got.Equal(c.want) {
			t.Errorf("%s at %v is due %v, want %v", c.k, c.at, got, c.want)
		}
	}
	none := Recipient{Kinds: []outbox.Kind{outbox.Digest}}
	ns, err := Plan("x", outbox.Release, &Facts{}, []Recipient{none, {To: "a"}}, noon, tokyo)
	if err != nil || len(ns) != 1 {
		t.Errorf("%v %v", ns, err)
	}
}
