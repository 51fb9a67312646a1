package console

import (
	"net/http"
	"time"

	"tsujiban/console/ui"
	"tsujiban/people"
)

const (
	languageCookie = "tsujiban-language"
	themeCookie    = "tsujiban-colours"
	keysCookie     = "tsujiban-keys"
	chosenFor      = 365 * 24 * time.Hour
)

// settings is the room of what a browser chooses: language, colours, and whether single keys do anything (WCAG 2.1.4: who speaks to the machine types letters by accident).
func settings() ui.Room {
	return ui.Room{Name: "settings", Routes: []ui.Route{
		{Method: http.MethodPost, Path: "/settings/language", Right: people.Open, Handle: func(r *ui.Request) error {
			return choose(r, "language", languageCookie, "ja", "en")
		}},
		{Method: http.MethodPost, Path: "/settings/theme", Right: people.Open, Handle: func(r *ui.Request) error {
			return choose(r, "theme", themeCookie, "light", "dark")
		}},
		{Method: http.MethodPost, Path: "/settings/keys", Right: people.Open, Handle: func(r *ui.Request) error {
			return choose(r, "keys", keysCookie, "off")
		}},
	}}
}

// choose keeps a choice in a cookie; any other value than those named goes back to the default.
func choose(r *ui.Request, field, cookie string, values ...string) error {
	chosen := r.FormValue(field)
	age := time.Duration(-1)
	for _, v := range values {
		if v == chosen {
			age = chosenFor
		}
	}
	r.Cookie(cookie, chosen, age)
	return r.Redirect(r.FormValue("back"))
}
