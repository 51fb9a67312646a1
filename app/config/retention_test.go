package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tsujiban/retention"
)

// TestRetention: what is left out follows what is written, and each bound says what to write instead.
func TestRetention(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "rates.csv"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	parse := func(lines ...string) (*Config, error) {
		return Parse("t.toml", dir, []byte(`[[listen]]
address = "127.0.0.1:0"
[[carrier]]
id = "a"
address = "127.0.0.9:5060"
[guard]
rates = "rates.csv"
[retention]
`+strings.Join(lines, "\n")))
	}
	days := func(n int) retention.Term { return retention.Term{Days: n} }
	for _, c := range []struct {
		lines          []string
		calls, journal retention.Term
		at             time.Duration
		says           string
	}{
		{nil, days(180), days(180), 3*time.Hour + 30*time.Minute, ""},
		{[]string{`calls = "90d"`}, days(90), days(90), 3*time.Hour + 30*time.Minute, ""},
		{[]string{`calls = "30d"`}, days(30), days(180), 3*time.Hour + 30*time.Minute, ""},
		{[]string{`calls = "1y"`, `at = "23:59"`}, retention.Term{Years: 1}, retention.Term{Years: 1}, 23*time.Hour + 59*time.Minute, ""},
		{[]string{`calls = "30d"`, `journal = "62d"`}, days(30), days(62), 3*time.Hour + 30*time.Minute, ""},
		{[]string{`calls = "30d"`, `journal = "61d"`}, days(0), days(0), 0, "at least 62 days"},
		{[]string{`journal = "90d"`}, days(0), days(0), 0, "write at least retention.calls (180d)"},
		{[]string{`checks = "83mo"`}, days(0), days(0), 0, "kept for 7 years"},
		{[]string{`looks = "30d"`}, days(0), days(0), 0, "at least as long as the calls"},
		{[]string{`screens = "2y"`, `suspensions = "90d"`}, days(180), days(180), 3*time.Hour + 30*time.Minute, ""},
		{[]string{`screens = "long"`}, days(0), days(0), 0, "is no term"},
		{[]string{`suspensions = "0d"`}, days(0), days(0), 0, "is no term"},
		{[]string{`calls = 180`}, days(0), days(0), 0, "text in quotes"},
		{[]string{`at = "25:00"`}, days(0), days(0), 0, `write it as "03:30"`},
	} {
		cfg, err := parse(c.lines...)
		if c.says != "" {
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v: %v, want %q", c.lines, err, c.says)
			}
			continue
		}
		if err != nil || cfg.Retention.Calls != c.calls || cfg.Retention.Journal != c.journal || cfg.Retention.At != c.at {
			t.Errorf("%v: %+v, %v", c.lines, cfg, err)
		}
	}
}
