package desk

import (
	"net/http"

	"tsujiban/app/control"
	"tsujiban/console/ui"
	"tsujiban/people"
)

// Room shows the desk. Office is asked for what everybody who watches sees alike.
func Room(office *control.Client) ui.Room {
	now := &nowPage{office: office}
	live := &ui.Topic{Page: "now", Run: now.watch}
	return ui.Room{
		Name: "desk", Files: files,
		Menu: []ui.Item{{Path: "/now", Word: "now.menu", Icon: "now", Key: "n", Right: people.SeeLive, Order: 10}},
		Routes: []ui.Route{
			{Method: http.MethodGet, Path: "/now", Right: people.SeeLive, Handle: now.show},
			{Method: http.MethodGet, Path: "/live/now", Right: people.SeeLive, Slow: true, Handle: live.Serve},
		},
	}
}
