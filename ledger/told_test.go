package ledger

import (
	"regexp"
	"testing"
	"time"

	"tsujiban"
)

// TestStepsAreToldInJapanese: what the program notes at a step has no English in it, but for what people typed.
func TestStepsAreToldInJapanese(t *testing.T) {
	r := Request{Agency: "福岡県警察本部", Number: "R-1", Date: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)}
	for _, c := range []struct {
		step Step
		want string
	}{
		{Step{Kind: StepReceived, Note: ReceivedNote(&r)}, "福岡県警察本部 R-1（2026年11月20日付）"},
		{Step{Kind: StepThreshold, Note: ThresholdNote(3, &Threshold{Count: 2, WithinDays: 90}, "2026-1")}, "90 日以内に 3 件の要請（基準 2 件、規則 2026-1）"},
		{Step{Kind: StepStock, Note: StockNote(12)}, "12 番号"},
		{Step{Kind: StepLifted, Note: "the agency has asked for it of 2026-11-20"}, "the agency has asked for it of 2026-11-20"},
		{Step{Kind: StepReport, Note: "福岡県警察本部"}, "福岡県警察本部"},
	} {
		got := c.step.Told(tsujiban.Japanese)
		if got != c.want || c.step.Told(tsujiban.English) != c.step.Note {
			t.Errorf("%s: %q is told as %q, want %q", c.step.Kind, c.step.Note, got, c.want)
		}
		if found := regexp.MustCompile(`[a-z]{2,}`).FindString(got); found != "" && !c.step.Typed() {
			t.Errorf("%s: in %q there is %q", c.step.Kind, got, found)
		}
	}
}
