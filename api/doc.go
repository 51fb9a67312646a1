// Package api is the program's door for other programs: JSON over HTTP under /api/v1, as its own OpenAPI 3.1
// document describes it.
//
// It keeps no state of its own and knows no rule of the guard: everything it does goes through [control.Client], as the
// command line does, recorded under the name of the person to whom the token belongs. What it adds is what other people's
// programs need: shapes that stay, rights in one table ([Rows]), checked in one place before any handler runs;
// idempotency keys, cursors, errors that a program can read (RFC 9457) and that a person understands in Japanese and English.
//
// The order in which a request is judged, so that nobody learns from an answer what they may not ask for: is there such a
// route; whose token is it; not too fast; has the person, and the token, the right; is that customer within reach (if not, it is as if there was no such
// customer); then the body.
package api
