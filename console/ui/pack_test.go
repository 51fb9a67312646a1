package ui

import (
	"bytes"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// TestPack: a page travels as the browser takes it, whole, and plain when another site caused the request.
func TestPack(t *testing.T) {
	page := []byte(strings.Repeat("<p>通話中の発信</p>\n", 500))
	for _, x := range []struct{ accept, site, coding string }{
		{"gzip, deflate, br, zstd", "same-origin", "zstd"}, {"gzip, deflate", "none", "gzip"}, {"gzip;q=0", "", ""}, {"", "", ""},
		{"gzip, zstd", "cross-site", ""}, {"gzip", "same-site", ""},
	} {
		r := httptest.NewRequest("GET", "/now", nil)
		r.Header.Set("Accept-Encoding", x.accept)
		r.Header.Set("Sec-Fetch-Site", x.site)
		body, coding := pack(r, page)
		if coding != x.coding || coding != "" && len(body) > len(page)/10 {
			t.Errorf("%+v: %q, %d bytes", x, coding, len(body))
		}
		if got := unpacked(t, coding, body); !bytes.Equal(got, page) {
			t.Errorf("%+v: it comes out as %.80q", x, got)
		}
	}
	if body, coding := pack(httptest.NewRequest("GET", "/now", nil), []byte("short")); coding != "" || string(body) != "short" {
		t.Error("a short page was packed")
	}
}

func unpacked(t *testing.T, coding string, body []byte) []byte {
	t.Helper()
	var r io.Reader = bytes.NewReader(body)
	switch coding {
	case "gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		r = z
	case "zstd":
		z, err := zstd.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		r = z
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestMasked: the token of a session looks different in each reply and is the same; nothing else is.
func TestMasked(t *testing.T) {
	b := &Book{node: Node{Key: []byte("key")}}
	x, y, other := b.Token("session 1"), b.Token("session 1"), b.Token("session 2")
	if x == y || !b.Same(x, y) {
		t.Errorf("%s and %s", x, y)
	}
	for _, bad := range []string{other, "", "AAAA", x[:len(x)-4], x + "AAAA", "ä", b.sign("csrf", "session 1")} {
		if b.Same(x, bad) {
			t.Errorf("%q is taken", bad)
		}
	}
	if b.Same("", "") {
		t.Error("nothing is taken for a token")
	}
}

// TestAddressesPackNothing: a page that names assets does not wait for them to be compressed, which took seconds after a start.
func TestAddressesPackNothing(t *testing.T) {
	all := readAssets()
	if len(all.files) == 0 || all.hash == "" || Asset("style.css") != AssetPath+all.hash+"/style.css" {
		t.Fatalf("%d files, %q", len(all.files), Asset("style.css"))
	}
	for name, a := range all.files {
		if a.gzip != nil || a.zstd != nil {
			t.Errorf("%s was packed", name)
		}
		if gzip, zstd := a.packed(); len(a.plain) > packFrom && (gzip == nil || zstd == nil) {
			t.Errorf("%s was not packed", name)
		}
	}
}
