package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"tsujiban"
)

// Backup writes a copy of the settings to a new file at path, readable by its owner only,
// as they are at one moment; changes wait until it is done. To restore, stop the
// program and put the copy in the place of the settings. The calls are not in it: they
// are made anew from the journal, which has to be backed up by itself. CodeExists when
// there is something at path.
//
// The ledger is copied beside it, as backup.ledger.db beside backup.db.
func (s *Store) Backup(ctx context.Context, path string) error {
	if err := s.settings.backup(ctx, path); err != nil {
		return err
	}
	return s.ledger.backup(ctx, ledgerPath(path))
}

func (d *database) backup(ctx context.Context, path string) error {
	// Made first, so that its mode is right from the start: the copy holds credentials.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return tsujiban.Errorf(tsujiban.CodeExists, "%s exists: a backup writes over nothing", path)
	}
	if err != nil {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "make the backup: %w", err)
	}
	_, err = d.write.ExecContext(ctx, `VACUUM INTO ?`, path)
	err = d.explain(ctx, "make the backup", err)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return syncFolder(path)
}
