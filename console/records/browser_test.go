package records_test

import (
	"testing"

	"tsujiban/console/consoletest"
	"tsujiban/people"
)

// TestPages looks at every page of the room: each language, colour and width twice.
func TestPages(t *testing.T) {
	site := called(t)
	site.PBX.Call("010232761234567")
	b := site.Browse(t)
	for _, w := range consoletest.Windows(people.InquiryOfficer) {
		tab := b.Open(t, w, "/record")
		tab.Check()
		tab.Shot()
		tab.Go("/calls")
		tab.Check()
		tab.Type("#f-ground", "令状 123")
		tab.Click("form.panel button.main")
		tab.Wait("#found-title")
		tab.Check()
		tab.Shot()
	}
}
