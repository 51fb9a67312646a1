// Package desk is where staff watch and act: the pages Now and Cases.
package desk

import "embed"

//go:embed all:pages words.toml
var files embed.FS
