//go:build !linux

package sqlite

import "os"

func willNeed(*os.File, int64, int64) {}
