package app

import (
	"context"
	"regexp"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/store"
)

// deed records what somebody does, as [App.record], and keeps it in the record of actions, too, where people look for it. Both are on disk
// when it returns, and nothing is shown or done before. What is kept there is erased with the looks.
func (a *App) deed(ctx context.Context, by, note, verb string, customer tsujiban.CustomerID, object string, d control.Deed) (control.Done, error) {
	done, err := a.record(ctx, by, note)
	if err == nil {
		err = a.keepDeed(ctx, by, verb, customer, object, d)
	}
	return done, err
}

func (a *App) keepDeed(ctx context.Context, by, verb string, customer tsujiban.CustomerID, object string, d control.Deed) error {
	d.Text = cut(printable(d.Text), 1000)
	if customer != "" && store.ValidID("customer", string(customer)) != nil {
		customer = "" // one that cannot be
	}
	return a.store.AddAction(ctx, store.Action{By: cut(printable(by), store.MaxName), Verb: verb, Customer: customer, Object: strings.TrimSpace(cut(printable(object), 100)), Note: d.String()})
}

// local is an instant as a deed keeps it.
func (a *App) local(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(a.o.Config.Node.TimeZone).Format("2006-01-02 15:04")
}

// maskedDigits hides the end of a number as somebody typed it; what is none is not repeated.
func (a *App) maskedDigits(text string) string {
	if text == "" {
		return ""
	}
	d, err := a.policy.Load().Plan().Parse([]byte(text))
	if err != nil {
		return "?"
	}
	return d.Number.Masked()
}

// searched is what is kept of a search of call records.
func (a *App) searched(q *control.CallSearch) control.Deed {
	// What the pages put between the ground and the reason for whole numbers.
	ground := strings.Replace(q.Ground, "; whole numbers: ", " / ", 1)
	return control.Deed{Text: ground, Number: a.maskedDigits(q.Number), From: a.local(q.From), To: a.local(q.To), Action: q.Action, Whole: q.Reveal}
}

// staffNotes are the records of package people that say who may do what. The login comes first, then what.
var staffNotes = []struct {
	verb string
	re   *regexp.Regexp
}{
	{"staff-invite", regexp.MustCompile(`^staff: (\S+) is invited as (\S+?)(?: (.*))?, until .*$`)},
	{"staff-first", regexp.MustCompile(`^staff: (\S+) becomes the first administrator by the link of the start$`)},
	{"staff-enter", regexp.MustCompile(`^staff: (\S+) uses the link: (.*)$`)},
	{"staff-oidc", regexp.MustCompile(`^staff: (\S+) \((.*)\) signs in by OpenID Connect from now on$`)},
	{"staff-link", regexp.MustCompile(`^staff: a link for (\S+) is made: (.*)$`)},
	{"staff-signout", regexp.MustCompile(`^staff: all sessions of (\S+) are ended$`)},
	{"token-end", regexp.MustCompile(`^staff: token \S+ of (\S+) is ended$`)},
	{"staff-demo", regexp.MustCompile(`^staff: (\S+) is added for a demonstration as (.*)$`)},
	{"staff-set", regexp.MustCompile(`^staff: (\S+): now (\S+)(?: (.*))?$`)},
	{"staff-set", regexp.MustCompile(`^staff: (\S+): (.*)$`)},
	{"account-set", regexp.MustCompile(`^account: ()(.*)$`)},
	{"proposal-add", regexp.MustCompile(`^proposed, for a second person to approve: ()(\S+) (.*)$`)},
	{"proposal-approved", regexp.MustCompile(`^proposal ([0-9]+) is approved: (\S+) .*$`)},
	{"proposal-declined", regexp.MustCompile(`^proposal ([0-9]+) is declined: (\S+) .*$`)},
	{"proposal-withdrawn", regexp.MustCompile(`^proposal ([0-9]+) is withdrawn: (\S+) .*$`)},
}

// loginOf is the login of a person by the id; the id itself when there is nobody of it, or not yet.
func (a *App) loginOf(ctx context.Context, id string) string {
	if id == "" {
		return ""
	}
	if p, err := a.door.Find(ctx, id); err == nil {
		return p.Login
	}
	return id
}

// recordPeople records what package people says. Signing in and out is no deed: a person's own page has it.
func (a *App) recordPeople(ctx context.Context, by, note string) error {
	if _, err := a.record(ctx, by, note); err != nil {
		return err
	}
	for i := range staffNotes {
		n := &staffNotes[i]
		m := n.re.FindStringSubmatch(note)
		if m == nil {
			continue
		}
		m = append(m, "", "")
		who, whom := a.loginOf(ctx, by), a.loginOf(ctx, m[1])
		if who != by {
			who += " (console)" // as elsewhere
		}
		return a.keepDeed(ctx, who, n.verb, "", whom, control.Deed{What: m[2], Text: m[3]})
	}
	return nil
}
