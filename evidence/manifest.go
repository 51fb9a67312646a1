package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"tsujiban"
)

// The files of a bundle, in this order; attachments follow in that of the manifest.
const (
	manifestName   = "manifest.txt"
	checkpointName = "checkpoint.txt"
	rotationsName  = "rotations.txt" // only of a log whose key has changed
	recordsName    = "records.jsonl"
	proofsName     = "proofs.txt"
	readmeJaName   = "README.ja.txt"
	readmeEnName   = "README.en.txt"
)

const (
	manifestHeader = "tsujiban bundle@v1"
	maxManifest    = 64 << 10
)

// File is one file of a bundle, as the manifest lists it.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"` // hexadecimal
}

// manifest lists what is in a bundle. It is signed by the key of the log.
type manifest struct {
	origin string
	made   time.Time
	size   int64 // of the checkpoint
	root   tlog.Hash
	files  []File
}

func fileOf(name string, data []byte) File {
	sum := sha256.Sum256(data)
	return File{name, int64(len(data)), hex.EncodeToString(sum[:])}
}

// text is what is signed.
func (m *manifest) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\nmade %s\ncheckpoint %d %s\n", manifestHeader, m.origin, m.made.UTC().Format(time.RFC3339), m.size, m.root)
	for _, f := range m.files {
		fmt.Fprintf(&b, "%s %d %s\n", f.SHA256, f.Size, f.Name)
	}
	return b.String()
}

// openManifest checks the signature of a manifest and reads it.
func openManifest(msg []byte, keys []Key) (*manifest, error) {
	text, by, err := openNote(msg, maxManifest, keys)
	if err != nil {
		return nil, err
	}
	if bytes.Count(msg[len(text):], []byte{'\n'}) != 2 { // the empty line, and the signature's
		return nil, invalid("署名が一つではありません", "it has more than one signature")
	}
	m, err := parseManifest(text)
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "%w", err)
	}
	if by[0].Name() != m.origin {
		return nil, invalid(fmt.Sprintf("記録簿 %q のものなのに、%q の鍵で署名されています", m.origin, by[0].Name()), fmt.Sprintf("it is of the log %q and signed by a key of %q", m.origin, by[0].Name()))
	}
	return m, nil
}

func parseManifest(text string) (*manifest, error) {
	body, ok := strings.CutSuffix(text, "\n")
	lines := strings.Split(body, "\n")
	if !ok || len(lines) < 4 || lines[0] != manifestHeader {
		return nil, fmt.Errorf("it does not begin with %q", manifestHeader)
	}
	if len(lines) > 4+maxEntries {
		return nil, fmt.Errorf("it lists more than %d files", maxEntries)
	}
	m := &manifest{origin: lines[1]}
	made, ok1 := strings.CutPrefix(lines[2], "made ")
	point, ok2 := strings.CutPrefix(lines[3], "checkpoint ")
	size, root, ok3 := strings.Cut(point, " ")
	if !ok1 || !ok2 || !ok3 {
		return nil, errors.New("it does not say when it was made, or under which checkpoint")
	}
	var err error
	if m.made, err = parseTime(made); err != nil {
		return nil, err
	}
	if m.size, err = parseSize(size); err != nil {
		return nil, err
	}
	if m.root, err = parseHash(root); err != nil {
		return nil, err
	}
	for _, l := range lines[4:] {
		f, err := parseFile(l)
		if err != nil {
			return nil, err
		}
		m.files = append(m.files, f)
	}
	return m, nil
}

func parseFile(line string) (File, error) {
	words := strings.SplitN(line, " ", 3)
	if len(words) != 3 {
		return File{}, fmt.Errorf("%.80q does not list a file", line)
	}
	f := File{SHA256: words[0], Name: words[2]}
	sum, err := hex.DecodeString(f.SHA256)
	if err != nil || len(sum) != sha256.Size || hex.EncodeToString(sum) != f.SHA256 {
		return File{}, fmt.Errorf("%.80q is not a SHA-256", f.SHA256)
	}
	if f.Size, err = parseSize(words[1]); err != nil {
		return File{}, err
	}
	return f, validEntryName(f.Name)
}
