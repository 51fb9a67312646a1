package sqlite

import (
	"errors"
	"os"
	"syscall"

	"tsujiban"
)

// fileLock is held for as long as a store is open: shared, and exclusive while the view
// is rebuilt, since a process that goes on with the old file would not see the new one.
type fileLock struct {
	f *os.File
}

func lockShared(path string) (*fileLock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeUnavailable, "open the store: %w", err)
	}
	l := &fileLock{f: f}
	if err := l.flock(syscall.LOCK_SH); err != nil {
		_ = f.Close() // nothing was written
		return nil, tsujiban.Errorf(tsujiban.CodeConflict, "another process is rebuilding the calls (%s): try again when it is done: %w", path, err)
	}
	return l, nil
}

// exclusive takes the store for this process alone; the return value gives it back.
func (l *fileLock) exclusive() (release func() error, err error) {
	if err := l.flock(syscall.LOCK_EX); err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeConflict, "the store is open elsewhere (%s): stop that program first: %w", l.f.Name(), err)
	}
	return func() error { return l.flock(syscall.LOCK_SH) }, nil
}

func (l *fileLock) flock(how int) error {
	for {
		err := syscall.Flock(int(l.f.Fd()), how|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// close gives the lock back; a second close does nothing.
func (l *fileLock) close() error {
	if err := l.f.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}
