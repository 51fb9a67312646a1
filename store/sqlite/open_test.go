package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tsujiban"
	"tsujiban/store"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wants checks the code of an error and words in it.
func wants(t *testing.T, err error, code tsujiban.Code, words ...string) {
	t.Helper()
	if err == nil || tsujiban.CodeOf(err) != code {
		t.Fatalf("error is %v (%v), want %v", err, tsujiban.CodeOf(err), code)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

// used makes a store with something in both files and closes it.
func used(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "store.db")
	s, err := Open(t.Context(), path)
	must(t, err)
	for _, id := range []tsujiban.CustomerID{"a", "b", "c"} {
		must(t, s.AddCustomer(t.Context(), "sato", tsujiban.Customer{ID: id, Name: strings.Repeat("x", 200)}))
	}
	must(t, s.ApplyEvents(t.Context(), (&traffic{calls: 500, overlap: 10}).events(1000)))
	must(t, s.Close())
	return path
}

func TestFilesAreForTheOwnerOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?c#d%20&é", "store.db") // a folder name must not be read as a query
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	s, err := Open(t.Context(), path)
	must(t, err)
	must(t, s.AddCustomer(t.Context(), "sato", tsujiban.Customer{ID: "a", Name: "A"}))
	must(t, s.Backup(t.Context(), path+".backup"))
	files, err := os.ReadDir(filepath.Dir(path))
	must(t, err)
	if len(files) < 6 {
		t.Errorf("only %d files", len(files))
	}
	for _, f := range files {
		info, err := f.Info()
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", f.Name(), info.Mode())
		}
	}
	must(t, s.Close())
}

func TestDurability(t *testing.T) {
	s := open(t)
	for _, test := range []struct {
		db   *sql.DB
		want string
	}{{s.settings.write, "2"}, {s.view.write, "1"}} { // FULL, NORMAL
		for pragma, want := range map[string]string{"synchronous": test.want, "journal_mode": "wal", "foreign_keys": "1"} {
			var got string
			must(t, test.db.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got))
			if got != want {
				t.Errorf("%s is %s, want %s", pragma, got, want)
			}
		}
	}
	_, err := s.settings.read.ExecContext(t.Context(), `DELETE FROM actions`)
	wants(t, s.settings.explain(t.Context(), "write", err), tsujiban.CodeUnavailable)
}

// TestDamaged spoils each file in several ways. The error says which file and what to do;
// the settings are never put in danger by what is wrong with the calls.
func TestDamaged(t *testing.T) {
	for name, spoil := range map[string]func([]byte) []byte{
		"garbage":        func(b []byte) []byte { return bytes.Repeat([]byte("no database "), 1000) },
		"cut off":        func(b []byte) []byte { return b[:len(b)/2] },
		"zeros inside":   func(b []byte) []byte { clear(b[4096 : len(b)-4096]); return b },
		"garbage inside": func(b []byte) []byte { copy(b[5000:], bytes.Repeat([]byte{0xa5}, len(b)-6000)); return b },
	} {
		t.Run(name, func(t *testing.T) {
			path := used(t)
			alter(t, path, spoil)
			_, err := Open(t.Context(), path)
			wants(t, err, tsujiban.CodeCorrupt, path, "backup")

			path = used(t)
			calls := strings.TrimSuffix(path, ".db") + ".calls.db"
			alter(t, calls, spoil)
			s, err := Open(t.Context(), path)
			if err == nil {
				err = s.Check(t.Context()) // what is far inside is not looked at on opening
				must(t, s.Close())
			}
			wants(t, err, tsujiban.CodeCorrupt, calls, "tsujiban rebuild")

			s, err = Open(t.Context(), path, WithoutCalls())
			must(t, err)
			_, err = s.Calls(t.Context(), store.CallQuery{})
			wants(t, err, tsujiban.CodeUnavailable)
			g := &traffic{calls: 500, overlap: 10}
			must(t, s.Rebuild(t.Context(), 1, g.Next, nil))
			must(t, s.Check(t.Context()))
			list, err := s.Customers(t.Context())
			must(t, err)
			if len(list) != 3 {
				t.Errorf("%d customers are left", len(list))
			}
			must(t, s.Close())
		})
	}
}

func alter(t *testing.T, path string, spoil func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, spoil(b), 0o600))
}

