package evidence

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of a bundle. They bound what a verifier has to hold in memory.
const (
	MaxBundle  = 256 << 20 // bytes of the file
	MaxRecords = 1_000_000
	MaxFiles   = 100 // attachments
	maxEntries = MaxFiles + 10
	maxName    = 120 // bytes of a name
)

// A bundle is a ZIP of the plainest kind (PKWARE APPNOTE 6.3.10): every entry stored, not compressed, sizes and CRC-32 in the local header, names in
// UTF-8, every date 1980-01-01, no comment, no extra field, nothing before, between or behind. So there is one
// way only to write given contents, every byte counts, and nothing can grow when it is read.
const (
	localMagic   = 0x04034b50
	centralMagic = 0x02014b50
	endMagic     = 0x06054b50
	localSize    = 30
	centralSize  = 46
	endSize      = 22
	zipVersion   = 20
	zipFlags     = 1 << 11 // names are UTF-8
	zipDate      = 1<<5 | 1
)

// zipEntry is one file in a bundle.
type zipEntry struct {
	name string
	data []byte
	sum  uint32
	at   uint32 // of its local header
}

// zipWriter writes a bundle.
type zipWriter struct {
	w       io.Writer
	n       int64
	entries []zipEntry
}

func (z *zipWriter) write(b []byte) error {
	n, err := z.w.Write(b)
	z.n += int64(n)
	return err
}

// add writes an entry.
func (z *zipWriter) add(name string, data []byte) error {
	if z.n+localSize+int64(len(name)+len(data)) > MaxBundle || len(z.entries) == maxEntries {
		return fmt.Errorf("the bundle would be larger than %d MiB or have more than %d files; make several", MaxBundle>>20, MaxFiles)
	}
	e := zipEntry{name: name, data: data, sum: crc32.ChecksumIEEE(data), at: uint32(z.n)}
	z.entries = append(z.entries, e)
	if err := z.write(e.local()); err != nil {
		return err
	}
	return z.write(data)
}

// close writes the directory at the end.
func (z *zipWriter) close() error { return z.write(directory(z.entries, uint32(z.n))) }

// common is what local and central header share: from the version needed to the length of the extra field.
func (e *zipEntry) common(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint16(b, zipVersion)
	b = le.AppendUint16(b, zipFlags)
	b = le.AppendUint16(b, 0) // stored
	b = le.AppendUint16(b, 0) // midnight
	b = le.AppendUint16(b, zipDate)
	b = le.AppendUint32(b, e.sum)
	b = le.AppendUint32(b, uint32(len(e.data)))
	b = le.AppendUint32(b, uint32(len(e.data)))
	b = le.AppendUint16(b, uint16(len(e.name)))
	return le.AppendUint16(b, 0)
}

func (e *zipEntry) local() []byte {
	b := binary.LittleEndian.AppendUint32(nil, localMagic)
	return append(e.common(b), e.name...)
}

// directory is everything behind the last entry.
func directory(entries []zipEntry, at uint32) []byte {
	le := binary.LittleEndian
	var b []byte
	for i := range entries {
		e := &entries[i]
		b = le.AppendUint32(b, centralMagic)
		b = le.AppendUint16(b, zipVersion)
		b = e.common(b)
		b = le.AppendUint16(b, 0) // comment
		b = le.AppendUint16(b, 0) // disk
		b = le.AppendUint16(b, 0) // internal attributes
		b = le.AppendUint32(b, 0) // external attributes
		b = le.AppendUint32(b, e.at)
		b = append(b, e.name...)
	}
	size := uint32(len(b))
	b = le.AppendUint32(b, endMagic)
	b = le.AppendUint32(b, 0) // disks
	b = le.AppendUint16(b, uint16(len(entries)))
	b = le.AppendUint16(b, uint16(len(entries)))
	b = le.AppendUint32(b, size)
	b = le.AppendUint32(b, at)
	return le.AppendUint16(b, 0) // comment
}

// errContainer is a place where a bundle is not written as bundles are.
type errContainer struct {
	at   int
	what error
}

func (e *errContainer) Error() string { return fmt.Sprintf("byte %d: %v", e.at, e.what) }

