package evidence

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"tsujiban"
)

// MaxNote is the longest signed note that is read, in bytes: a checkpoint is a few hundred.
const MaxNote = 16 << 10

// Checkpoint is the head of a tree: how many entries it has, and the hash that stands for all of them (C2SP
// tlog-checkpoint). Time and NextKey are extension lines, signed like the rest.
type Checkpoint struct {
	Origin  string    // names the log; the name of its keys, too
	Size    int64     // entries
	Root    tlog.Hash // RFC 6962 §2.1, Merkle Tree Hash
	Time    time.Time // when it was signed, by the log's own clock; zero when it does not say
	NextKey string    // at a rotation: the public key that signs from here on
}

const (
	timeLine = "time "
	keyLine  = "next-key "
)

// Text is what is signed: lines, each with its newline.
func (c *Checkpoint) Text() string {
	s := fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, c.Root)
	if !c.Time.IsZero() {
		s += timeLine + c.Time.UTC().Format(time.RFC3339) + "\n"
	}
	if c.NextKey != "" {
		s += keyLine + c.NextKey + "\n"
	}
	return s
}

// ParseCheckpoint reads the text of a checkpoint, without signatures. Extension lines that it does not know are passed over.
func ParseCheckpoint(text string) (*Checkpoint, error) {
	if len(text) > MaxNote {
		return nil, errors.New("it is too long for a checkpoint")
	}
	body, ok := strings.CutSuffix(text, "\n")
	lines := strings.Split(body, "\n")
	if !ok || len(lines) < 3 || lines[0] == "" {
		return nil, errors.New("a checkpoint is an origin, a size and a hash, each on a line")
	}
	c := &Checkpoint{Origin: lines[0]}
	var err error
	if c.Size, err = parseSize(lines[1]); err != nil {
		return nil, err
	}
	if c.Root, err = parseHash(lines[2]); err != nil {
		return nil, err
	}
	for _, l := range lines[3:] {
		switch value, found := strings.CutPrefix(l, timeLine); {
		case l == "":
			return nil, errors.New("an empty line in a checkpoint")
		case found:
			if c.Time, err = parseTime(value); err != nil {
				return nil, err
			}
		case strings.HasPrefix(l, keyLine):
			c.NextKey = strings.TrimPrefix(l, keyLine)
		}
	}
	return c, nil
}

func parseTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || t.UTC().Format(time.RFC3339) != s {
		return time.Time{}, fmt.Errorf("%.40q is not an instant like 2026-04-01T03:04:05Z", s)
	}
	return t, nil
}

// parseSize reads a count as it is written: without sign and leading zeroes.
func parseSize(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != s {
		return 0, fmt.Errorf("%.40q is not a count of entries", s)
	}
	return n, nil
}

var strictBase64 = base64.StdEncoding.Strict()

// hashText is how long a hash is in base64.
const hashText = 44

func parseHash[T string | []byte](s T) (h tlog.Hash, err error) {
	var text [hashText]byte
	var raw [hashText / 4 * 3]byte
	if copy(text[:], s); len(s) == hashText {
		if n, err := strictBase64.Decode(raw[:], text[:]); err == nil && n == tlog.HashSize {
			return tlog.Hash(raw[:]), nil
		}
	}
	return h, fmt.Errorf("%.60q is not a hash in base64", s)
}

// Signed is a checkpoint whose signature was checked.
type Signed struct {
	Checkpoint
	Note []byte // byte for byte, with signatures
	By   []Key  // of the known keys those that signed it
}

// OpenCheckpoint reads a signed checkpoint (C2SP signed-note) and checks it against known keys, one of which is enough.
// A wrong signature of a known key is an error even when another one is right. Errors carry [tsujiban.CodeInvalid].
func OpenCheckpoint(msg []byte, known ...Key) (*Signed, error) {
	text, by, err := openNote(msg, MaxNote, known)
	if err != nil {
		return nil, err
	}
	c, err := ParseCheckpoint(text)
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "%w", err)
	}
	for _, k := range by {
		if k.Name() != c.Origin {
			return nil, invalid(fmt.Sprintf("記録簿 %q のものなのに、%q の鍵で署名されています", c.Origin, k.Name()), fmt.Sprintf("it is of the log %q and signed by a key of %q", c.Origin, k.Name()))
		}
	}
	return &Signed{Checkpoint: *c, Note: bytes.Clone(msg), By: by}, nil
}

// openNote checks a signed note and returns its text and who signed it.
func openNote(msg []byte, limit int, known []Key) (string, []Key, error) {
	if len(msg) > limit {
		return "", nil, tsujiban.Errorf(tsujiban.CodeInvalid, "it is longer than %d bytes: no note of ours", limit)
	}
	vs := make([]note.Verifier, len(known))
	for i, k := range known {
		vs[i] = k.verifier
	}
	n, err := note.Open(msg, note.VerifierList(vs...))
	var unverified *note.UnverifiedNoteError
	var wrong *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified):
		return "", nil, invalid("指定の公開鍵による署名がありません", "it is not signed by the key")
	case errors.As(err, &wrong):
		return "", nil, invalid("署名が合いません。本文か署名が変えられています", "its signature is wrong: the text or the signature was changed")
	case err != nil:
		return "", nil, invalid("署名つき文書の形をしていません", "it is not a signed note")
	}
	if !strictSignatures(msg[len(n.Text)+1:]) {
		return "", nil, invalid("署名の行が正しい書き方ではありません", "a line of its signatures is not written as it should be")
	}
	var by []Key
	for _, s := range n.Sigs {
		for _, k := range known {
			if k.Name() == s.Name && k.verifier.KeyHash() == s.Hash {
				by = append(by, k)
			}
		}
	}
	return n.Text, by, nil
}

// strictSignatures tells whether each signature is written in the one way in which base64 writes it, so that
// no bit of a note can be changed unseen.
func strictSignatures(lines []byte) bool {
	for line := range bytes.Lines(lines) {
		i := bytes.LastIndexByte(line, ' ')
		if _, err := strictBase64.DecodeString(string(bytes.TrimSuffix(line[i+1:], []byte{'\n'}))); err != nil {
			return false
		}
	}
	return true
}

// splitNotes cuts a file of signed notes, with an empty line after each, into notes. Rest is what follows the last whole one.
func splitNotes(b []byte) (notes [][]byte, rest []byte) {
	for {
		text := bytes.Index(b, []byte("\n\n"))
		if text < 0 {
			return notes, b
		}
		end := bytes.Index(b[text+2:], []byte("\n\n"))
		if end < 0 {
			return notes, b
		}
		end += text + 2
		notes = append(notes, b[:end+1])
		b = b[end+2:]
	}
}

// joinNotes is the reverse of splitNotes.
func joinNotes(notes ...[]byte) []byte {
	var b []byte
	for _, n := range notes {
		b = append(append(b, n...), '\n')
	}
	return b
}
