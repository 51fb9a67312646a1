package signin

import (
	"tsujiban/console/ui"
	"tsujiban/people"
)

// showEnter asks before it signs in: programs that look at links follow them, too.
func (m *room) showEnter(r *ui.Request) error {
	_, p, err := m.Door.Link(r.Context(), r.PathValue("link"), people.LinkEnter)
	if err != nil {
		return m.spent(r, err)
	}
	return r.Page("enter", map[string]any{"Who": &p})
}

func (m *room) enter(r *ui.Request) error {
	if _, err := r.Decode(&struct{}{}); err != nil {
		return err
	}
	e, err := m.Door.EnterByLink(r.Context(), r.PathValue("link"), From(r))
	if err != nil {
		return m.spent(r, err)
	}
	return m.entered(r, e, "/")
}
