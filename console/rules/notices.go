package rules

import (
	"net/http"
	"net/url"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/ui"
)

// notices shows what could not be delivered, why, and what to do next.
func notices(r *ui.Request) error {
	var list control.Notices
	if err := r.Office.Do(r.Context(), http.MethodGet, "/v1/notices?state=dead&limit=200", nil, &list); err != nil {
		return err
	}
	return r.Page("notices", &list)
}

// noticeAgain sends one again, with those that were given up in one message with it.
func noticeAgain(r *ui.Request) error {
	err := r.Office.Do(r.Context(), http.MethodPost, "/v1/notices/"+url.PathEscape(r.PathValue("notice"))+"/again", nil, nil)
	if err == nil {
		return r.Done("/notices", "notice.sent")
	}
	switch tsujiban.CodeOf(err) {
	case tsujiban.CodeNotFound, tsujiban.CodeConflict: // forgotten, or somebody was first
		return r.Errorf(tsujiban.CodeOf(err), "notice.gone")
	}
	return err
}
