package evidence

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
)

// The tiles are served as C2SP tlog-tiles has them, and nothing else is.
func TestHandler(t *testing.T) {
	s := newSite(t, 600)
	s.keep()
	h := Handler(s.dir)
	do := func(method, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
		return w
	}
	for path, want := range map[string][]byte{
		"/checkpoint":     s.read("checkpoint"),
		"/tile/0/000":     s.read("tile/0/000"),
		"/tile/0/001.p/3": s.read("tile/0/001")[:96], // of a checkpoint before: the full tile has it
		"/tile/0/002.p/9": s.read("tile/0/002.p/88")[:288],
		"/tile/1/000.p/2": s.read("tile/1/000.p/2"),
	} {
		w := do(http.MethodGet, path)
		if w.Code != http.StatusOK || !bytes.Equal(w.Body.Bytes(), want) {
			t.Errorf("%s: %d, %d bytes", path, w.Code, w.Body.Len())
		}
		if w := do(http.MethodHead, path); w.Code != http.StatusOK || w.Body.Len() != 0 || w.Header().Get("Content-Length") == "0" {
			t.Errorf("HEAD %s: %d, %v", path, w.Code, w.Header())
		}
	}
	for _, path := range []string{"/", "/tile/", "/tile/0/002", "/tile/0/002.p/89", "/tile/0/002.p/0", "/tile/0/002.p/256", "/tile/8/000", "/tile/-1/000", "/tile/0/1", "/tile/data/000",
		"/tile/entries/000", "/keys/0001.key", "/tile/../keys/0001.key", "/tile/0/../../keys/0001.key", "/tile/0/x999/x999/x999/x999/x999/x999/999", "/history"} {
		if w := do(http.MethodGet, path); w.Code != http.StatusNotFound || bytes.Contains(w.Body.Bytes(), []byte("PRIVATE")) {
			t.Errorf("%s: %d %q", path, w.Code, w.Body)
		}
	}
	if w := do(http.MethodPut, "/checkpoint"); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("PUT: %d", w.Code)
	}
	s.must(os.Truncate(s.path("tile/0/000"), 10))
	if w := do(http.MethodGet, "/tile/0/000"); w.Code != http.StatusInternalServerError {
		t.Errorf("a tile cut short: %d", w.Code)
	}
}
