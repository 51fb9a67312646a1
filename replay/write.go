package replay

import (
	"bufio"

	"io"
	"strconv"
	"strings"
	"time"
)

// VerdictHeader is the first line of a file of verdicts.
const VerdictHeader = "id,verdict,talk_s,yen,weight,reason"

// VerdictWriter writes one line a call: id,verdict,talk_s,yen,weight,reason. Verdict is allow, deny or cut; talk_s and yen are what remains of the
// call; weight is in decibans; reason is the code of tsujiban.Reason, empty for what was allowed.
type VerdictWriter struct {
	w   *bufio.Writer
	buf []byte
}

// NewVerdictWriter writes the header.
func NewVerdictWriter(w io.Writer) (*VerdictWriter, error) {
	v := &VerdictWriter{w: bufio.NewWriterSize(w, 1<<16)}
	_, err := v.w.WriteString(VerdictHeader + "\n")
	return v, err
}

// Write writes one line.
func (v *VerdictWriter) Write(r *Result) error {
	b := appendCell(v.buf[:0], r.Call.ID)
	b = append(append(b, ','), r.Verdict.String()...)
	b = appendSeconds(append(b, ','), r.Talk)
	b = r.Charge.Append(append(b, ','))
	b = strconv.AppendFloat(append(b, ','), float64(r.Weight), 'f', 1, 32)
	b = append(b, ',')
	if r.Reason != 0 {
		b = append(b, r.Reason.String()...)
	}
	v.buf = append(b, '\n')
	_, err := v.w.Write(v.buf)
	return err
}

// Flush writes what is buffered.
func (v *VerdictWriter) Flush() error { return v.w.Flush() }

// appendCell writes a text as a cell of CSV (RFC 4180 §2).
func appendCell(b []byte, s string) []byte {
	if !strings.ContainsAny(s, ",\"\r\n") {
		return append(b, s...)
	}
	b = append(b, '"')
	for i := range len(s) {
		if s[i] == '"' {
			b = append(b, '"')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}

// appendSeconds writes a length with as many decimals as it needs, at most three.
func appendSeconds(b []byte, d time.Duration) []byte {
	ms := d.Milliseconds()
	b = strconv.AppendInt(b, ms/1000, 10)
	if ms %= 1000; ms == 0 {
		return b
	}
	b = append(b, '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	return b
}
