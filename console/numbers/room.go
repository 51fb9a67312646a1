package numbers

import (
	"tsujiban/console/ui"
	"tsujiban/ledger/sheet"
	"tsujiban/people"
)

// Room shows the ledger of numbers.
func Room() ui.Room {
	shelf := &shelf{}
	see, change, suspend := people.SeeNumbers, people.ChangeNumbers, people.SuspendNumbers
	return ui.Room{
		Name: "numbers", Files: files,
		Menu: []ui.Item{{Path: "/numbers", Word: "numbers.menu", Icon: "number", Key: "u", Right: see, Order: 50}},
		Routes: []ui.Route{
			{Method: "GET", Path: "/numbers", Right: see, Handle: home},
			{Method: "GET", Path: "/numbers/change", Right: change, Handle: changeForm},
			{Method: "POST", Path: "/numbers/change", Right: change, Handle: changeNumbers},
			{Method: "GET", Path: "/numbers/entries", Right: see, Handle: entries},
			{Method: "GET", Path: "/numbers/entries/{entry}/undo", Right: change, Handle: undoForm},
			{Method: "POST", Path: "/numbers/entries/{entry}/undo", Right: change, Handle: undo},
			{Method: "POST", Path: "/numbers/export", Right: change, Slow: true, Handle: export},

			{Method: "GET", Path: "/numbers/import", Right: change, Handle: importForm},
			{Method: "POST", Path: "/numbers/import", Right: change, Slow: true, Body: sheet.MaxFile + 1<<20, Handle: shelf.try},
			{Method: "GET", Path: "/numbers/import/do", Right: change, Handle: importForm},
			{Method: "POST", Path: "/numbers/import/do", Right: change, Slow: true, Handle: shelf.carryOut},

			{Method: "GET", Path: "/numbers/holders", Right: see, Handle: holders},
			{Method: "GET", Path: "/numbers/holders/new", Right: change, Handle: holderForm},
			{Method: "POST", Path: "/numbers/holders/new", Right: change, Handle: addHolder},
			{Method: "GET", Path: "/numbers/holders/{holder}", Right: see, Handle: holder},
			{Method: "GET", Path: "/numbers/holders/{holder}/edit", Right: change, Handle: holderForm},
			{Method: "POST", Path: "/numbers/holders/{holder}/edit", Right: change, Handle: editHolder},
			{Method: "GET", Path: "/numbers/holders/{holder}/check", Right: change, Handle: holder},
			{Method: "POST", Path: "/numbers/holders/{holder}/check", Right: change, Handle: check},
			{Method: "GET", Path: "/numbers/holders/{holder}/screen", Right: people.ScreenHolders, Handle: screening},
			{Method: "POST", Path: "/numbers/holders/{holder}/screen", Right: people.ScreenHolders, Handle: judge},
			{Method: "POST", Path: "/numbers/holders/{holder}/decide", Right: people.ScreenHolders, Handle: decide},
			{Method: "GET", Path: "/numbers/holders/{holder}/decide", Right: people.ScreenHolders, Handle: screening},

			{Method: "GET", Path: "/numbers/suspensions", Right: see, Handle: suspensions},
			{Method: "GET", Path: "/numbers/suspensions/new", Right: suspend, Handle: requestForm},
			{Method: "POST", Path: "/numbers/suspensions/new", Right: suspend, Handle: request},
			{Method: "GET", Path: "/numbers/suspensions/{case}", Right: see, Handle: suspension},
			{Method: "POST", Path: "/numbers/suspensions/{case}/steps/{step}/done", Right: suspend, Handle: stepDone},
			{Method: "GET", Path: "/numbers/suspensions/{case}/steps/{step}/done", Right: see, Handle: suspension},
			{Method: "POST", Path: "/numbers/suspensions/{case}/steps/{step}/letter", Right: suspend, Handle: letter},
			{Method: "GET", Path: "/numbers/suspensions/{case}/steps/{step}/letter", Right: see, Handle: suspension},
			{Method: "POST", Path: "/numbers/suspensions/{case}/lift", Right: suspend, Handle: lift},
			{Method: "GET", Path: "/numbers/suspensions/{case}/lift", Right: see, Handle: suspension},

			{Method: "GET", Path: "/numbers/annual", Right: people.AnnualReport, Slow: true, Handle: annualPage},
			{Method: "POST", Path: "/numbers/annual", Right: people.AnnualReport, Slow: true, Handle: annualTable},
		},
	}
}
