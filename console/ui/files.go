package ui

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"

	"tsujiban"
	"tsujiban/app/term"
)

// Write hands a file over for saving while it is made. An error before the first byte becomes a page; one after it breaks the
// connection off, so that nobody takes half a file for a whole one.
func (r *Request) Write(name, contentType string, write func(io.Writer) error) error {
	w := &saving{r: r, name: name, kind: contentType}
	err := write(w)
	switch {
	case err == nil && !w.begun:
		return r.File(name, contentType, nil)
	case err == nil:
		return nil
	case !w.begun:
		return err
	}
	r.book.node.Log.Warn("a file was broken off", "id", r.ID, "path", r.Pattern, "error", err)
	panic(http.ErrAbortHandler)
}

// saving tells the headers of a file with its first byte.
type saving struct {
	r          *Request
	name, kind string
	begun      bool
}

func (s *saving) Write(p []byte) (int, error) {
	if !s.begun {
		s.begun = true
		s.r.fileHeader(s.name, s.kind)
	}
	return s.r.W.Write(p)
}

func (r *Request) fileHeader(name, contentType string) {
	h := r.W.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(name))
	h.Set("Cache-Control", "no-store")
}

// Types of files.
const (
	CSV  = "text/csv; charset=utf-8"
	XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	PDF  = "application/pdf"
	ZIP  = "application/zip"
)

// Upload is a file that came with the form, with the bare name that the browser gave it; no data when none was chosen. The
// largest form bounds the file, too: give the route a Body.
func (r *Request) Upload(field string) (name string, data []byte, err error) {
	if err := r.parse(); err != nil {
		return "", nil, err
	}
	if r.MultipartForm == nil || len(r.MultipartForm.File[field]) == 0 {
		return "", nil, nil
	}
	head := r.MultipartForm.File[field][0]
	f, err := head.Open()
	if err != nil {
		return "", nil, err
	}
	data, err = io.ReadAll(f)
	return fileName(head.Filename), data, errors.Join(err, f.Close())
}

// fileName is a name that is safe to show, to keep and to log: without directories and without what cannot be seen.
func fileName(s string) string {
	if d, err := new(mime.WordDecoder).DecodeHeader(s); err == nil {
		s = d
	}
	s = term.Clean(path.Base(strings.ReplaceAll(s, `\`, "/")))
	if runes := []rune(s); len(runes) > 100 {
		s = string(runes[:50]) + "…" + string(runes[len(runes)-49:])
	}
	if s == "" || s == "." || s == "/" {
		return "file"
	}
	return s
}

// Retry shows a page again because what was asked cannot be done, and says why above it. Errors that the person can do
// nothing about are returned.
func (r *Request) Retry(page string, data any, err error) error {
	c := tsujiban.CodeOf(err)
	switch c {
	case tsujiban.CodeInvalid, tsujiban.CodeConflict, tsujiban.CodeExists, tsujiban.CodeNotFound, tsujiban.CodeForbidden, tsujiban.CodeUnavailable:
	default:
		return err
	}
	r.problem = r.problemOf(err)
	return r.page(c.HTTPStatus(), page, data)
}
