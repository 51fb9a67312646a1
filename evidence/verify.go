package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"tsujiban"
)

// Report is what the verification of a bundle found.
type Report struct {
	Origin  string    `json:"log"`
	Entries int64     `json:"entries"` // that the checkpoint covers
	Root    string    `json:"root"`
	Signed  time.Time `json:"signed"`      // the checkpoint, by the log's clock
	Made    time.Time `json:"made"`        // the bundle, by the log's clock
	Key     string    `json:"key"`         // fingerprint of the key that signed the checkpoint
	Changes int       `json:"key_changes"` // of keys, from the one that is trusted
	Records int       `json:"records"`
	Proven  int       `json:"proven"` // records that lead to the checkpoint
	Ranges  []Range   `json:"ranges"` // of the proven: within one none is left out
	Files   []File    `json:"files"`  // attached
	Faults  []Fault   `json:"faults"`
	More    int       `json:"more_faults,omitempty"` // that are not listed
}

// OK tells whether all that the bundle claims is proven.
func (r *Report) OK() bool { return len(r.Faults) == 0 }

// Fault is one thing that is wrong.
type Fault struct {
	File  string `json:"file,omitempty"`
	Entry uint64 `json:"entry,omitempty"` // first entry that it is about; 0 when it is about none
	Last  uint64 `json:"last,omitempty"`
	Ja    string `json:"ja"`
	En    string `json:"en"`
}

// Text is one line for people.
func (f Fault) Text(l tsujiban.Lang) string {
	s, what := f.File, f.Ja
	if l == tsujiban.English {
		what = f.En
	}
	if f.Entry > 0 {
		if s != "" {
			s += " "
		}
		s += "#" + Range{f.Entry, max(f.Entry, f.Last)}.String()
	}
	if s == "" {
		return what
	}
	return s + ": " + what
}

// maxFaults is how many faults are listed.
const maxFaults = 200

func (r *Report) fault(f Fault) {
	if len(r.Faults) == maxFaults {
		r.More++
		return
	}
	r.Faults = append(r.Faults, f)
}

// VerifyBundle verifies a bundle against public keys that the reader trusts. It needs nothing else. b is at
// most MaxBundle bytes.
func VerifyBundle(b []byte, keys ...Key) *Report {
	r := &Report{Ranges: []Range{}, Files: []File{}, Faults: []Fault{}}
	if len(b) > MaxBundle {
		r.fault(Fault{Ja: fmt.Sprintf("証明ファイルとして大きすぎます（上限 %d MiB）", MaxBundle>>20), En: fmt.Sprintf("too large for a bundle (limit %d MiB)", MaxBundle>>20)})
		return r
	}
	entries, err := readZip(b)
	var container *errContainer
	if errors.As(err, &container) {
		r.fault(Fault{Ja: fmt.Sprintf("ZIPの %d バイト目: 渡されたときのままではありません（%s）", container.at, japanese(container.what)), En: "the ZIP is not as it was handed over: " + container.Error()})
	}
	v := verifier{r: r, files: map[string][]byte{}}
	for _, e := range entries {
		v.files[e.name] = e.data
	}
	if len(entries) > 0 {
		v.all(entries, keys)
	}
	return r
}

type verifier struct {
	r     *Report
	files map[string][]byte
	point *Signed
}

// all checks one thing after the other, and goes on as far as it can: who reads the report sees everything that is wrong.
func (v *verifier) all(entries []zipEntry, trusted []Key) {
	keys := v.keys(trusted)
	v.checkpoint(keys)
	v.manifest(entries, keys)
	v.records()
}

// keys are the trusted ones and those that took over from them.
func (v *verifier) keys(trusted []Key) []Key {
	b, ok := v.files[rotationsName]
	if !ok {
		return trusted
	}
	notes, rest := splitNotes(b)
	if len(notes) > maxRotations {
		notes, rest = nil, b
	}
	keys, n, err := follow(trusted, notes)
	if err == nil && len(rest) > 0 {
		err = invalid("最後のチェックポイントが途中で切れています", "it does not end with a whole checkpoint")
	}
	if err != nil {
		v.r.fault(Fault{File: rotationsName, Ja: "鍵の交代の記録が正しくありません: " + japanese(err), En: "the record of the keys is wrong: " + err.Error()})
		return trusted
	}
	v.r.Changes = n
	return keys
}

func (v *verifier) checkpoint(keys []Key) {
	b, ok := v.files[checkpointName]
	if !ok {
		v.missing(checkpointName)
		return
	}
	s, err := OpenCheckpoint(b, keys...)
	if err != nil {
		v.r.fault(Fault{File: checkpointName, Ja: "指定の公開鍵で署名されたチェックポイントではありません: " + japanese(err), En: "this is no checkpoint signed by the given key: " + err.Error()})
		return
	}
	v.point = s
	v.r.Origin, v.r.Entries, v.r.Root, v.r.Signed, v.r.Key = s.Origin, s.Size, s.Root.String(), s.Time, s.By[0].Fingerprint()
}

func (v *verifier) missing(name string) {
	v.r.fault(Fault{File: name, Ja: "ファイルがありません", En: "the file is missing"})
}

