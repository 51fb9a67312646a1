package evidence

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"tsujiban"
	"tsujiban/journal"
)

// benchSite has a journal of attempts with dialogs, as long as those of real calls, and its tree.
func benchSite(b *testing.B, entries int) *site {
	b.Helper()
	s := newSite(b, 0)
	j, err := journal.Open(journal.Options{Dir: s.journal, QuietRate: 1 << 30, MaxPending: 1 << 30, Logger: s.log})
	s.must(err)
	for i := range entries {
		ev := tsujiban.Event{Kind: tsujiban.EventAttempt, At: s.now, Call: tsujiban.CallID(i) << 22}
		ev.Attempt.Customer, ev.Attempt.Trunk = "hakata-shokai", "hakata-pbx"
		ev.Attempt.UserAgent = []byte("Old PBX 3.1.4 (build 20150401)")
		ev.Attempt.SIPCallID = fmt.Appendf(nil, "%032x@203.0.113.7", i)
		_, err := j.Append(&ev)
		s.must(err)
	}
	s.must(j.Close())
	return s
}

// BenchmarkFollow is the whole cost of the evidence per entry: reading the journal, hashing, tiles, a checkpoint for every 40,000 entries.
func BenchmarkFollow(b *testing.B) {
	const entries = 200_000
	s := benchSite(b, entries)
	b.ReportAllocs()
	b.ResetTimer()
	bytes, done := 0, 0
	for done < b.N {
		b.StopTimer()
		s.dir = b.TempDir()
		l, err := Open(context.Background(), s.options(), entries)
		s.must(err)
		b.StartTimer()
		rd, err := s.source(1)
		s.must(err)
		for n := 1; n <= entries && done < b.N; n++ {
			line, err := rd.Line(context.Background())
			s.must(err)
			l.Append(line)
			bytes += len(line)
			done++
			if n%40_000 == 0 {
				s.must(l.Publish())
			} else if n%2048 == 0 {
				s.must(l.Flush())
			}
		}
		s.must(l.Publish())
		b.StopTimer()
		s.must(rd.Close())
		s.must(l.Close())
		b.StartTimer()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
	b.ReportMetric(float64(bytes)/float64(b.N), "line-bytes")
}

// BenchmarkAppend is the hashing alone.
func BenchmarkAppend(b *testing.B) {
	line := bytes.Repeat([]byte("x"), 400)
	l := Log{}
	b.ReportAllocs()
	for b.Loop() {
		l.Append(line)
		l.full = l.full[:0]
	}
}

func BenchmarkProve(b *testing.B) {
	s := benchSite(b, 200_000)
	s.keep()
	tr := s.tree()
	size, n := 0, 0
	b.ResetTimer()
	for b.Loop() {
		p, err := tr.Prove(uint64(n*7919%200_000) + 1)
		s.must(err)
		size = max(size, len(p.Marshal()))
		n++
	}
	b.ReportMetric(float64(size), "proof-bytes")
}

// BenchmarkVerifyBundle is the verification of 10,000 records from all over a journal of 200,000.
func BenchmarkVerifyBundle(b *testing.B) {
	s := benchSite(b, 200_000)
	s.keep()
	var req Request
	for i := range uint64(10_000) {
		req.Entries = append(req.Entries, 1+i*19)
	}
	req.Made = s.now
	var out bytes.Buffer
	_, err := s.tree().WriteBundle(context.Background(), &out, s.source, req)
	s.must(err)
	key := s.key()
	b.ResetTimer()
	for b.Loop() {
		if r := VerifyBundle(out.Bytes(), key); !r.OK() || r.Proven != 10_000 {
			b.Fatal(r.Faults)
		}
	}
	b.ReportMetric(float64(out.Len()), "bundle-bytes")
}

func BenchmarkCheck(b *testing.B) {
	s := benchSite(b, 200_000)
	s.keep()
	for b.Loop() {
		r, err := Check(s.dir, func(each func(uint64, string, int64, []byte)) error {
			_, err := journal.CheckLines(s.journal, nil, each)
			return err
		}, nil)
		if err != nil || !r.OK() {
			b.Fatal(err, r)
		}
	}
	b.ReportMetric(200_000*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}
