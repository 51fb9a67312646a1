package ui

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Pages travel compressed. What is compressed tells its length, and a stranger who can make a browser ask again and again for a
// page that repeats his guess beside a secret learns the secret from lengths (BREACH). Therefore: the one secret that pages repeat, the token of
// forms, is masked anew in each reply; and a request that another site caused is answered plain. Streams are not compressed.

// packFrom is the size below which compressing costs more than it saves.
const packFrom = 1200

var (
	zstdPages = sync.OnceValue(func() *zstd.Encoder { // EncodeAll is safe for concurrent use
		w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(1))
		if err != nil {
			panic(err) // constant options
		}
		return w
	})
	gzipPages = sync.Pool{New: func() any {
		w, err := gzip.NewWriterLevel(nil, gzip.DefaultCompression)
		if err != nil {
			panic(err) // a constant level
		}
		return w
	}}
)

// pack compresses a page as the browser takes it; coding is empty when it stays as it is.
func pack(r *http.Request, page []byte) (body []byte, coding string) {
	if len(page) < packFrom || foreign(r) {
		return page, ""
	}
	switch accept := r.Header.Get("Accept-Encoding"); {
	case accepts(accept, "zstd"):
		return zstdPages().EncodeAll(page, nil), "zstd"
	case accepts(accept, "gzip"):
		w := gzipPages.Get().(*gzip.Writer)
		defer gzipPages.Put(w)
		var b bytes.Buffer
		w.Reset(&b)
		if _, err := w.Write(page); err != nil || w.Close() != nil {
			return page, "" // a buffer takes everything
		}
		return b.Bytes(), "gzip"
	}
	return page, ""
}

// foreign tells whether another site caused the request, as browsers say (Fetch Metadata).
func foreign(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "cross-site" || site == "same-site"
}

// masked hides a token under fresh random bytes, which come before it.
func masked(token string) string {
	b := make([]byte, 2*len(token))
	rand.Read(b[:len(token)]) // never fails (crypto/rand)
	subtle.XORBytes(b[len(token):], b[:len(token)], []byte(token))
	return base64.RawURLEncoding.EncodeToString(b)
}

// unmasked takes the mask off; what has none is no token.
func unmasked(text string) string {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b)%2 != 0 {
		return ""
	}
	token := make([]byte, len(b)/2)
	subtle.XORBytes(token, b[:len(token)], b[len(token):])
	return string(token)
}
