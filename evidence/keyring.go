package evidence

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"tsujiban"
)

// The files of the n'th key, n from 1, in keys/:
//
//	0001.pub       the public key, kept for ever
//	0001.key       the private key, 0600; removed when the next one has taken over
//	0002.rotation  the checkpoint, signed by the keys 1 and 2, that hands over to key 2
//
// A key above the first counts when its rotation is there.
func keyFile(n int, suffix string) string {
	return filepath.Join(keysDir, fmt.Sprintf("%04d%s", n, suffix))
}

const (
	publicSuffix   = ".pub"
	privateSuffix  = ".key"
	rotationSuffix = ".rotation"
)

// keyring is the public keys of a log in the order in which they signed, and what handed over from each to the next.
type keyring struct {
	keys      []Key    // at least one
	rotations [][]byte // len(keys)-1
}

func (k *keyring) current() Key { return k.keys[len(k.keys)-1] }

// readKeyring reads the keys of a directory. fs.ErrNotExist when there is none at all.
func readKeyring(dir string) (*keyring, error) {
	var k keyring
	for n := 1; n <= maxRotations; n++ {
		var rotation []byte
		if n > 1 {
			b, err := readLimited(filepath.Join(dir, keyFile(n, rotationSuffix)), MaxNote)
			if errors.Is(err, fs.ErrNotExist) {
				break
			}
			if err != nil {
				return nil, tsujiban.Errorf(tsujiban.CodeUnavailable, "reading the keys: %w", err)
			}
			rotation = b
		}
		b, err := readLimited(filepath.Join(dir, keyFile(n, publicSuffix)), maxKey)
		if err != nil {
			return nil, err
		}
		key, err := ParseKey(string(b))
		if err != nil {
			return nil, tsujiban.Errorf(tsujiban.CodeCorrupt, "%s: %w; put a copy of the file back", keyFile(n, publicSuffix), err)
		}
		if rotation != nil {
			if err := k.mayFollow(key, rotation); err != nil {
				return nil, tsujiban.Errorf(tsujiban.CodeCorrupt, "%s: %w; put a copy of the file back", keyFile(n, rotationSuffix), err)
			}
			k.rotations = append(k.rotations, rotation)
		}
		k.keys = append(k.keys, key)
	}
	return &k, nil
}

// mayFollow tells whether a rotation hands over from the newest key to next.
func (k *keyring) mayFollow(next Key, rotation []byte) error {
	s, err := OpenCheckpoint(rotation, k.current(), next)
	switch {
	case err != nil:
		return err
	case len(s.By) < 2:
		return errors.New("it is not signed by the old and the new key")
	case s.NextKey != next.String():
		return errors.New("it hands over to another key")
	}
	return nil
}

// readSigner reads the private key that signs now.
func (k *keyring) readSigner(dir string) (note.Signer, error) {
	n := len(k.keys)
	name := keyFile(n, privateSuffix)
	b, err := readLimited(filepath.Join(dir, name), maxKey)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, tsujiban.Errorf(tsujiban.CodeUnavailable, "the private key %s is gone: put a copy back; without one the evidence cannot go on: "+
			"keep %s elsewhere, then a new tree with a new key is begun at the next start", name, dir)
	case errors.Is(err, fs.ErrPermission):
		return nil, tsujiban.Errorf(tsujiban.CodeForbidden, "%w: run this as the user that the program runs as", err)
	case err != nil:
		return nil, tsujiban.Errorf(tsujiban.CodeUnavailable, "reading the private key: %w", err)
	}
	s, err := note.NewSigner(strings.TrimSpace(string(b)))
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeCorrupt, "%s is not a private key; put a copy back", name)
	}
	// Key id and name say which public key belongs to it; a signature says that it does.
	if err := fits(s, k.current()); err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeCorrupt, "%s does not belong to %s; put copies back that do", name, keyFile(n, publicSuffix))
	}
	return s, nil
}

func fits(s note.Signer, k Key) error {
	msg, err := note.Sign(&note.Note{Text: "do these keys belong together?\n"}, s)
	if err == nil {
		_, _, err = openNote(msg, MaxNote, []Key{k})
	}
	return err
}

// newKey makes the files of the n'th key.
func newKey(dir string, n int, origin string) (Key, error) {
	private, public, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return Key{}, err
	}
	if err := os.MkdirAll(filepath.Join(dir, keysDir), 0o750); err != nil {
		return Key{}, tsujiban.Errorf(tsujiban.CodeUnavailable, "making a key: %w", err)
	}
	if err := put(dir, keyFile(n, privateSuffix), 0o600, true, []byte(private+"\n")); err != nil {
		return Key{}, err
	}
	if err := put(dir, keyFile(n, publicSuffix), 0o644, true, []byte(public+"\n")); err != nil {
		return Key{}, err
	}
	return ParseKey(public)
}

