package storetest

import (
	"strings"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/notify/outbox"
)

func notice(fact string, k outbox.Kind, to string, due time.Time) outbox.Notice {
	return outbox.Notice{
		ID: outbox.ID(fact, outbox.Mail, to), Kind: k, To: to, Name: "山田 太郎", Lang: tsujiban.English, Customer: "hakata-shokai",
		Facts: []byte(`{"note":"<script>"}`), Made: noon, Due: due,
	}
}

func due(t *testing.T, s *subject, at time.Time, want ...string) []outbox.Notice {
	t.Helper()
	ns, err := s.DueNotices(ctx, outbox.Mail, at, 10)
	ok(t, err)
	var got []string
	for _, n := range ns {
		got = append(got, n.ID)
	}
	same(t, got, want)
	return ns
}

func notices(t *testing.T, s *subject) {
	_, begun, err := s.NoticesUpTo(ctx)
	ok(t, err)
	same(t, begun, false)
	digest := notice("digest", outbox.Digest, "a@example.jp", noon)
	later := notice("later", outbox.Spending, "a@example.jp", noon.Add(time.Hour))
	stop := notice("stop", outbox.Restriction, "b@example.jp", noon.Add(time.Minute))
	hook := outbox.Notice{ID: outbox.ID("stop", outbox.Webhook, "ops"), Kind: outbox.Restriction, Channel: outbox.Webhook, To: "ops", Staff: true, Facts: []byte(`{}`), Made: noon, Due: noon}
	added, err := s.PutNotices(ctx, 7, []outbox.Notice{digest, later, stop, hook})
	ok(t, err)
	same(t, added, 4)
	// The same facts again, as after a crash: nothing is told twice.
	added, err = s.PutNotices(ctx, 9, []outbox.Notice{stop, digest})
	ok(t, err)
	same(t, added, 0)
	_, err = s.PutNotices(ctx, 0, []outbox.Notice{notice("x", outbox.Test, "c@example.jp\r\nBcc: d@example.jp", noon)})
	fails(t, err, tsujiban.CodeInvalid, "to")
	s.reopen(t)
	pos, begun, err := s.NoticesUpTo(ctx)
	ok(t, err)
	same(t, begun, true)
	same(t, pos, 9)
	next, some, err := s.NextNotice(ctx)
	ok(t, err)
	same(t, some, true)
	same(t, next, noon)
	due(t, s, noon.Add(-time.Second))
	// What is urgent goes first, though it came last.
	got := due(t, s, noon.Add(time.Minute), stop.ID, digest.ID)
	same(t, got[1], digest)
	due(t, s, noon.Add(time.Hour), stop.ID, digest.ID, later.ID)
	hooks, err := s.DueNotices(ctx, outbox.Webhook, noon, 10)
	ok(t, err)
	same(t, hooks, []outbox.Notice{hook})
}

func noticesSettled(t *testing.T, s *subject) {
	one, two, three := notice("1", outbox.Question, "a@example.jp", noon), notice("2", outbox.Question, "a@example.jp", noon), notice("3", outbox.Reply, "a@example.jp", noon)
	_, err := s.PutNotices(ctx, 0, []outbox.Notice{one, two, three})
	ok(t, err)
	ok(t, s.JoinNotices(ctx, "g", []string{one.ID, two.ID}))
	later := noon.Add(time.Minute)
	ok(t, s.SettleNotices(ctx, &outbox.Settled{IDs: []string{one.ID, two.ID}, State: outbox.Waiting, At: noon, Due: later, Reason: "451 \x1b[2J\r\nlater " + strings.Repeat("長", 2*outbox.MaxReason)}))
	due(t, s, noon, three.ID)
	got := due(t, s, later, one.ID, two.ID, three.ID)
	same(t, got[0].Tries, 1)
	same(t, got[0].Group, "g")
	same(t, got[0].Tried, noon)
	if strings.ContainsAny(got[0].Reason, "\x1b\r\n") || len(got[0].Reason) > 4*outbox.MaxReason {
		t.Errorf("reason was kept as %q", got[0].Reason)
	}
	ok(t, s.SettleNotices(ctx, &outbox.Settled{IDs: []string{one.ID, two.ID}, State: outbox.Dead, At: later, Reason: "550 no such user"}))
	ok(t, s.SettleNotices(ctx, &outbox.Settled{IDs: []string{three.ID}, State: outbox.Sent, At: later}))
	// What is over stays over.
	ok(t, s.SettleNotices(ctx, &outbox.Settled{IDs: []string{three.ID}, State: outbox.Waiting, At: later, Due: later}))
	n, last, err := s.SentNotices(ctx, outbox.Mail, "a@example.jp", noon)
	ok(t, err)
	same(t, n, 1)
	same(t, last, later)
	dead := outbox.Dead
	list, err := s.Notices(ctx, outbox.Query{State: &dead, Customer: "hakata-shokai"})
	ok(t, err)
	same(t, []string{list[0].ID, list[1].ID}, []string{two.ID, one.ID})
	same(t, list[0].Reason, "550 no such user")
	count, err := s.CountNotices(ctx)
	ok(t, err)
	same(t, count, outbox.Count{outbox.Dead: 2})

	_, err = s.NoticeAgain(ctx, three.ID, later)
	fails(t, err, tsujiban.CodeConflict, "sent")
	_, err = s.NoticeAgain(ctx, "none", later)
	fails(t, err, tsujiban.CodeNotFound, "none")
	again, err := s.NoticeAgain(ctx, one.ID, later)
	ok(t, err)
	same(t, again.State, outbox.Waiting)
	same(t, len(due(t, s, later, one.ID, two.ID)), 2)
	ok(t, s.SettleNotices(ctx, &outbox.Settled{IDs: []string{one.ID, two.ID}, State: outbox.Sent, At: later}))
	n, _, err = s.SentNotices(ctx, outbox.Mail, "a@example.jp", noon)
	ok(t, err)
	same(t, n, 2) // two in one message count once
	dropped, err := s.DropNotices(ctx, later, noon)
	ok(t, err)
	same(t, dropped, 0)
	dropped, err = s.DropNotices(ctx, later.Add(time.Second), noon)
	ok(t, err)
	same(t, dropped, 3)
	_, some, err := s.NextNotice(ctx)
	ok(t, err)
	same(t, some, false)
	_, err = s.Notices(ctx, outbox.Query{Limit: outbox.MaxPage + 1})
	fails(t, err, tsujiban.CodeInvalid, "limit")
}
