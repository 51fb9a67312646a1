package desk

import (
	"net/http"

	"tsujiban/app/control"
	"tsujiban/console/ui"
	"tsujiban/people"
)

// Room shows the desk. Office is asked for what everybody who watches sees alike.
func Room(office *control.Client) ui.Room {
	now, cases := &nowPage{office: office}, &casesPage{office: office}
	live := &ui.Topic{Page: "now", Run: now.watch}
	liveList := &ui.Topic{Page: "cases", Run: cases.watch}
	see, act := people.SeeCases, people.ActOnCase
	return ui.Room{
		Name: "desk", Files: files,
		Menu: []ui.Item{
			{Path: "/now", Word: "now.menu", Icon: "now", Key: "n", Right: people.SeeLive, Order: 10},
			{Path: "/cases", Word: "cases.menu", Icon: "case", Key: "k", Right: see, Order: 20},
		},
		Routes: []ui.Route{
			{Method: http.MethodGet, Path: "/now", Right: people.SeeLive, Handle: now.show},
			{Method: http.MethodGet, Path: "/live/now", Right: people.SeeLive, Slow: true, Handle: live.Serve},
			{Method: http.MethodGet, Path: "/cases", Right: see, Handle: cases.list},
			{Method: http.MethodGet, Path: "/live/cases", Right: see, Slow: true, Handle: liveList.Serve},
			{Method: http.MethodGet, Path: "/cases/{case}", Right: see, Handle: cases.show},
			{Method: http.MethodGet, Path: "/live/cases/{case}", Right: see, Slow: true, Handle: cases.stream},
			{Method: http.MethodGet, Path: "/cases/{case}/{act}", Right: act, Handle: cases.offer},
			{Method: http.MethodPost, Path: "/cases/{case}/{act}", Right: act, Handle: cases.act},
		},
	}
}
