package api

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// download hands a file on as the program makes it. One that breaks off breaks the connection off, so that nobody takes it for whole.
func (s *server) download(ctx context.Context, c *call, kind, method, path string, in any) (*huma.StreamResponse, error) {
	from, name, err := c.Office.Download(ctx, method, path, in)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		_, w := humago.Unwrap(hc)
		fileHeader(w, kind, name)
		_, err := io.Copy(s.slow(w), from)
		s.whole(errors.Join(err, from.Close()))
	}}, nil
}

func fileHeader(w http.ResponseWriter, kind, name string) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
}

// whole breaks the connection off when a file is not.
func (s *server) whole(err error) {
	if err != nil {
		s.o.Log.Debug("a file was broken off", slog.Any("error", err))
		panic(http.ErrAbortHandler)
	}
}

// slowWriter gives its reader some time for each piece, and not for the whole.
type slowWriter struct {
	http.ResponseWriter
	rc    *http.ResponseController
	clock func() time.Time
}

func (s *server) slow(w http.ResponseWriter) *slowWriter {
	return &slowWriter{w, http.NewResponseController(w), s.o.Clock}
}

// Write writes a piece. Its type has no ReadFrom, so that each piece passes here.
func (w *slowWriter) Write(b []byte) (int, error) {
	_ = w.rc.SetWriteDeadline(w.clock().Add(slowReader)) // where there is no connection nobody is slow
	return w.ResponseWriter.Write(b)
}