// manifest checks that the bundle holds what was signed, and nothing else.
func (v *verifier) manifest(entries []zipEntry, keys []Key) {
	b, ok := v.files[manifestName]
	if !ok {
		v.missing(manifestName)
		return
	}
	m, err := openManifest(b, keys)
	if err != nil {
		v.r.fault(Fault{File: manifestName, Ja: "指定の公開鍵で署名された一覧ではありません: " + japanese(err), En: "this is no list signed by the given key: " + err.Error()})
		return
	}
	v.r.Made = m.made
	if v.point != nil && (m.origin != v.point.Origin || m.size != v.point.Size || m.root != v.point.Root) {
		v.r.fault(Fault{File: checkpointName, Ja: "一覧が署名されたときのチェックポイントではありません", En: "this is not the checkpoint that the list was signed for"})
	}
	listed := []string{manifestName}
	for _, f := range m.files {
		listed = append(listed, f.Name)
		data, ok := v.files[f.Name]
		switch have := fileOf(f.Name, data); {
		case !ok:
			v.missing(f.Name)
		case have != f:
			v.r.fault(Fault{File: f.Name, Ja: "渡されたときから変わっています（SHA-256が一覧と違います）", En: "it was changed since it was handed over: its SHA-256 is not that of the list"})
		case bytes.HasPrefix([]byte(f.Name), []byte(attachments)):
			v.r.Files = append(v.r.Files, f)
		}
	}
	inOrder := len(entries) == len(listed)
	for i, e := range entries {
		if !slices.Contains(listed, e.name) {
			v.r.fault(Fault{File: e.name, Ja: "一覧にないファイルが加えられています", En: "the file is not in the list: it was added"})
		}
		inOrder = inOrder && e.name == listed[i]
	}
	if !inOrder && v.r.OK() {
		v.r.fault(Fault{File: manifestName, Ja: "ファイルの順序が一覧と違います", En: "the files do not stand in the order of the list"})
	}
}

// records checks each record against the checkpoint.
func (v *verifier) records() {
	records, ok1 := v.files[recordsName]
	proofs, ok2 := v.files[proofsName]
	if !ok1 {
		v.missing(recordsName)
	}
	if !ok2 {
		v.missing(proofsName)
	}
	if !ok1 || !ok2 {
		return
	}
	last := int64(-1)
	for n := 1; len(records) > 0 || len(proofs) > 0; n++ {
		if n > MaxRecords {
			v.r.fault(Fault{File: recordsName, Ja: "記録が多すぎます", En: "too many records"})
			return
		}
		var line, proof []byte
		var whole1, whole2 bool
		line, records, whole1 = bytes.Cut(records, []byte{'\n'})
		proof, proofs, whole2 = bytes.Cut(proofs, []byte{'\n'})
		if whole1 {
			v.r.Records++
		}
		if !whole1 || !whole2 {
			v.r.fault(Fault{File: recordsName, Ja: fmt.Sprintf("%d 行目: 記録か証明が欠けています", n), En: fmt.Sprintf("line %d: a record or its proof is missing", n)})
			return
		}
		index, err := v.record(line, proof)
		seq := uint64(index + 1)
		switch {
		case err != nil && index < 0:
			v.r.fault(Fault{File: proofsName, Ja: fmt.Sprintf("%d 行目: 証明として読めません（%s）", n, japanese(err)), En: fmt.Sprintf("line %d is no proof: %v", n, err)})
			continue
		case err != nil:
			v.r.fault(Fault{File: recordsName, Entry: seq, Ja: fmt.Sprintf("%d 行目: %s", n, japanese(err)), En: fmt.Sprintf("line %d: %v", n, err)})
			continue
		case index <= last:
			v.r.fault(Fault{File: recordsName, Entry: seq, Ja: fmt.Sprintf("%d 行目: 記録の順序が入れ替わっているか、重複しています", n), En: fmt.Sprintf("line %d: the records are out of order, or one is there twice", n)})
			continue
		}
		last = index
		v.proven(seq)
	}
}

func (v *verifier) proven(seq uint64) {
	v.r.Proven++
	if k := len(v.r.Ranges) - 1; k >= 0 && v.r.Ranges[k].To+1 == seq {
		v.r.Ranges[k].To = seq
		return
	}
	v.r.Ranges = append(v.r.Ranges, Range{seq, seq})
}

// record checks one record. The index is negative when the proof cannot be read.
func (v *verifier) record(line, proof []byte) (int64, error) {
	index, hashes, err := parseProofLine(proof)
	if err != nil {
		return -1, err
	}
	if v.point == nil {
		return index, invalid("照らし合わせるチェックポイントがありません", "there is no checkpoint to prove it by")
	}
	if err := checkRecord(hashes, v.point, index, line); err != nil {
		return index, err
	}
	var head struct {
		Seq uint64 `json:"seq"`
	}
	if err := json.Unmarshal(line, &head); err != nil || head.Seq != uint64(index)+1 {
		return index, invalid(fmt.Sprintf("%d 件目と名のる記録ですが、記録簿では %d 件目でした", head.Seq, index+1), fmt.Sprintf("the record calls itself entry %d and stood in the journal as entry %d", head.Seq, index+1))
	}
	return index, nil
}

// parseProofLine reads a line of proofs.txt: the index, counted from 0, and the hashes, with blanks between.
func parseProofLine(b []byte) (int64, []tlog.Hash, error) {
	word, rest, more := bytes.Cut(b, []byte{' '})
	index, err := parseSize(string(word))
	if err != nil {
		return -1, nil, err
	}
	if index == 1<<63-1 {
		return -1, nil, errors.New("the index " + strconv.FormatInt(index, 10) + " is too large")
	}
	var hashes []tlog.Hash
	for more {
		word, rest, more = bytes.Cut(rest, []byte{' '})
		h, err := parseHash(word)
		if err != nil {
			return -1, nil, err
		}
		if hashes = append(hashes, h); len(hashes) > maxHashes {
			return -1, nil, fmt.Errorf("more than %d hashes", maxHashes)
		}
	}
	return index, hashes, nil
}
