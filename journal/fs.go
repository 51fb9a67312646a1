package journal

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"tsujiban"
)

// FS is the file system as far as the journal uses it. [OS] is the real one; tests
// put faults between.
type FS interface {
	// Create makes an empty file for reading and writing; one of that name is replaced.
	Create(name string) (File, error)
	// Open opens a file for reading.
	Open(name string) (File, error)
	Rename(from, to string) error
	Remove(name string) error
	// List gives the names of the files in a directory, sorted.
	List(dir string) ([]string, error)
	// MakeDir makes a directory and those above it that are missing.
	MakeDir(dir string) error
	// SyncDir makes creations, renames and removals in a directory durable.
	SyncDir(dir string) error
	// Lock takes the file for this program alone until it is closed; it is made when
	// missing. ErrLocked when another program has it.
	Lock(name string) (io.Closer, error)
}

// File is an open file of an [FS].
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Size() (int64, error)
	Truncate(size int64) error
	// Sync returns when what was written, and the size if it grew, is on disk.
	Sync() error
}

// ErrLocked says that another program has the journal open.
var ErrLocked = errors.New("another program has this journal open")

// OS is the file system of the machine.
var OS FS = osFS{}

type osFS struct{}

func (osFS) Create(name string) (File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return nil, err
	}
	return &osFile{File: f, fd: f.Fd()}, nil
}

func (osFS) Open(name string) (File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return &osFile{File: f, fd: f.Fd()}, nil
}

func (osFS) Rename(from, to string) error { return os.Rename(from, to) }

func (osFS) Remove(name string) error { return os.Remove(name) }

func (osFS) MakeDir(dir string) error { return os.MkdirAll(dir, 0o750) }

func (osFS) List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

func (osFS) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (osFS) Lock(name string) (io.Closer, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = ErrLocked
		}
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

type osFile struct {
	*os.File
	fd uintptr
}

func (f *osFile) Size() (int64, error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return st.Size(), nil
}

// lockDir takes the directory's lock.
func lockDir(fsys FS, dir string) (io.Closer, error) {
	name := filepath.Join(dir, "lock")
	l, err := fsys.Lock(name)
	switch {
	case errors.Is(err, ErrLocked):
		return nil, tsujiban.Errorf(tsujiban.CodeConflict, "%s: %w: stop that program first", dir, err)
	case errors.Is(err, fs.ErrPermission):
		return nil, tsujiban.Errorf(tsujiban.CodeForbidden, "%w: give this user the right to write there", err)
	case err != nil:
		return nil, tsujiban.Errorf(tsujiban.CodeUnavailable, "taking the lock of the journal: %w", err)
	}
	return l, nil
}
