// Package portal is what customers and resellers see: use and bill, what they switch and limit themselves, the stop of all calls, and the question
// "was this you?", which is answered also without signing in, by the link of a mail.
package portal

import "embed"

//go:embed all:pages words.toml
var files embed.FS
