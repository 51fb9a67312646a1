// Package rules is what holds for everybody: the pages Rules, with a preview of what they would have done, Retention and System.
package rules

import "embed"

//go:embed all:pages words.toml
var files embed.FS
