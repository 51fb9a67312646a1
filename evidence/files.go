package evidence

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/mod/sumdb/tlog"

	"tsujiban"
)

// The names in the directory of a tree.
const (
	checkpointFile = "checkpoint"
	historyFile    = "history"
	syncedFile     = "synced"
	keysDir        = "keys"
	erasedDir      = "erased"
	tileDir        = "tile"
	tempFile       = "tmp"
	lockFile       = "lock"
)

// tileHeight is the height of tiles (C2SP tlog-tiles): 256 hashes.
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	tileBytes  = tileWidth * tlog.HashSize
)

// tilePath is the path of a tile below the directory and below the URL: tile/<L>/<N>[.p/<W>]. C2SP tlog-tiles leaves
// out the height, which tlog writes.
func tilePath(t tlog.Tile) string {
	return "tile/" + strings.TrimPrefix(t.Path(), fmt.Sprintf("tile/%d/", tileHeight))
}

// parseTilePath reads what tilePath writes.
func parseTilePath(path string) (tlog.Tile, error) {
	rest, ok := strings.CutPrefix(path, "tile/")
	if !ok || len(path) > 100 {
		return tlog.Tile{}, errors.New("not the path of a tile")
	}
	t, err := tlog.ParseTilePath(fmt.Sprintf("tile/%d/%s", tileHeight, rest))
	if err != nil || t.L < 0 || t.L > 7 || tilePath(t) != path {
		return tlog.Tile{}, errors.New("not the path of a tile")
	}
	return t, nil
}

// whole is the tile when it is full.
func whole(t tlog.Tile) tlog.Tile {
	t.W = tileWidth
	return t
}

// readTile reads t.W hashes of a tile, from its own file, or from that of a wider tile at the same place.
// fs.ErrNotExist when there is none.
func readTile(dir string, t tlog.Tile) ([]byte, error) {
	for range 3 { // while a program writes, a partial tile gives way to a wider one
		data, err := readTileFile(dir, t)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return data, err
		}
		if t.W == tileWidth {
			return nil, err
		}
		if data, err := readTileFile(dir, whole(t)); err == nil {
			return data[:t.W*tlog.HashSize], nil
		}
		if wider, ok := widest(dir, t); ok && wider.W > t.W {
			if data, err := readTileFile(dir, wider); err == nil {
				return data[:t.W*tlog.HashSize], nil
			}
		}
	}
	return nil, fmt.Errorf("%s: %w", tilePath(t), fs.ErrNotExist)
}

func readTileFile(dir string, t tlog.Tile) ([]byte, error) {
	name := filepath.Join(dir, tilePath(t))
	data, err := readLimited(name, tileBytes)
	if err == nil && len(data) != t.W*tlog.HashSize {
		return nil, tsujiban.Errorf(tsujiban.CodeCorrupt, "%s is %d bytes, it should be %d", tilePath(t), len(data), t.W*tlog.HashSize)
	}
	return data, err
}

// widest finds the widest partial tile on disk at the place of t.
func widest(dir string, t tlog.Tile) (tlog.Tile, bool) {
	entries, err := os.ReadDir(filepath.Join(dir, tilePath(whole(t))+".p"))
	if err != nil {
		return t, false
	}
	best := 0
	for _, e := range entries {
		if w, err := strconv.Atoi(e.Name()); err == nil && w < tileWidth {
			best = max(best, w)
		}
	}
	t.W = best
	return t, best > 0
}

// readLimited reads a file of at most limit bytes.
func readLimited(name string, limit int64) (data []byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err = io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = tsujiban.Errorf(tsujiban.CodeCorrupt, "%s is larger than %d bytes: it is none of ours", filepath.Base(name), limit)
	}
	return data, err
}

// put makes a file with the given content, whole or not at all; with durable it is on disk when put returns.
func put(dir, name string, mode fs.FileMode, durable bool, parts ...[]byte) error {
	temp := filepath.Join(dir, tempFile)
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "writing %s: %w", name, err)
	}
	err = f.Chmod(mode) // before a private key goes in: a leftover file keeps its own
	for _, p := range parts {
		if err == nil {
			_, err = f.Write(p)
		}
	}
	if err == nil && durable {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	to := filepath.Join(dir, name)
	if err == nil {
		if err = os.Rename(temp, to); errors.Is(err, fs.ErrNotExist) {
			if err = os.MkdirAll(filepath.Dir(to), 0o750); err == nil {
				err = os.Rename(temp, to)
			}
		}
	}
	if err == nil && durable {
		err = syncPath(filepath.Dir(to))
	}
	if err != nil {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "writing %s: %w", name, err)
	}
	return nil
}

// syncPath makes a file, or the names in a directory, durable.
func syncPath(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// lock takes the directory for this program alone.
func lock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeUnavailable, "taking the lock of the evidence: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = tsujiban.Errorf(tsujiban.CodeConflict, "%s: another program keeps this evidence; ask that one", dir)
		}
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// readSynced reads up to which size all tiles are known to be on disk; 0 when that is not known.
func readSynced(dir string) int64 {
	b, err := readLimited(filepath.Join(dir, syncedFile), 100)
	if err != nil {
		return 0
	}
	n, err := parseSize(string(bytes.TrimSpace(b)))
	if err != nil {
		return 0
	}
	return n
}

func putSynced(dir string, size int64) error {
	return put(dir, syncedFile, 0o644, true, fmt.Appendf(nil, "%d\n", size))
}
