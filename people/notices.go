package people

import (
	"slices"
	"time"

	"tsujiban"
)

// NoticeKind is one kind of notice that a person can choose.
type NoticeKind string

// The kinds of notice.
const (
	NoticeRestriction NoticeKind = "restriction" // calls of a customer were restricted; never held back
	NoticeCase        NoticeKind = "case"        // a case has begun or grown
	NoticeAsked       NoticeKind = "asked"       // was this you?
	NoticeReply       NoticeKind = "reply"       // a customer answered
	NoticeLimit       NoticeKind = "limit"       // near a limit, or at it
	NoticeProposal    NoticeKind = "proposal"    // something waits for a second person
	NoticeSecurity    NoticeKind = "security"    // the own account; never held back, cannot be switched off
	NoticeHealth      NoticeKind = "health"      // carriers, journal, nodes
	NoticeDigest      NoticeKind = "digest"      // once a day
)

// NoticeKinds are all of them, in the order in which pages list them.
var NoticeKinds = []NoticeKind{NoticeRestriction, NoticeCase, NoticeAsked, NoticeReply, NoticeLimit, NoticeProposal, NoticeSecurity, NoticeHealth, NoticeDigest}

var noticeTexts = map[NoticeKind][2]string{
	NoticeRestriction: {"発信規制", "restrictions"},
	NoticeCase:        {"不正利用の疑い", "cases of suspicion"},
	NoticeAsked:       {"ご利用の確認", "was this you?"},
	NoticeReply:       {"契約者からの回答", "answers of customers"},
	NoticeLimit:       {"利用上限", "limits"},
	NoticeProposal:    {"二人目の承認待ち", "waiting for a second person"},
	NoticeSecurity:    {"アカウントの安全", "security of your account"},
	NoticeHealth:      {"設備の状態", "health of the system"},
	NoticeDigest:      {"毎日のまとめ", "daily digest"},
}

// Text says the kind to a person.
func (k NoticeKind) Text(l tsujiban.Lang) string {
	if l == tsujiban.English {
		return noticeTexts[k][1]
	}
	return noticeTexts[k][0]
}

// Urgent tells whether quiet hours do not hold it back.
func (k NoticeKind) Urgent() bool {
	return k == NoticeRestriction || k == NoticeAsked || k == NoticeSecurity
}

// Notices are how a person wants to be told.
type Notices struct {
	Person   string
	Mail     string // address; the login when empty
	Language tsujiban.Lang
	// Quiet hours, as time since midnight in the node's zone; both zero: none. They may
	// run over midnight.
	QuietFrom, QuietTo time.Duration
	Kinds              []NoticeKind // those that are wanted; NoticeSecurity always is
}

// DefaultNotices are those of a person who has not chosen: everything that the role is for.
func DefaultNotices(p *Person) Notices {
	n := Notices{Person: p.ID, Language: p.Language}
	for _, k := range NoticeKinds {
		if noticeFor(k, p.Role) {
			n.Kinds = append(n.Kinds, k)
		}
	}
	return n
}

// noticeFor tells whether a kind of notice is for a role at all.
func noticeFor(k NoticeKind, r Role) bool {
	switch k {
	case NoticeSecurity, NoticeDigest:
		return true
	case NoticeRestriction, NoticeLimit:
		return r.May(SeeCases) || !r.Staff()
	case NoticeAsked:
		return !r.Staff()
	case NoticeCase, NoticeReply:
		return r.May(ActOnCase)
	case NoticeProposal:
		return r.May(Approve)
	case NoticeHealth:
		return r == Administrator
	}
	return false
}

// For are the kinds that a person can choose among.
func (n *Notices) For(r Role) (kinds []NoticeKind) {
	for _, k := range NoticeKinds {
		if noticeFor(k, r) {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// Wants tells whether a person is to be told of a kind.
func (n *Notices) Wants(k NoticeKind) bool { return k == NoticeSecurity || slices.Contains(n.Kinds, k) }

// Held tells whether quiet hours hold a notice back at a time of day (since midnight), and
// for how long.
func (n *Notices) Held(k NoticeKind, at time.Duration) (time.Duration, bool) {
	if k.Urgent() || n.QuietFrom == n.QuietTo {
		return 0, false
	}
	const day = 24 * time.Hour
	in := func(d time.Duration) time.Duration { return ((d % day) + day) % day }
	if in(at-n.QuietFrom) >= in(n.QuietTo-n.QuietFrom) {
		return 0, false
	}
	return in(n.QuietTo - at), true
}

// Valid checks what was chosen. The error is CodeInvalid and names the field.
func (n *Notices) Valid() error {
	if n.Mail != "" {
		if m, err := ParseLogin(n.Mail); err != nil {
			return invalid("mail", "%.60q is not a mail address such as sato@example.jp", n.Mail)
		} else {
			n.Mail = m
		}
	}
	if n.Language > tsujiban.English {
		return invalid("language", "%d is none of the languages", n.Language)
	}
	for _, d := range []time.Duration{n.QuietFrom, n.QuietTo} {
		if d < 0 || d >= 24*time.Hour || d%time.Minute != 0 {
			return invalid("quiet", "%v is no time of day; write it as 22:00", d)
		}
	}
	for _, k := range n.Kinds {
		if !slices.Contains(NoticeKinds, k) {
			return invalid("kinds", "there is no notice %q", k)
		}
	}
	return nil
}
