// Package scheme has the rules of the suspension scheme, as data, and the letters that its steps need.
package scheme

import (
	"bytes"
	_ "embed" // the rules that hold when no file is given
	"errors"
	"time"

	"github.com/pelletier/go-toml/v2"

	"tsujiban"
	"tsujiban/ledger"
)

//go:embed default.toml
var defaultRules []byte

// file is how rules are written.
type file struct {
	Version      string `toml:"version"`
	ReportWithin string `toml:"report_within"`
	NotifyWithin string `toml:"notify_within"`
	Threshold    []struct {
		Applies    string `toml:"applies"`
		Count      int    `toml:"count"`
		WithinDays int    `toml:"within_days"`
		RefuseDays int    `toml:"refuse_days"`
		WholeStock bool   `toml:"whole_stock"`
	} `toml:"threshold"`
}

// Default are the rules that hold when no file is given.
func Default() *ledger.SchemeRules {
	r, err := Parse("default.toml", defaultRules)
	if err != nil {
		panic(err) // a test reads them
	}
	return r
}

// Parse reads rules. The error is CodeInvalid and names line or key.
func Parse(name string, data []byte) (*ledger.SchemeRules, error) {
	var f file
	if err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&f); err != nil {
		return nil, tomlError(name, err)
	}
	bad := func(format string, args ...any) (*ledger.SchemeRules, error) {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, name+": "+format, args...)
	}
	r := &ledger.SchemeRules{Version: f.Version}
	for _, d := range []struct {
		key, text string
		dst       *time.Duration
	}{{"report_within", f.ReportWithin, &r.ReportWithin}, {"notify_within", f.NotifyWithin, &r.NotifyWithin}} {
		v, err := time.ParseDuration(d.text)
		if err != nil || v <= 0 || v > 366*24*time.Hour {
			return bad("%s: %q is no length of time such as 24h", d.key, d.text)
		}
		*d.dst = v
	}
	for i, t := range f.Threshold {
		switch {
		case t.Applies != "holder" && t.Applies != "reseller":
			return bad("threshold %d: applies: %q is neither holder nor reseller", i+1, t.Applies)
		case t.Count < 1 || t.WithinDays < 1 || t.WithinDays > 3660 || t.RefuseDays < 0 || t.RefuseDays > 3660:
			return bad("threshold %d: want count and within_days of 1 or more, refuse_days of 0 to 3660", i+1)
		case t.RefuseDays == 0 && !t.WholeStock:
			return bad("threshold %d: nothing would follow: give refuse_days or whole_stock", i+1)
		}
		r.Thresholds = append(r.Thresholds, ledger.Threshold{Reseller: t.Applies == "reseller", Count: t.Count, WithinDays: t.WithinDays, RefuseDays: t.RefuseDays, WholeStock: t.WholeStock})
	}
	return r, nil
}

func tomlError(name string, err error) error {
	line := 0
	var de *toml.DecodeError
	var se *toml.StrictMissingError
	if errors.As(err, &se) && len(se.Errors) > 0 {
		line, _ = se.Errors[0].Position()
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%s:%d: there is no such key", name, line)
	}
	if errors.As(err, &de) {
		line, _ = de.Position()
	}
	return tsujiban.Errorf(tsujiban.CodeInvalid, "%s:%d: %w", name, line, err)
}
