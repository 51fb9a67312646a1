package store

import (
	"net/url"
	"strconv"
	"strings"

	"tsujiban"
)

// Receipt is what the journal keeps of a change of the store that is made to last: what each row that it touched is from then on, as a sum under a key
// that only the store's file has. The store is the truth of what is set; with receipts a row that was changed behind the program's back is found, as the calls are by the journal itself.
type Receipt struct {
	File string // "settings" or "ledger"
	N    uint64 // counts the changes of the file, from 1
	Part int    // of a large change, from 0
	Rows []RowReceipt
}

// RowReceipt is one row, or a run of rows.
type RowReceipt struct {
	Kind  RowKind
	Table string
	Key   string // [RowKey] of the row, or of the first one of a run
	To    string // of the last one of a run
	Entry int64  // a row: the entry of the ledger that withdrew it, 0 for none; a run: the one that wrote, or withdrew, all of it
	Count int    // of a run
	Sum   string // of the row, or over those of a run
}

// RowKind says what a [RowReceipt] is of.
type RowKind uint8

// The kinds.
const (
	RowIs       RowKind = iota // a row is there
	RowGone                    // it is there no more
	RunWritten                 // rows that one entry of the ledger wrote
	RunWithdraw                // rows that one entry withdrew
)

var rowMarks = [...]string{RowIs: "=", RowGone: "-", RunWritten: "+", RunWithdraw: "x"}

// RowKey writes the values of a key as one word.
func RowKey(values ...string) string {
	var b strings.Builder
	for i, v := range values {
		if i > 0 {
			b.WriteByte('/')
		}
		b.WriteString(url.PathEscape(v))
	}
	return b.String()
}

// ReceiptBytes is how long the text of a receipt is at most.
const ReceiptBytes = 48 << 10

// Parts splits a receipt so that the text of each part is short enough for an entry of the journal. There is always one.
func (r *Receipt) Parts() []Receipt {
	out := []Receipt{{File: r.File, N: r.N}}
	size := 0
	for i := range r.Rows {
		n := len(r.Rows[i].append(nil))
		last := &out[len(out)-1]
		if size += n; size > ReceiptBytes-64 && len(last.Rows) > 0 {
			out = append(out, Receipt{File: r.File, N: r.N, Part: len(out)})
			last, size = &out[len(out)-1], n
		}
		last.Rows = append(last.Rows, r.Rows[i])
	}
	return out
}

func (r *Receipt) String() string {
	b := append([]byte(r.File), ' ')
	b = strconv.AppendUint(b, r.N, 10)
	if r.Part > 0 {
		b = strconv.AppendInt(append(b, '.'), int64(r.Part), 10)
	}
	for i := range r.Rows {
		b = r.Rows[i].append(append(b, '\n'))
	}
	return string(b)
}

func (w *RowReceipt) append(b []byte) []byte {
	b = append(append(b, rowMarks[w.Kind]...), ' ')
	b = append(append(b, w.Table...), ' ')
	b = append(b, w.Key...)
	switch w.Kind {
	case RowGone:
		return b
	case RowIs:
		b = append(append(b, ' '), w.Sum...)
		if w.Entry != 0 {
			b = strconv.AppendInt(append(b, ' '), w.Entry, 10)
		}
		return b
	}
	b = append(append(b, ' '), w.To...)
	b = strconv.AppendInt(append(b, ' '), w.Entry, 10)
	b = strconv.AppendInt(append(b, ' '), int64(w.Count), 10)
	return append(append(b, ' '), w.Sum...)
}

// ParseReceipt reads what String wrote. Error: CodeInvalid.
func ParseReceipt(text string) (r Receipt, err error) {
	bad := func(what string) error {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%.60q is no receipt of the store: %s", text, what)
	}
	head, rest, more := strings.Cut(text, "\n")
	file, count, _ := strings.Cut(head, " ")
	n, part, parts := strings.Cut(count, ".")
	if r.N, err = strconv.ParseUint(n, 10, 63); err != nil || file == "" {
		return r, bad("its head")
	}
	r.File = file
	if parts {
		if r.Part, err = strconv.Atoi(part); err != nil || r.Part < 1 {
			return r, bad("its part")
		}
	}
	for more {
		var line string
		line, rest, more = strings.Cut(rest, "\n")
		w, ok := parseRow(strings.Split(line, " "))
		if !ok {
			return r, bad("a line")
		}
		r.Rows = append(r.Rows, w)
	}
	return r, nil
}

func parseRow(f []string) (w RowReceipt, ok bool) {
	if len(f) < 3 {
		return w, false
	}
	w.Table, w.Key = f[1], f[2]
	var err, err2 error
	switch {
	case f[0] == rowMarks[RowIs] && (len(f) == 4 || len(f) == 5):
		w.Sum = f[3]
		if len(f) == 5 {
			w.Entry, err = strconv.ParseInt(f[4], 10, 64)
		}
		return w, err == nil
	case f[0] == rowMarks[RowGone] && len(f) == 3:
		w.Kind = RowGone
		return w, true
	case f[0] == rowMarks[RunWritten] && len(f) == 7:
		w.Kind = RunWritten
	case f[0] == rowMarks[RunWithdraw] && len(f) == 7:
		w.Kind = RunWithdraw
	default:
		return w, false
	}
	w.To, w.Sum = f[3], f[6]
	w.Entry, err = strconv.ParseInt(f[4], 10, 64)
	w.Count, err2 = strconv.Atoi(f[5])
	return w, err == nil && err2 == nil && w.Count > 0
}
