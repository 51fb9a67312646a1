package app

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/config"
	"tsujiban/guard/policy"
	"tsujiban/ledger"
	"tsujiban/ledger/screen"
	"tsujiban/numbering"
	"tsujiban/rating"
	"tsujiban/store"
)

// rules are what the configuration's files say: the part of the policy that is not
// about single customers.
type rules struct {
	source policy.Source // by the configuration, without customers
	set    store.Rules   // at run time; see inForce
	plan   *numbering.Plan
	screen *screen.Rules
	scheme *ledger.SchemeRules
}

// maxHints bounds the file of hints, in bytes.
const maxHints = 8 << 20

// loadRules reads rates and hints and makes the numbering plan.
func loadRules(c *config.Config) (*rules, error) {
	var opts []numbering.Option
	if len(c.Guard.Emergency) > 0 {
		opts = append(opts, numbering.WithEmergency(c.Guard.Emergency...))
	}
	plan, err := numbering.New(c.Node.Country, opts...)
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "numbering plan of %s: %w; put node.country or guard.emergency right", c.Node.Country, err)
	}
	src := policy.Source{
		Defaults: c.Guard.Defaults, Closed: c.Guard.Closed, Plan: plan, Location: c.Node.TimeZone,
		Fraud: fraudMode(c.Guard.Fraud), NoRate: policy.NoRateDeny, Caution: c.Guard.Caution, Harm: c.Guard.Harm,
	}
	if c.Guard.AllowNoRate {
		src.NoRate = policy.NoRateAllow
	}
	if src.Rates, err = loadRates(c.Guard.Rates); err != nil {
		return nil, err
	}
	if src.Hints, err = loadHints(c.Guard.Hints); err != nil {
		return nil, err
	}
	r := &rules{source: src, plan: plan}
	if r.screen, err = loadScreen(c); err != nil {
		return nil, err
	}
	if r.scheme, err = loadScheme(c); err != nil {
		return nil, err
	}
	return r, nil
}

func fraudMode(m config.FraudMode) policy.FraudMode {
	switch m {
	case config.FraudObserve:
		return policy.FraudObserve
	case config.FraudOff:
		return policy.FraudOff
	}
	return policy.FraudEnforce
}

func loadRates(name string) (_ *rating.Deck, err error) {
	if name == "" {
		return nil, nil // no file is no prices, which the policy knows
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "guard.rates: %w; name a file that this user may read", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	deck, err := rating.Parse(bufio.NewReaderSize(f, 1<<16))
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "%s: %w", name, err)
	}
	return deck, nil
}

// loadHints reads prefixes, one a line; what follows a # is for people.
func loadHints(name string) ([]string, error) {
	if name == "" {
		return nil, nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "guard.hints: %w; name a file that this user may read", err)
	}
	if len(data) > maxHints {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "%s: larger than %d bytes", name, maxHints)
	}
	return parseHints(name, data)
}

func parseHints(name string, data []byte) ([]string, error) {
	var hints []string
	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		if _, err := tsujiban.NumberFromDigits(text); err != nil {
			return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "%s:%d: %q: write the first digits of numbers, with country code and without plus sign, such as 232", name, n, text)
		}
		hints = append(hints, text)
	}
	if err := lines.Err(); err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "%s: %w", name, err)
	}
	return hints, nil
}

// compile makes a policy of the rules and the customers.
func (r *rules) compile(customers []tsujiban.Customer) (*policy.Policy, error) {
	src := r.inForce()
	src.Customers = customers
	return policy.Compile(src)
}

// emergency tells an emergency number as it is dialled.
func (r *rules) emergency(dialled []byte) bool {
	d, err := r.plan.Parse(dialled)
	return err == nil && d.Destination.Scope == tsujiban.ScopeEmergency
}

// holder tells who holds a dialled number, for calls in.
func holder(p *policy.Policy) func(dialled []byte) (tsujiban.CustomerID, bool) {
	return func(dialled []byte) (tsujiban.CustomerID, bool) {
		d, err := p.Plan().Parse(dialled)
		if err != nil {
			return "", false
		}
		return p.Holder(d.Number)
	}
}

// Check tells what in the files that a configuration names would keep the program from
// starting: rates, hints, certificates, default limits. Nothing is changed.
func Check(c *config.Config) error {
	var errs []error
	r, err := loadRules(c)
	if err != nil {
		errs = append(errs, err)
	} else if _, err := r.compile(nil); err != nil {
		errs = append(errs, err)
	}
	if _, err := loadCerts(c); err != nil {
		errs = append(errs, err)
	}
	if w, err := newWays(c, time.Now); err != nil {
		errs = append(errs, err)
	} else {
		w.close()
	}
	if len(errs) > 0 {
		return &tsujiban.Error{Code: tsujiban.CodeInvalid, Err: fmt.Errorf("%w", errors.Join(errs...))}
	}
	return nil
}