// newOrigin names a new log: after the node, and a number that tells it from any other log of that name.
func newOrigin(node string) (string, error) {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '.':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, node)
	if clean == "" {
		clean = "node"
	}
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", err
	}
	return "tsujiban/" + clean[:min(len(clean), 60)] + "/" + hex.EncodeToString(b[:]), nil
}

// openKeys reads the keys, clears up what an interrupted step left, and makes the first key when nothing was ever kept here.
func openKeys(dir, node string, log *slog.Logger) (*keyring, note.Signer, error) {
	k, err := readKeyring(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if used, err := inUse(dir); err != nil || used {
			return nil, nil, errors.Join(err, tsujiban.Errorf(tsujiban.CodeCorrupt, "the keys in %s are gone and the tree is not: put a copy back, "+
				"or keep %s elsewhere, then a new tree with a new key is begun at the next start", filepath.Join(dir, keysDir), dir))
		}
		origin, err := newOrigin(node)
		if err != nil {
			return nil, nil, err
		}
		key, err := newKey(dir, 1, origin)
		if err != nil {
			return nil, nil, err
		}
		log.Info("a key for the evidence was made; give its public half to whom records may be handed to", slog.String("log", origin), slog.String("fingerprint", key.Fingerprint()))
		k = &keyring{keys: []Key{key}}
	} else if err != nil {
		return nil, nil, err
	}
	if err := k.tidy(dir, log); err != nil {
		return nil, nil, err
	}
	s, err := k.readSigner(dir)
	return k, s, err
}

// inUse tells whether a tree was kept here: then a missing key was not the first start.
func inUse(dir string) (bool, error) {
	for _, name := range []string{checkpointFile, historyFile} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return true, err
		}
	}
	return false, nil
}

// tidy ends a rotation that was interrupted: private keys that have handed over go, so do keys that never signed.
func (k *keyring) tidy(dir string, log *slog.Logger) error {
	entries, err := os.ReadDir(filepath.Join(dir, keysDir))
	if err != nil {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "reading the keys: %w", err)
	}
	for _, e := range entries {
		name := filepath.Join(dir, keysDir, e.Name())
		digits, suffix, _ := strings.Cut(e.Name(), ".")
		n, err := strconv.Atoi(digits)
		if err != nil {
			continue
		}
		suffix = "." + suffix
		switch {
		case suffix == privateSuffix && n < len(k.keys), n > len(k.keys) && slices.Contains([]string{privateSuffix, publicSuffix}, suffix):
			if err := os.Remove(name); err != nil {
				return tsujiban.Errorf(tsujiban.CodeUnavailable, "removing a key that is no longer used: %w", err)
			}
		case suffix == privateSuffix:
			if st, err := e.Info(); err == nil && st.Mode().Perm()&0o077 != 0 {
				log.Warn("others could read the private key of the evidence; its rights are set to 0600. If somebody may have, run \"tsujiban evidence rotate-key\"", slog.String("file", name))
				if err := os.Chmod(name, 0o600); err != nil {
					return tsujiban.Errorf(tsujiban.CodeForbidden, "%w: set its rights to 0600", err)
				}
			}
		}
	}
	return nil
}

// Rotate hands over to a new key: the checkpoint that says so is signed by the old and the new one. The old public key is kept, the private
// one removed. It returns the new key.
func (l *Log) Rotate() (Key, error) {
	n := len(l.keys.keys) + 1
	if n > maxRotations {
		return Key{}, tsujiban.Errorf(tsujiban.CodeConflict, "the log has had %d keys already", maxRotations)
	}
	key, err := newKey(l.o.Dir, n, l.signer.Name())
	if err != nil {
		return Key{}, err
	}
	next := keyring{keys: append(l.keys.keys[:n-1:n-1], key)}
	signer, err := next.readSigner(l.o.Dir)
	if err != nil {
		return Key{}, err
	}
	err = l.publish(key.String(), l.signer, signer)
	now, rerr := readKeyring(l.o.Dir) // the rotation may be on disk although what came after it failed
	if rerr != nil {
		return Key{}, errors.Join(err, rerr)
	}
	if len(now.keys) < n {
		return Key{}, err
	}
	l.keys, l.signer = now, signer
	return key, errors.Join(err, l.keys.tidy(l.o.Dir, l.o.Logger))
}
