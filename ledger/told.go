package ledger

import (
	"fmt"
	"regexp"
	"time"

	"tsujiban"
)

// What the program notes at a step. Its readers are told in their language, see [Step.Told].

// ReceivedNote is the note of a request that came.
func ReceivedNote(r *Request) string {
	return fmt.Sprintf("%s %s of %s", r.Agency, r.Number, r.Date.Format(time.DateOnly))
}

// ThresholdNote is the note of a threshold that n requests reached.
func ThresholdNote(n int, t *Threshold, version string) string {
	return fmt.Sprintf("%d requests within %d days, threshold %d, rules %s", n, t.WithinDays, t.Count, version)
}

// StockNote is the note of a stock of n numbers that was suspended.
func StockNote(n int64) string { return fmt.Sprintf("%d numbers", n) }

var toldRows = map[StepKind]struct {
	en *regexp.Regexp
	ja string
}{
	StepReceived:  {regexp.MustCompile(`^(.*) of ([0-9]{4}-[0-9]{2}-[0-9]{2})$`), "$1（${2}付）"},
	StepThreshold: {regexp.MustCompile(`^([0-9]+) requests within ([0-9]+) days, threshold ([0-9]+), rules (.*)$`), "$2 日以内に $1 件の要請（基準 $3 件、規則 $4）"},
	StepStock:     {regexp.MustCompile(`^([0-9]+) numbers$`), "$1 番号"},
}

var dayOfPaper = regexp.MustCompile(`（([0-9-]{10})付）$`)

// Told is the note of a step in the reader's language. What people typed stands in it as they typed it.
func (s *Step) Told(l tsujiban.Lang) string {
	row, ours := toldRows[s.Kind]
	if l == tsujiban.English || !ours {
		return s.Note
	}
	text := row.en.ReplaceAllString(s.Note, row.ja)
	if s.Kind != StepReceived {
		return text
	}
	return dayOfPaper.ReplaceAllStringFunc(text, func(m string) string {
		day, err := time.Parse(time.DateOnly, dayOfPaper.FindStringSubmatch(m)[1])
		if err != nil {
			return m
		}
		return day.Format("（2006年1月2日付）")
	})
}

// Typed tells whether the note of a step is what somebody typed and nothing else.
func (s *Step) Typed() bool {
	_, ours := toldRows[s.Kind]
	return !ours
}
