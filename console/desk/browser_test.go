package desk_test

import (
	"testing"
	"time"

	"tsujiban/console/consoletest"
	"tsujiban/people"
)

// TestNow looks at the page with calls up and refused ones, in every window.
func TestNow(t *testing.T) {
	site := consoletest.Start(t, "")
	for _, dialled := range []string{"0312345678", "0667891234", "010886223456789", "01012125551234", "01023277123456", "01023277123457", "00099", "01012125559999"} {
		site.PBX.Call(dialled)
	}
	b := site.Browse(t)
	for _, w := range consoletest.Windows(people.Analyst) {
		tab := b.Open(t, w, "/now")
		tab.Wait(`[data-live-state="on"]`)
		tab.Wait(`[data-part="calls"] tbody tr`)
		tab.Wait(`#hours-chart canvas`)
		tab.Check()
		tab.Shot()
	}
}

// TestNowIsLive sees a call that began after the page was opened, without a reload.
func TestNowIsLive(t *testing.T) {
	site := consoletest.Start(t, "")
	tab := site.Browse(t).Open(t, consoletest.Window{Role: people.Viewer, Lang: "ja", Colour: "light", Width: 1440}, "/now")
	began := time.Now()
	tab.Wait(`[data-part="calls"] .empty`)
	site.PBX.Call("010886223456789")
	tab.Wait(`[data-part="calls"] tbody tr`)
	tab.Wait(`[data-part="places"] li`)
	t.Logf("seen after %v", time.Since(began))
	tab.Check()
}
