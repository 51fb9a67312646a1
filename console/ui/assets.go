package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"
)

//go:embed assets
var assetFiles embed.FS

// asset is a file as it is served: plain, and compressed where that is shorter.
type asset struct {
	kind  string
	plain []byte

	pack       sync.Once // when somebody fetches it: the first page that names it must not wait for that
	gzip, zstd []byte    // after pack
}

type allAssets struct {
	hash  string
	files map[string]*asset
}

// assets are read once. Their address has a hash over all of them, so that they can be kept for ever by who fetched them.
var assets = sync.OnceValue(readAssets)

func readAssets() (out allAssets) {
	out.files = map[string]*asset{}
	sum := sha256.New()
	names, err := fs.Glob(assetFiles, "assets/*")
	if err != nil {
		panic(err) // a constant pattern
	}
	for _, name := range names {
		data, err := assetFiles.ReadFile(name)
		if err != nil {
			panic(err) // embedded
		}
		short := path.Base(name)
		fmt.Fprintf(sum, "%s\x00%d\x00", short, len(data))
		sum.Write(data)
		out.files[short] = &asset{kind: kindOf(short), plain: data}
	}
	out.hash = hex.EncodeToString(sum.Sum(nil))[:16]
	return out
}

func (a *asset) packed() (gzip, zstd []byte) {
	a.pack.Do(func() { a.gzip, a.zstd = zipped(a.plain), zstdOf(a.plain) })
	return a.gzip, a.zstd
}

func kindOf(name string) string {
	if k := mime.TypeByExtension(path.Ext(name)); k != "" {
		return k
	}
	return "text/plain; charset=utf-8"
}

func zipped(data []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		panic(err) // a constant level
	}
	_, err = w.Write(data)
	if err == nil {
		err = w.Close()
	}
	if err != nil || b.Len() >= len(data) {
		return nil
	}
	return b.Bytes()
}

// zstdAssets looks no further back than a file is long: the tables of a larger window cost seconds, the first time.
var zstdAssets = sync.OnceValue(func() *zstd.Encoder { // EncodeAll is safe for concurrent use
	w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithWindowSize(64<<10), zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err) // constant options
	}
	return w
})

func zstdOf(data []byte) []byte {
	if out := zstdAssets().EncodeAll(data, nil); len(out) < len(data) {
		return out
	}
	return nil
}

// AssetPath is where assets begin.
const AssetPath = "/assets/"

// Asset is the address of an asset.
func Asset(name string) string { return AssetPath + assets().hash + "/" + name }

// ServeAsset hands an asset over. Its address changes with its content, so it may be kept for ever.
func ServeAsset(w http.ResponseWriter, r *http.Request) {
	all := assets()
	hash, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, AssetPath), "/")
	a := all.files[name]
	if a == nil || hash != all.hash {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	body := a.plain
	gzip, zstd := a.packed()
	switch accept := r.Header.Get("Accept-Encoding"); {
	case zstd != nil && accepts(accept, "zstd"):
		h.Set("Content-Encoding", "zstd")
		body = zstd
	case gzip != nil && accepts(accept, "gzip"):
		h.Set("Content-Encoding", "gzip")
		body = gzip
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // who does not wait for it asks again
	}
}

// accepts tells whether a coding is among those of Accept-Encoding (RFC 9110 §12.5.3).
func accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, param, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(name) == coding {
			q := strings.TrimPrefix(strings.ReplaceAll(param, " ", ""), "q=")
			return strings.Trim(q, "0.") != "" || q == ""
		}
	}
	return false
}
