package control

import (
	"strings"

	"tsujiban"
)

// Noted is a note as it is shown: what the program wrote, in the reader's language, and behind it what somebody typed, as they typed it.
type Noted struct{ Ours, Typed string }

// NotTheirs begins the note of a restriction that stands because the customer said so; what they wrote follows.
const NotTheirs = "the customer says that the use is not theirs: "

// Noted parts the note of an action. Which of it somebody typed, its verb tells.
func (a *Action) Noted(l tsujiban.Lang) Noted {
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

// TypedNote parts a note that somebody typed from what the program puts before it.
func TypedNote(note string, l tsujiban.Lang) Noted {
	if rest, ok := strings.CutPrefix(note, NotTheirs); ok {
		return Noted{ours(NotTheirs, l), rest}
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
