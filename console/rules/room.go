package rules

import (
	"tsujiban/app/control"
	"tsujiban/console/ui"
	"tsujiban/people"
)

// Room shows the pages. Office is asked for what everybody who watches sees alike.
func Room(office *control.Client) ui.Room {
	p, s := &previewPage{office}, &systemPage{office}
	livePreview := &ui.Topic{Page: "preview", Run: p.watch}
	liveSystem := &ui.Topic{Page: "system", Run: s.watch}
	see, change := people.SeeRules, people.ChangeRules
	return ui.Room{
		Name: "rules", Files: files,
		Menu: []ui.Item{
			{Path: "/rules", Word: "rules.menu", Icon: "rule", Key: "r", Right: see, Order: 60},
			{Path: "/retention", Word: "keep.menu", Icon: "retention", Key: "t", Right: people.SeeRetention, Order: 70},
			{Path: "/system", Word: "sys.menu", Icon: "use", Key: "y", Right: people.SeeLive, Order: 100},
		},
		Routes: []ui.Route{
			{Method: "GET", Path: "/rules", Right: see, Handle: show},
			{Method: "POST", Path: "/rules", Right: change, Handle: set},
			{Method: "GET", Path: "/rules/preview", Right: see, Handle: p.show},
			{Method: "GET", Path: "/live/preview", Right: see, Slow: true, Handle: livePreview.Serve},
			{Method: "POST", Path: "/rules/preview", Right: change, Handle: p.start},
			{Method: "POST", Path: "/rules/preview/cancel", Right: change, Handle: p.cancel},
			{Method: "POST", Path: "/rules/preview/apply", Right: change, Handle: p.apply},
			{Method: "GET", Path: "/retention", Right: people.SeeRetention, Handle: keep},
			{Method: "POST", Path: "/retention/holds", Right: people.ChangeRetention, Handle: hold},
			{Method: "POST", Path: "/retention/holds/{hold}/release", Right: people.ChangeRetention, Handle: letGo},
			{Method: "POST", Path: "/retention/erase", Right: people.ChangeRetention, Handle: erase},
			{Method: "GET", Path: "/system", Right: people.SeeLive, Handle: s.show},
			{Method: "GET", Path: "/notices", Right: change, Handle: notices},
			{Method: "POST", Path: "/notices/{notice}/again", Right: change, Handle: noticeAgain},
			{Method: "GET", Path: "/live/system", Right: people.SeeLive, Slow: true, Handle: liveSystem.Serve},
		},
	}
}
