//go:build !linux

package journal

// Sync is fsync(2).
func (f *osFile) Sync() error { return f.File.Sync() }
