package evidence

import (
	"errors"
	"io/fs"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Handler serves a tree's directory read-only (C2SP tlog-tiles): /checkpoint and /tile/<L>/<N>[.p/<W>], for GET and HEAD. There is
// no /tile/entries: entries are call records, which are secret by law. A hash tells nothing of the record to who cannot guess the record
// whole, with its instants to the microsecond and its SIP Call-ID; who can, a party of the call with its own logs, can see by it that the
// record is there. So it is not meant for the open internet.
func Handler(dir string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "this can only be read", http.StatusMethodNotAllowed)
			return
		}
		path := strings.TrimPrefix(r.URL.Path, "/")
		if path == checkpointFile {
			b, err := readLimited(filepath.Join(dir, checkpointFile), MaxNote)
			reply(w, r, b, err, "text/plain; charset=utf-8", "no-cache")
			return
		}
		t, err := parseTilePath(path)
		if err != nil {
			http.Error(w, "there are /checkpoint and /tile/<level>/<number>[.p/<width>]; records are not served", http.StatusNotFound)
			return
		}
		b, err := readTile(dir, t)
		reply(w, r, b, err, "application/octet-stream", "public, max-age=31536000, immutable")
	})
}

func reply(w http.ResponseWriter, r *http.Request, b []byte, err error, kind, cache string) {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		http.Error(w, "it is not there (yet)", http.StatusNotFound)
		return
	case err != nil:
		http.Error(w, "it cannot be read now", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", cache)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(b) // a reader that is gone needs no answer
	}
}

var _ tlog.TileReader = (*verified)(nil)
