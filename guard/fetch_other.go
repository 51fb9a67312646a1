//go:build !amd64 && !arm64

package guard

import "unsafe"

func fetch(unsafe.Pointer, uintptr) {}
