package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"tsujiban"
)

// KeyHeader names a request, so that it can be sent again without being done again
// (draft-ietf-httpapi-idempotency-key-header).
const KeyHeader = "Idempotency-Key"

// How long, and how many, keys are kept.
const (
	KeepReplies = 24 * time.Hour
	MaxReplies  = 10_000 // of one person at once
	maxKept     = 64 << 10
)

// Kept is what was answered to a request.
type Kept struct {
	Hash   [32]byte // of method, path, query and body
	Status int      // 0: it was begun, and nobody knows how it ended
	Header map[string]string
	Body   []byte
	Gone   bool // the body was too large, or too secret, to keep
}

// ErrTooManyReplies is returned when a person has too many keys.
var ErrTooManyReplies = tsujiban.Errorf(tsujiban.CodeConflict, "too many Idempotency-Keys")

// Replies keeps what was answered, across a restart.
type Replies interface {
	// Begin claims a key of a person at an instant, or says what was answered under it before. Keys begun before old are
	// forgotten first. ErrTooManyReplies when the person has most keys already.
	Begin(ctx context.Context, person, key string, hash [32]byte, now, old time.Time, most int) (before *Kept, err error)
	// End keeps the answer.
	End(ctx context.Context, person, key string, k *Kept) error
	// Drop forgets a key: nothing was done.
	Drop(ctx context.Context, person, key string) error
}

// busy are the keys whose requests are running.
type busy struct {
	mu   sync.Mutex
	keys map[string]bool
}

func (b *busy) take(key string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.keys[key] {
		return false
	}
	b.keys[key] = true
	return true
}

func (b *busy) leave(key string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.keys, key)
}

// validKey tells whether a key is one: 1 to 128 printable ASCII characters without spaces.
func validKey(key string) bool {
	if key == "" || len(key) > 128 {
		return false
	}
	for i := range len(key) {
		if key[i] <= ' ' || key[i] > '~' {
			return false
		}
	}
	return true
}

// requestHash tells requests apart.
func requestHash(r *http.Request, data []byte) [32]byte {
	h := sha256.New()
	for _, part := range [][]byte{[]byte(r.Method), []byte(r.URL.EscapedPath()), []byte(r.URL.RawQuery), []byte(r.Header.Get("If-Match")), data} {
		sum := sha256.Sum256(part)
		h.Write(sum[:])
	}
	return [32]byte(h.Sum(nil))
}

// onceOnly carries a request out, or says what came of it before.
func (s *server) onceOnly(row *Row, n note, c *call, data []byte, w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	keys := r.Header.Values(KeyHeader)
	if len(keys) == 0 || n.Table {
		next(w, r)
		return
	}
	key := keys[0]
	if len(keys) > 1 || !validKey(key) {
		s.refuse(w, r, problem(keyWrong, c.Lang))
		return
	}
	own := c.Person.ID + " " + key
	if !s.busy.take(own) {
		s.refuse(w, r, problem(keyBusy, c.Lang).with("Retry-After", "1"))
		return
	}
	defer s.busy.leave(own)
	now := s.o.Clock()
	hash := requestHash(r, data)
	before, err := s.o.Replies.Begin(r.Context(), c.Person.ID, key, hash, now, now.Add(-KeepReplies), MaxReplies)
	switch {
	case errors.Is(err, ErrTooManyReplies):
		s.refuse(w, r, problem(keysFull, c.Lang).with("Retry-After", "3600"))
	case err != nil:
		s.refuse(w, r, s.problemOf(c, row, err).(*Problem))
	case before != nil:
		s.repeat(w, r, c, before, hash)
	default:
		s.first(row, n, c, key, hash, w, r, next)
	}
}

// repeat answers as before.
func (s *server) repeat(w http.ResponseWriter, r *http.Request, c *call, k *Kept, hash [32]byte) {
	switch {
	case k.Hash != hash:
		s.refuse(w, r, problem(keyReused, c.Lang))
	case k.Status == 0:
		s.refuse(w, r, problem(keyLost, c.Lang))
	case k.Gone:
		s.refuse(w, r, problem(keyGone, c.Lang))
	default:
		for name, v := range k.Header {
			w.Header().Set(name, v)
		}
		w.Header().Set("Idempotency-Replayed", "true")
		w.WriteHeader(k.Status)
		if _, err := w.Write(k.Body); err != nil {
			s.o.Log.Debug("a reply was not read", slog.Any("error", err))
		}
	}
}

// first carries a request out under a key that is claimed. What was refused was not done and is not kept: put right, it can come
// under the same key.
func (s *server) first(row *Row, n note, c *call, key string, hash [32]byte, w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	free := context.WithoutCancel(r.Context()) // who has gone will ask again
	rec := &recorder{header: w.Header(), status: http.StatusOK}
	ended := false
	defer func() {
		if !ended { // it panicked: how far it came is not known, and the claim says so
			s.o.Log.Error("a request under a key did not end", slog.String("operation", row.ID))
		}
	}()
	next(rec, r)
	ended = true
	var err error
	if rec.status/100 == 2 || rec.status == http.StatusInternalServerError {
		k := &Kept{Hash: hash, Status: rec.status, Header: map[string]string{}, Body: rec.body.Bytes(), Gone: n.Secret || rec.body.Len() > maxKept}
		for _, name := range []string{"Content-Type", "Location", "ETag"} {
			if v := w.Header().Get(name); v != "" {
				k.Header[name] = v
			}
		}
		if k.Gone {
			k.Body = nil
		}
		err = s.o.Replies.End(free, c.Person.ID, key, k)
	} else {
		err = s.o.Replies.Drop(free, c.Person.ID, key)
	}
	if err != nil { // the claim stays: a repetition is told that the outcome is not known
		s.o.Log.Error("an answer could not be kept", slog.String("operation", row.ID), slog.Any("error", err))
	}
	w.WriteHeader(rec.status)
	if _, err := w.Write(rec.body.Bytes()); err != nil {
		s.o.Log.Debug("a reply was not read", slog.Any("error", err))
	}
}

// recorder takes an answer down before anybody sees it.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }
