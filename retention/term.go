package retention

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"tsujiban"
)

// Term is how long something is kept, in calendar units: the same day of the month some months later.
type Term struct {
	Years, Months, Days int
}

// ParseTerm reads "180d", "6mo" or "7y". Error: CodeInvalid.
func ParseTerm(s string) (Term, error) {
	for _, u := range []struct {
		unit string
		most int
		term func(int) Term
	}{
		{"mo", 1200, func(n int) Term { return Term{Months: n} }},
		{"d", 36_500, func(n int) Term { return Term{Days: n} }},
		{"y", 100, func(n int) Term { return Term{Years: n} }},
	} {
		digits, ok := strings.CutSuffix(s, u.unit)
		if !ok {
			continue
		}
		n, err := strconv.Atoi(digits)
		if err == nil && n > 0 && n <= u.most && digits == strconv.Itoa(n) {
			return u.term(n), nil
		}
	}
	return Term{}, tsujiban.Errorf(tsujiban.CodeInvalid, "%q is no term; write days, months or years, as 180d, 6mo or 7y", s)
}

// String is what ParseTerm reads.
func (t Term) String() string {
	switch {
	case t.Years > 0:
		return fmt.Sprintf("%dy", t.Years)
	case t.Months > 0:
		return fmt.Sprintf("%dmo", t.Months)
	}
	return fmt.Sprintf("%dd", t.Days)
}

// Before is the instant before which something is past its term.
func (t Term) Before(now time.Time) time.Time { return now.AddDate(-t.Years, -t.Months, -t.Days) }

// Over is when the term of something ends that began at an instant.
func (t Term) Over(from time.Time) time.Time { return from.AddDate(t.Years, t.Months, t.Days) }

// About is the term in days, for comparisons: a month counts 30, a year 365.
func (t Term) About() int { return 365*t.Years + 30*t.Months + t.Days }

// Terms says how long each kind of record is kept.
type Terms struct {
	Calls   Term // the calls that are searched
	Journal Term // the journal's segments, which hold the calls too
	Looks   Term // looks into records, and what staff and guard set, beyond their segment
	Checks  Term // identity checks, after the end of the contract
	// Inquiries are cases, with the looks under them, after they were closed.
	Inquiries Term
	// Screens are onboarding screens; of a holder that has its numbers by one, after the end of the contract. Suspensions are cases of the
	// suspension scheme, after they were lifted. Both stay as long as the rules look back at them.
	Screens, Suspensions Term
}

// What a term may not fall below, in days as [Term.About] counts them.
const (
	// LeastJournal: what a customer has spent this month, and the bill of the last one, are counted from the journal.
	LeastJournal = 62
	// LeastChecks: identity checks are kept seven years after the contract.
	LeastChecks = 7 * 365
	// DesiredLeast and DesiredMost: three to six months are considered desirable for call records in Japan since 2025.
	DesiredLeast, DesiredMost = 90, 186
)

// Defaults are the terms when nothing is said.
func Defaults() Terms {
	return Terms{Calls: Term{Days: 180}, Journal: Term{Days: 180}, Looks: Term{Years: 3}, Checks: Term{Years: 7}, Inquiries: Term{Years: 5},
		Screens: Term{Years: 5}, Suspensions: Term{Years: 5}}
}

// Kind is a kind of record.
type Kind uint8

// The kinds, in the order in which they are erased.
const (
	Calls Kind = iota
	Journal
	Looks
	Checks
	Inquiries
	Screens
	Suspensions
	numKinds
)

// NumKinds is the count of kinds, for tables.
const NumKinds = int(numKinds)

var kindRows = [numKinds]struct{ name, ja, en string }{
	Calls:       {"calls", "通話一覧", "calls"},
	Journal:     {"journal", "記録簿（ジャーナル）", "journal"},
	Looks:       {"looks", "閲覧・操作の記録", "looks and actions"},
	Checks:      {"checks", "本人確認の記録", "identity checks"},
	Inquiries:   {"inquiries", "照会の案件", "inquiries"},
	Screens:     {"screens", "契約前審査の記録", "onboarding screens"},
	Suspensions: {"suspensions", "番号停止の案件", "suspension cases"},
}

func (k Kind) String() string { return kindRows[min(k, numKinds-1)].name }

// ParseKind finds a kind by its name.
func ParseKind(s string) (Kind, bool) {
	for i := range kindRows {
		if kindRows[i].name == s {
			return Kind(i), true
		}
	}
	return 0, false
}

// Text says the kind to a person.
func (k Kind) Text(l tsujiban.Lang) string {
	if l == tsujiban.English {
		return kindRows[min(k, numKinds-1)].en
	}
	return kindRows[min(k, numKinds-1)].ja
}

// Of is the term of a kind.
func (t *Terms) Of(k Kind) Term {
	return [numKinds]Term{Calls: t.Calls, Journal: t.Journal, Looks: t.Looks, Checks: t.Checks, Inquiries: t.Inquiries, Screens: t.Screens, Suspensions: t.Suspensions}[k]
}

// Explain says to a person what the terms mean, a line for each kind.
func (t *Terms) Explain(l tsujiban.Lang) []string {
	say := func(ja, en string) string {
		if l == tsujiban.English {
			return en
		}
		return ja
	}
	calls := say("通話記録は3〜6か月の保存が望ましいとされています", "3 to 6 months are considered desirable for call records")
	switch d := t.Calls.About(); {
	case d < DesiredLeast:
		calls = say("望ましいとされる3か月より短い期間です", "shorter than the 3 months that are considered desirable")
	case d > DesiredMost:
		calls = say("望ましいとされる6か月より長い期間です。必要な理由を説明できるようにしておいてください", "longer than the 6 months that are considered desirable: be ready to say what for")
	}
	why := [numKinds]string{
		Calls:       calls,
		Journal:     say("通話の記録を含むため、同じ期間以上が必要です。区間ごとに消し、署名つきで残します", "holds the calls too; erased by whole segments, with a signed statement"),
		Looks:       say("だれがどの根拠で見たか。通話の記録を消した後も残します", "who looked on what ground; kept when the calls are gone"),
		Checks:      say("契約が終わった後の期間です（7年以上）", "after the end of the contract; 7 years at least"),
		Inquiries:   say("終えた案件と、その閲覧の記録です", "cases that were closed, and the looks under them"),
		Screens:     say("お断りしたものは審査から、契約したものは契約が終わった後の期間です", "of who was turned down, from the screen on; of who became a customer, after the end of the contract"),
		Suspensions: say("解除した案件です。停止中のもの、報告・通知が済んでいないものは残ります", "cases that were lifted; one that stands, or has a report or notice to be made, stays"),
	}
	var out []string
	for k := range numKinds {
		out = append(out, fmt.Sprintf("%s %s: %s", k.Text(l), t.Of(k), why[k]))
	}
	return out
}