func TestNewerSchema(t *testing.T) {
	for suffix, words := range map[string][]string{".db": {"newer", "backup"}, ".calls.db": {"newer", "tsujiban rebuild"}} {
		path := used(t)
		file := strings.TrimSuffix(path, ".db") + suffix
		db, err := sql.Open("sqlite", file)
		must(t, err)
		_, err = db.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`)
		must(t, errors.Join(err, db.Close()))
		_, err = Open(t.Context(), path)
		wants(t, err, tsujiban.CodeConflict, append(words, file, "9999")...)
	}
}

func TestOpenWhereItCannot(t *testing.T) {
	_, err := Open(t.Context(), filepath.Join(t.TempDir(), "nowhere", "store.db"))
	wants(t, err, tsujiban.CodeUnavailable, "nowhere")
	folder := filepath.Join(t.TempDir(), "store.db")
	must(t, os.Mkdir(folder, 0o700))
	_, err = Open(t.Context(), folder)
	wants(t, err, tsujiban.CodeUnavailable, folder)
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(done, filepath.Join(t.TempDir(), "store.db")); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

func TestBackup(t *testing.T) {
	path := used(t)
	s, err := Open(t.Context(), path)
	must(t, err)
	copied := filepath.Join(t.TempDir(), "it's a copy.db")
	must(t, s.Backup(t.Context(), copied))
	wants(t, s.Backup(t.Context(), copied), tsujiban.CodeExists, copied)
	wants(t, s.Backup(t.Context(), filepath.Join(copied, "x")), tsujiban.CodeUnavailable)
	want, err := s.Customers(t.Context())
	must(t, err)
	must(t, s.DeleteCustomer(t.Context(), "sato", "a"))
	must(t, s.Close())

	restored, err := Open(t.Context(), copied)
	must(t, err)
	got, err := restored.Customers(t.Context())
	must(t, err)
	if len(got) != len(want) {
		t.Errorf("%d customers in the backup, want %d", len(got), len(want))
	}
	must(t, restored.Check(t.Context()))
	must(t, restored.Close())
}

// TestBusy lets another process hold the files.
func TestBusy(t *testing.T) {
	path := used(t)
	s, err := Open(t.Context(), path)
	must(t, err)
	defer func() { must(t, s.Close()) }()
	for _, d := range []*database{s.settings, s.view} {
		_, err = d.write.ExecContext(t.Context(), `PRAGMA busy_timeout = 1`)
		must(t, err)
	}
	other, err := sql.Open("sqlite", path)
	must(t, err)
	defer func() { must(t, other.Close()) }()
	conn, err := other.Conn(t.Context())
	must(t, err)
	_, err = conn.ExecContext(t.Context(), `BEGIN IMMEDIATE`)
	must(t, err)
	wants(t, s.AddCustomer(t.Context(), "sato", tsujiban.Customer{ID: "x", Name: "X"}), tsujiban.CodeUnavailable, path, "another process")
	_, err = s.Customer(t.Context(), "a") // reading goes on
	must(t, err)
	_, err = conn.ExecContext(t.Context(), `ROLLBACK`)
	must(t, errors.Join(err, conn.Close()))
	must(t, s.AddCustomer(t.Context(), "sato", tsujiban.Customer{ID: "x", Name: "X"}))
}

// TestRebuildKeepsOthersOut opens the store twice, as two processes would.
func TestRebuildKeepsOthersOut(t *testing.T) {
	path := used(t)
	one, err := Open(t.Context(), path)
	must(t, err)
	two, err := Open(t.Context(), path)
	must(t, err)
	empty := func(context.Context) (*tsujiban.Event, error) { return nil, io.EOF }
	wants(t, one.Rebuild(t.Context(), 1, empty, nil), tsujiban.CodeConflict, "stop that program")
	must(t, two.Close())
	err = one.Rebuild(t.Context(), 1, func(context.Context) (*tsujiban.Event, error) {
		_, err := Open(t.Context(), path)
		wants(t, err, tsujiban.CodeConflict, "rebuilding")
		return nil, io.EOF
	}, nil)
	must(t, err)
	two, err = Open(t.Context(), path)
	must(t, err)
	must(t, errors.Join(one.Close(), two.Close()))
}
