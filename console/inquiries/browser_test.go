package inquiries_test

import (
	"testing"

	"tsujiban/app/control"
	"tsujiban/console/consoletest"
	"tsujiban/inquiry"
	"tsujiban/people"
)

// TestPages looks at every page of the room in every window.
func TestPages(t *testing.T) {
	site := consoletest.Start(t, "")
	site.PBX.Call("0312345678")
	office := site.App.Office("inquiry-officer@example.jp")
	var c inquiry.Case
	if err := office.Do(t.Context(), "POST", "/v1/inquiries", control.InquiryOpen{Kind: "warrant", Agency: "福岡県警察本部", Officer: "捜査第二課 山田", Document: "令状 123", Numbers: []string{"050-1232-5678", "092-555-1234"}}, &c); err != nil {
		t.Fatal(err)
	}
	if err := office.Do(t.Context(), "POST", "/v1/inquiries", control.InquiryOpen{Kind: "preservation", Agency: "警視庁", Document: "保全-7", Numbers: []string{"092-555-1234"}}, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(site.Log)
		}
	})
	b := site.Browse(t)
	for _, w := range consoletest.Windows(people.InquiryOfficer) {
		tab := b.Open(t, w, "/inquiries")
		for _, path := range []string{"/inquiries", "/inquiries/new", "/inquiries/2"} {
			tab.Go(path)
			tab.Check()
			tab.Shot()
		}
		tab.Go("/inquiries/1")
		tab.Eval(`document.querySelector("#f-number").value = "092-555-1234"; document.querySelector("#f-from").value = "2020-01-01"; document.querySelector("#f-to").value = "2020-12-31"; ""`)
		tab.Eval(`document.querySelector("#f-from").value = new Date(Date.now() - 86400000).toISOString().slice(0, 10); document.querySelector("#f-to").value = new Date(Date.now() + 2*86400000).toISOString().slice(0, 10); ""`)
		tab.Click("#ask button.main")
		tab.Wait("#answer-title")
		tab.Check()
		tab.Shot()
	}
}
