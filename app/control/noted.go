package control

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/ledger"
)

// Noted is a note as it is shown: what the program wrote, in the reader's language, and behind it what somebody typed, as they typed it.
type Noted struct{ Ours, Typed string }

// NotTheirs begins the note of a restriction that stands because the customer said so; what they wrote follows.
const NotTheirs = "the customer says that the use is not theirs: "

// Noted parts the note of an action. Which of it somebody typed, its verb tells.
func (a *Action) Noted(l tsujiban.Lang) Noted {
	if d, ok := a.Deed(); ok {
		return d.Noted(l)
	}
	switch a.Verb {
	case "restrict", "release":
		return TypedNote(a.Note, l)
	case "customer-delete":
		return Noted{Typed: a.Note} // its name
	case "rules-set":
		return rulesNoted(a.Note, l)
	}
	return Noted{Ours: ChangeText(a.Note, l)}
}

// Level is what a restriction, or a release, was about; empty for all other actions.
func (a *Action) Level() string {
	if a.Verb == "restrict" || a.Verb == "release" {
		return a.Object
	}
	return ""
}

// Who gave an answer without a name, and what is noted of an answer that the customer's pages give.
const (
	ByLink           = "link in the customer's mail"
	AnsweredByLink   = "answered through the link in the mail"
	AnsweredInPortal = "answered in the portal"
)

// Who is the name under which something is recorded, in the reader's language: people's names stay as they are.
func Who(by string, l tsujiban.Lang) string {
	if l == tsujiban.English {
		return by
	}
	name, console := strings.CutSuffix(by, " (console)")
	switch name {
	case "guard":
		name = "辻番（自動）"
	case ByLink, "link":
		return "メールのリンク"
	}
	if console {
		name += "（コンソール）"
	}
	return name
}

// TypedNote parts a note that somebody typed from what the program puts before it.
func TypedNote(note string, l tsujiban.Lang) Noted {
	first := ""
	if rest, ok := strings.CutPrefix(note, NotTheirs); ok {
		first, note = ours(NotTheirs, l), rest
	}
	if note == AnsweredByLink || note == AnsweredInPortal {
		return Noted{Ours: strings.TrimSpace(first + " " + ours(note, l))}
	}
	if first != "" {
		return Noted{first, note}
	}
	return Noted{Typed: note}
}

// rulesNoted: what has changed, then why.
func rulesNoted(note string, l tsujiban.Lang) Noted {
	if why, what, ok := strings.Cut(note, "\uFFFD"); ok { // as it was kept before, with a sign for the new line
		return Noted{ChangeText(what, l), why}
	}
	parts := strings.Split(note, "; ")
	n := 0
	for n < len(parts) && isRules(parts[n]) {
		n++
	}
	return Noted{ChangeText(strings.Join(parts[:n], "; "), l), strings.Join(parts[n:], "; ")}
}

func isRules(part string) bool {
	_, limits := strings.CutPrefix(part, "default limits: ")
	return limits || part == "no change" || ruleChange.MatchString(part)
}

// ours is a text that the program alone makes.
func ours(text string, l tsujiban.Lang) string {
	if l == tsujiban.English {
		return strings.TrimSpace(text)
	}
	return strings.TrimSpace(changed(text))
}

// OutcomeText tells what came of an order that a second person agreed to: what the order answered, or why it was not carried out.
func OutcomeText(outcome string, l tsujiban.Lang) string {
	if l == tsujiban.English {
		return outcome
	}
	if why, ok := strings.CutPrefix(outcome, "not done: "); ok {
		say, _ := Said(tsujiban.CodeConflict, why, l)
		return "実行できませんでした: " + say
	}
	return ChangeText(outcome, l)
}

// SubjectText tells what a proposal is about, which is kept as a code.
func SubjectText(subject string, l tsujiban.Lang) string { return ours(subject, l) }

// StepNoted is a step of a suspension case, as its note tells it.
type StepNoted struct {
	Case int64
	Step int
	Kind ledger.StepKind
	Of   string // whom it is about, or what else was noted
	Due  time.Time
}

var stepNoted = regexp.MustCompile(`^suspension case ([0-9]+), step ([0-9]+): ([a-z]+)(?:: (.*?))?(?:; due (\S+))?(?:; until (\S+))?$`)

// StepOf reads the note of a step; ok is false when it is none.
func StepOf(note string) (s StepNoted, ok bool) {
	m := stepNoted.FindStringSubmatch(note)
	if m == nil {
		return s, false
	}
	s.Kind, s.Of = ledger.StepKind(m[3]), m[4]
	var err error
	if s.Case, err = strconv.ParseInt(m[1], 10, 64); err != nil {
		return s, false
	}
	if s.Step, err = strconv.Atoi(m[2]); err != nil {
		return s, false
	}
	s.Due, err = time.Parse(time.RFC3339, m[5])
	return s, (err == nil || m[5] == "") && s.Kind.Text(tsujiban.English) != ""
}
