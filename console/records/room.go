package records

import (
	"tsujiban/console/ui"
	"tsujiban/people"
)

// Room shows calls and the record of actions.
func Room() ui.Room {
	return ui.Room{
		Name: "records", Files: files,
		Menu: []ui.Item{
			{Path: "/calls", Word: "calls.menu", Icon: "call", Key: "l", Right: people.SearchCalls, Order: 40},
			{Path: "/record", Word: "record.menu", Icon: "record", Key: "a", Right: people.SeeRecord, Order: 95},
		},
		Routes: []ui.Route{
			{Method: "GET", Path: "/calls", Right: people.SearchCalls, Handle: ask},
			{Method: "POST", Path: "/calls", Right: people.SearchCalls, Handle: search},
			{Method: "GET", Path: "/calls/reveal", Right: people.SearchCalls, Handle: ask},
			{Method: "POST", Path: "/calls/reveal", Right: people.SearchCalls, Also: people.RevealNumbers, Handle: reveal},
			{Method: "POST", Path: "/calls/export", Right: people.ExportCalls, Slow: true, Handle: export},
			{Method: "POST", Path: "/calls/export/whole", Right: people.ExportCalls, Also: people.RevealNumbers, Slow: true, Handle: exportWhole},
			{Method: "GET", Path: "/record", Right: people.SeeRecord, Handle: actions},
			{Method: "GET", Path: "/record/csv", Right: people.SeeRecord, Slow: true, Handle: actionsCSV},
		},
	}
}
