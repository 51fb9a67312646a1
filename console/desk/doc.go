// Package desk is where staff watch: the page Now.
package desk

import "embed"

//go:embed pages words.toml
var files embed.FS
