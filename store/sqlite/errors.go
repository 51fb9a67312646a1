package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"tsujiban"
)

// What to do about a damaged or unknown file. Settings and view differ: only the view
// can be made again.
const (
	adviseView     = "stop the program and run 'tsujiban rebuild': it makes the calls anew from the journal"
	adviseLedger   = "the ledger cannot be made anew from the journal: put back the last backup of this file"
	adviseSettings = "settings cannot be made anew from the journal: put back the last backup of this file"
)

// explain gives an error of the database a code and says what to do next. An error that
// has a code already passes through.
func (d *database) explain(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	var coded *tsujiban.Error
	if errors.As(err, &coded) {
		return err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", doing, context.Cause(ctx))
	}
	if errors.Is(err, sql.ErrConnDone) || err.Error() == "sql: database is closed" {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "%s: the store is closed", doing)
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return tsujiban.Errorf(tsujiban.CodeInternal, "%s: %w", doing, err)
	}
	switch e.Code() & 0xff {
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return d.damaged(doing, err)
	case lib.SQLITE_FULL:
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "%s: no room left for %s, free some disk space: %w", doing, d.path, err)
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "%s: another process is writing to %s: %w", doing, d.path, err)
	case lib.SQLITE_READONLY, lib.SQLITE_PERM, lib.SQLITE_CANTOPEN, lib.SQLITE_IOERR, lib.SQLITE_AUTH:
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "%s: cannot use %s, look at the disk, the owner and the mode of the file and its folder: %w", doing, d.path, err)
	}
	return tsujiban.Errorf(tsujiban.CodeInternal, "%s: %w", doing, err)
}

func (d *database) damaged(doing string, err error) error {
	return tsujiban.Errorf(tsujiban.CodeCorrupt, "%s: %s is damaged (%w): %s", doing, d.path, err, d.advice)
}

// constraint tells whether err is the violation of a constraint of the given kind, an
// extended result code such as SQLITE_CONSTRAINT_UNIQUE.
func constraint(err error, kinds ...int) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	for _, k := range kinds {
		if e.Code() == k {
			return true
		}
	}
	return false
}
