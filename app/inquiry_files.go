package app

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/evidence"
	"tsujiban/inquiry"
	"tsujiban/inquiry/letter"
	"tsujiban/ledger/sheet"
)

// handOver makes the letter, or the bundle, that a look comes to. The question is asked again, as the ledger stood then, under the same
// case: that is another look, with whole numbers, and recorded as one.
func (s *controlServer) handOver(r *http.Request) (any, error) {
	a, by, purpose := s.app, byOf(r), r.PathValue("what")
	if purpose != "letter" && purpose != "bundle" {
		return nil, tsujiban.Errorf(tsujiban.CodeNotFound, "there is no %q of a look; there are letter and bundle", purpose)
	}
	id, err := strconv.ParseInt(r.PathValue("look"), 10, 64)
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "%q is no look; \"tsujiban inquiry show CASE\" lists them", r.PathValue("look"))
	}
	l, err := a.store.Look(r.Context(), id)
	if tsujiban.CodeOf(err) == tsujiban.CodeNotFound && err != nil {
		err = tsujiban.Errorf(tsujiban.CodeNotFound, "%w; \"tsujiban inquiry show CASE\" lists them", err)
	}
	if err != nil {
		return nil, err
	}
	c, err := a.store.Inquiry(r.Context(), l.Case)
	if err != nil {
		return nil, err
	}
	q := l.Question
	if q.At.IsZero() {
		q.At = l.At
	}
	answer, seqs, err := a.look(r.Context(), by, purpose, &c, &q, true, tsujiban.Japanese)
	if err != nil {
		return nil, err
	}
	if answer.Behind > 0 {
		return nil, tsujiban.Errorf(tsujiban.CodeUnavailable, "the calls are %d entries behind the journal, so the reply might miss some: try again later", answer.Behind)
	}
	page, err := a.letter(answer, seqs)
	if err != nil {
		return nil, err
	}
	out := control.InquiryFile{Look: answer.Look, Name: fmt.Sprintf("inquiry-%d-%d", c.ID, answer.Look)}
	if purpose == "letter" {
		out.Name, out.Data = out.Name+".pdf", page
		return out, nil
	}
	err = a.bundle(r.Context(), answer, seqs, page, &out)
	return out, err
}

func (a *App) letter(answer *inquiry.Answer, seqs []uint64) ([]byte, error) {
	a.admin.Lock()
	o := letter.Options{From: a.cfg.Ledger.Name, Zone: a.cfg.Node.TimeZone, Now: answer.At, Seqs: seqs}
	a.admin.Unlock()
	t, err := evidence.OpenTree(a.cfg.EvidenceDir())
	if err != nil {
		return nil, err
	}
	o.Log = t.Checkpoint().Origin
	var page bytes.Buffer
	err = letter.Reply(answer, o).PDF(&page)
	return page.Bytes(), err
}

// bundle puts the records of the calls that fit, those of the look itself, and the letter into a bundle that anybody can verify. Calls that
// do not fit, and those of near numbers, are not handed over.
func (a *App) bundle(ctx context.Context, answer *inquiry.Answer, seqs []uint64, page []byte, out *control.InquiryFile) error {
	entries := append([]uint64{}, seqs...)
	for _, c := range answer.Matching() {
		if c.Entries.Asked == 0 {
			return tsujiban.Errorf(tsujiban.CodeConflict, "call %s was taken into the view before entries were kept: stop the program and run \"tsujiban rebuild\"", c.ID)
		}
		entries = append(entries, c.Entries.List()...)
	}
	table, err := callsTable(answer)
	if err != nil {
		return err
	}
	if err := a.prover.covers(ctx, entries); err != nil {
		return err
	}
	t, err := evidence.OpenTree(a.cfg.EvidenceDir())
	if err != nil {
		return err
	}
	req := evidence.Request{Entries: entries, Made: answer.At, Attach: []evidence.Attachment{{Name: "letter.pdf", Data: page}}}
	if answer.Looked {
		req.Attach = append(req.Attach, evidence.Attachment{Name: "calls.csv", Data: table})
	}
	var zip bytes.Buffer
	report, err := t.WriteBundle(ctx, &zip, a.prover.source, req)
	if err != nil {
		return err
	}
	out.Name, out.Data, out.Records, out.Key = out.Name+".zip", zip.Bytes(), report.Records, report.Key
	return nil
}

// callsTable is the calls that fit as CSV, with the entries that prove each.
func callsTable(answer *inquiry.Answer) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	stamped := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC3339Nano)
	}
	entry := func(seq uint64) string {
		if seq == 0 {
			return ""
		}
		return strconv.FormatUint(seq, 10)
	}
	rows := [][]string{{"call", "asked", "answered", "ended", "caller", "callee", "withheld", "talk_s", "result", "reason", "status", "asked_entry", "answered_entry", "ended_entry"}}
	for _, c := range answer.Matching() {
		rows = append(rows, []string{
			c.ID.String(), stamped(c.At), stamped(c.Answered), stamped(c.Ended), sheet.Safe(c.Caller), sheet.Safe(c.Callee), strconv.FormatBool(c.Withheld),
			strconv.FormatFloat(time.Duration(c.Talk).Seconds(), 'f', 3, 64), string(c.Result), c.Reason, strconv.Itoa(c.Status),
			entry(c.Entries.Asked), entry(c.Entries.Answered), entry(c.Entries.Ended),
		})
	}
	err := w.WriteAll(rows)
	return b.Bytes(), err
}

// The newest entry is under a checkpoint within some seconds; a journal that grows faster than the tree follows takes longer.
const (
	coverWait = 15 * time.Second
	coverLook = 50 * time.Millisecond
)

// covers returns when entries are under a signed checkpoint.
func (p *prover) covers(ctx context.Context, entries []uint64) error {
	last := uint64(0)
	for _, e := range entries {
		last = max(last, e)
	}
	ctx, cancel := context.WithTimeout(ctx, coverWait)
	defer cancel()
	t := time.NewTicker(coverLook)
	defer t.Stop()
	for uint64(p.proven.Load()) < last {
		err := p.order(ctx, func(l *evidence.Log) error {
			if l.Size() < last {
				return nil
			}
			return l.Publish()
		})
		if err != nil {
			return err
		}
		if uint64(p.proven.Load()) >= last {
			break
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return tsujiban.Errorf(tsujiban.CodeUnavailable, "no checkpoint covers entry %d yet: the evidence is behind the journal; try again later", last)
		}
	}
	return nil
}
