package journal

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
)

// memFS is a file system in memory that knows what a crash of the machine leaves: what was synced for certain, of the rest
// any part. After a failed sync it behaves as Linux does: what was to be written is neither on disk nor dirty any more.
type memFS struct {
	mu     sync.Mutex
	names  map[string]*inode // as programs see it
	synced map[string]*inode // as it is on disk
	undone []func(map[string]*inode)
	locked map[string]bool
	fault  func(op, name string) error // asked before each operation that changes something; nil for none
	ops    int
}

type inode struct {
	data, disk []byte
	dirty      map[int64]bool // pages that a sync would write
}

// memPage is small, so that small journals span pages that a crash can lose one by one.
const memPage = 512

// errDead is what every operation returns after the machine has died.
var errDead = errors.New("the machine is dead")

// errShort makes a write stop half way without saying so.
var errShort = errors.New("short")

func newMemFS() *memFS {
	return &memFS{names: map[string]*inode{}, synced: map[string]*inode{}, locked: map[string]bool{}}
}

// crash returns what another start of the machine finds.
func (m *memFS) crash(rnd *rand.Rand) *memFS {
	m.mu.Lock()
	defer m.mu.Unlock()
	names := maps.Clone(m.synced)
	for _, do := range m.undone[:rnd.IntN(len(m.undone)+1)] {
		do(names)
	}
	after := newMemFS()
	// In a fixed order, so that a seed gives the same crash again.
	for _, name := range slices.Sorted(maps.Keys(names)) {
		n := names[name]
		data := slices.Clone(n.disk)
		if rnd.IntN(2) == 0 && len(n.data) > len(data) {
			data = append(data, make([]byte, len(n.data)-len(data))...)
		}
		for _, page := range slices.Sorted(maps.Keys(n.dirty)) {
			lo, hi := page*memPage, min((page+1)*memPage, int64(len(n.data)))
			if rnd.IntN(2) == 0 && hi <= int64(len(data)) && lo < hi {
				copy(data[lo:hi], n.data[lo:hi])
			}
		}
		after.names[name] = &inode{data: data, disk: slices.Clone(data), dirty: map[int64]bool{}}
	}
	after.synced = maps.Clone(after.names)
	return after
}

// try counts an operation and asks for a fault. The caller holds mu.
func (m *memFS) try(op, name string) error {
	m.ops++
	if m.fault == nil {
		return nil
	}
	return m.fault(op, filepath.Base(name))
}

func (m *memFS) change(do func(map[string]*inode)) {
	do(m.names)
	m.undone = append(m.undone, do)
}

func (m *memFS) Create(name string) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.try("create", name); err != nil {
		return nil, err
	}
	n := &inode{dirty: map[int64]bool{}}
	m.change(func(names map[string]*inode) { names[name] = n })
	return &memFile{fs: m, name: name, n: n}, nil
}

func (m *memFS) Open(name string) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.names[name]
	if n == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &memFile{fs: m, name: name, n: n}, nil
}

func (m *memFS) Rename(from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.try("rename", to); err != nil {
		return err
	}
	if m.names[from] == nil {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	m.change(func(names map[string]*inode) {
		names[to] = names[from]
		delete(names, from)
	})
	return nil
}

func (m *memFS) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.try("remove", name); err != nil {
		return err
	}
	if m.names[name] == nil {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	m.change(func(names map[string]*inode) { delete(names, name) })
	return nil
}

func (m *memFS) List(dir string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []string
	for name := range m.names {
		if filepath.Dir(name) == dir {
			list = append(list, filepath.Base(name))
		}
	}
	slices.Sort(list)
	return list, nil
}

func (m *memFS) MakeDir(string) error { return nil }

func (m *memFS) SyncDir(dir string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.try("syncdir", dir); err != nil {
		return err
	}
	m.synced = maps.Clone(m.names)
	m.undone = nil
	return nil
}

func (m *memFS) Lock(name string) (io.Closer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.locked[name] {
		return nil, ErrLocked
	}
	m.locked[name] = true
	return unlocker(func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.locked, name)
	}), nil
}

type unlocker func()

func (u unlocker) Close() error {
	u()
	return nil
}

type memFile struct {
	fs   *memFS
	name string
	n    *inode
}

func (f *memFile) ReadAt(b []byte, at int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if at >= int64(len(f.n.data)) {
		return 0, io.EOF
	}
	n := copy(b, f.n.data[at:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memFile) WriteAt(b []byte, at int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	err := f.fs.try("write", f.name)
	if err != nil {
		b = b[:len(b)/2] // what failed was written half
	}
	if end := at + int64(len(b)); end > int64(len(f.n.data)) {
		f.n.data = append(f.n.data, make([]byte, end-int64(len(f.n.data)))...)
	}
	copy(f.n.data[at:], b)
	for page := at / memPage; page*memPage < at+int64(len(b)); page++ {
		f.n.dirty[page] = true
	}
	if errors.Is(err, errShort) {
		err = nil
	}
	return len(b), err
}

func (f *memFile) Truncate(size int64) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.fs.try("truncate", f.name); err != nil {
		return err
	}
	if size < int64(len(f.n.data)) {
		f.n.data = f.n.data[:size:size]
	} else {
		f.n.data = append(f.n.data, make([]byte, size-int64(len(f.n.data)))...)
	}
	return nil
}

func (f *memFile) Sync() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	err := f.fs.try("sync", f.name)
	if err == nil {
		if len(f.n.disk) > len(f.n.data) {
			f.n.disk = f.n.disk[:len(f.n.data)]
		}
		f.n.disk = append(f.n.disk, make([]byte, len(f.n.data)-len(f.n.disk))...)
		for page := range f.n.dirty {
			lo, hi := page*memPage, min((page+1)*memPage, int64(len(f.n.data)))
			if lo < hi {
				copy(f.n.disk[lo:hi], f.n.data[lo:hi])
			}
		}
	}
	if !errors.Is(err, errDead) {
		clear(f.n.dirty)
	}
	return err
}

func (f *memFile) Size() (int64, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	return int64(len(f.n.data)), nil
}

func (f *memFile) Close() error { return nil }

// put makes a file with the given content, durably.
func (m *memFS) put(name string, b []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := &inode{data: bytes.Clone(b), disk: bytes.Clone(b), dirty: map[int64]bool{}}
	m.names[name] = n
	m.synced[name] = n
}

// content is what programs read in a file.
func (m *memFS) content(name string) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := m.names[name]; n != nil {
		return bytes.Clone(n.data)
	}
	return nil
}

// clone is the file system as it stands.
func (m *memFS) clone() *memFS {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := newMemFS()
	for name, n := range m.names {
		c.names[name] = &inode{data: bytes.Clone(n.data), disk: bytes.Clone(n.data), dirty: map[int64]bool{}}
	}
	c.synced = maps.Clone(c.names)
	return c
}