// readZip reads a bundle. The entries' data lie in b. What is wrong is an *errContainer; the entries before it are returned.
func readZip(b []byte) ([]zipEntry, error) {
	var entries []zipEntry
	seen := map[string]bool{}
	at := 0
	for len(b)-at >= 4 && binary.LittleEndian.Uint32(b[at:]) == localMagic {
		if len(entries) == maxEntries {
			return entries, &errContainer{at, both{fmt.Sprintf("ファイルが %d を超えています", maxEntries), fmt.Sprintf("more than %d files", maxEntries)}}
		}
		e, err := readLocal(b, at)
		if err != nil {
			return entries, err
		}
		fold := strings.ToLower(e.name)
		if seen[fold] {
			return entries, &errContainer{at, both{fmt.Sprintf("%q が二つあります", e.name), fmt.Sprintf("a second %q", e.name)}}
		}
		seen[fold] = true
		entries = append(entries, e)
		at += localSize + len(e.name) + len(e.data)
		if sum := crc32.ChecksumIEEE(e.data); sum != e.sum {
			return entries, &errContainer{at - len(e.data), both{fmt.Sprintf("%q のチェックサムが合いません", e.name), fmt.Sprintf("the check sum of %q is wrong", e.name)}}
		}
	}
	if len(entries) == 0 {
		return nil, &errContainer{0, both{"証明ファイルではありません。無圧縮のZIPの形で始まっていません", "this is no bundle: it does not begin with a file stored in a ZIP"}}
	}
	want := directory(entries, uint32(at))
	if rest := b[at:]; !bytes.Equal(rest, want) {
		i := 0
		for i < len(rest) && i < len(want) && rest[i] == want[i] {
			i++
		}
		return entries, &errContainer{at + i, both{"末尾の目録が中のファイルと合いません", "the directory at the end is not that of these files"}}
	}
	return entries, nil
}

func readLocal(b []byte, at int) (zipEntry, error) {
	le := binary.LittleEndian
	h := b[at:]
	if len(h) < localSize {
		return zipEntry{}, &errContainer{at, both{"途中で切れています", "it is cut short"}}
	}
	if method := le.Uint16(h[8:]); method != 0 {
		return zipEntry{}, &errContainer{at, both{"圧縮されています。証明ファイルは圧縮しません。作り直されたか、別のファイルです", "a compressed file: bundles are not compressed. It was packed anew, or is something else"}}
	}
	nameLen, size := int(le.Uint16(h[26:])), int64(le.Uint32(h[18:]))
	if nameLen > maxName || int64(len(h)) < localSize+int64(nameLen)+size {
		return zipEntry{}, &errContainer{at, both{"途中で切れています", "a file is longer than the bundle: it is cut short"}}
	}
	e := zipEntry{name: string(h[localSize : localSize+nameLen]), sum: le.Uint32(h[14:]), at: uint32(at)}
	e.data = h[localSize+nameLen : localSize+nameLen+int(size)]
	if err := validEntryName(e.name); err != nil {
		return zipEntry{}, &errContainer{at + localSize, err}
	}
	want := e.local()
	for i := range want {
		if h[i] != want[i] {
			return zipEntry{}, &errContainer{at + i, both{"見出しが証明ファイルの形ではありません。作り直されたか、変えられています", "the header of a file is not as bundles have it: it was packed anew, or changed"}}
		}
	}
	return e, nil
}

const attachments = "files/"

// validEntryName tells whether a name may stand in a bundle: one of ours, or one of an attachment.
func validEntryName(name string) error {
	rest, attached := strings.CutPrefix(name, attachments)
	if err := validName(rest); err != nil {
		return err
	}
	if !attached && strings.IndexFunc(rest, func(r rune) bool { return r > unicode.MaxASCII }) >= 0 {
		return both{"証明ファイルにない名前です", "a name that no file of a bundle has"}
	}
	return nil
}

// validName tells whether an attachment may have a name: letters of any script, digits, and the characters . - _ with no dot in front.
func validName(name string) error {
	if name == "" || len(attachments)+len(name) > maxName || name[0] == '.' || !utf8.ValidString(name) {
		return both{"名前が空か、長すぎるか、点で始まっています", "a name is empty, too long, or begins with a dot"}
	}
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) && !strings.ContainsRune(".-_", r) {
			return both{fmt.Sprintf("名前 %.60q: 使えるのは文字、数字、. - _ だけです", name), fmt.Sprintf("the name %.60q: only letters, digits and . - _ may stand in it", name)}
		}
	}
	return nil
}
