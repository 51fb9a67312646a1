package numbers

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"sync"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/ui"
	"tsujiban/ledger/sheet"
)

// table is a file to take in, as the form has it.
type table struct {
	Published string `form:"published" max:"20"` // of a designation table: the day of its publication
	Whole     string `form:"whole" max:"2000"`
	Ground    string `form:"ground" max:"1500" need:"yes"`
	Sum       string `form:"sum" max:"64"` // of the file that was tried
}

// shelf keeps the files that were tried until they are taken in: a person tries a table, reads what would be refused, and then
// says yes to the very bytes that were tried.
type shelf struct {
	mu    sync.Mutex // guards files; taken with no other lock held
	files map[string]put
}

type put struct {
	order control.LedgerImport
	sum   string
	until time.Time
}

const (
	keptFor  = 30 * time.Minute
	maxShelf = 4 * sheet.MaxFile // bytes of all files; the one that would go first makes room
)

// keep puts a person's file on the shelf in place of the one from before.
func (s *shelf) keep(who string, p put, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.files == nil {
		s.files = map[string]put{}
	}
	delete(s.files, who)
	for {
		size, first := len(p.order.Data), ""
		for k, f := range s.files {
			if !now.Before(f.until) {
				delete(s.files, k)
				continue
			}
			size += len(f.order.Data)
			if first == "" || f.until.Before(s.files[first].until) {
				first = k
			}
		}
		if size <= maxShelf || first == "" {
			break
		}
		delete(s.files, first)
	}
	s.files[who] = p
}

// take gives a person's file back, when it is the one that is meant, and forgets it.
func (s *shelf) take(who, sum string, now time.Time) (put, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.files[who]
	if !ok || p.sum != sum || !now.Before(p.until) {
		return put{}, false
	}
	delete(s.files, who)
	return p, true
}

func importForm(r *ui.Request) error { return r.Page("import", map[string]any{"Form": table{}}) }

// try finds out what would be refused, and keeps the file.
func (s *shelf) try(r *ui.Request) error {
	var in table
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	data := map[string]any{"Form": in}
	name, file, err := r.Upload("file")
	if err != nil {
		return err
	}
	switch {
	case len(file) == 0:
		wrong["file"] = r.T("numbers.no-file")
	case len(file) > sheet.MaxFile:
		wrong["file"] = r.T("numbers.large", sheet.MaxFile>>20)
	}
	if len(wrong) > 0 {
		return r.Again("import", data, wrong)
	}
	o := control.LedgerImport{Name: name, Data: file, Published: in.Published, Whole: separated(in.Whole), Ground: oneLine(in.Ground), DryRun: true}
	var done control.LedgerDone
	if err := r.Office.Do(r.Context(), http.MethodPost, "/v1/ledger/import", o, &done); err != nil {
		return r.Retry("import", data, err)
	}
	sum := sha256.Sum256(file)
	in.Sum = hex.EncodeToString(sum[:])
	data["Form"], data["Tried"], data["Name"] = in, &done, name
	if len(done.Refused) == 0 {
		o.DryRun = false
		s.keep(r.Person.ID, put{o, in.Sum, r.Now().Add(keptFor)}, r.Now())
	}
	return r.Page("import", data)
}

// carryOut takes in the file that was tried.
func (s *shelf) carryOut(r *ui.Request) error {
	var in struct {
		Sum string `form:"sum" max:"64" need:"yes"`
	}
	if wrong, err := r.Decode(&in); err != nil || len(wrong) > 0 {
		return importForm(r)
	}
	data := map[string]any{"Form": table{}}
	p, ok := s.take(r.Person.ID, in.Sum, r.Now())
	if !ok {
		return r.Retry("import", data, r.Errorf(tsujiban.CodeConflict, "numbers.forgotten"))
	}
	var done control.LedgerDone
	if err := r.Office.Do(r.Context(), http.MethodPost, "/v1/ledger/import", p.order, &done); err != nil {
		return r.Retry("import", data, err)
	}
	return r.Done("/numbers/entries", "numbers.done", done.Entry.ID, done.Numbers, len(done.Holders))
}
