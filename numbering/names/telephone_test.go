package names_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"

	"tsujiban"
	"tsujiban/numbering/names"
)

var update = flag.Bool("update", false, "write areas.txt anew from the peer's metadata")

const areasHeader = `# How long area codes are (市外局番): from these first five digits behind the 0 on, so many digits. Read by telephone.go.
#
# Source: the metadata of Google's libphonenumber (Apache License 2.0, Copyright The Libphonenumber Authors), as in
# github.com/nyaruka/phonenumbers (MIT License), which have them from the ministry's list of area codes (市外局番の一覧).
#
# Written by: go test ./numbering/names -run TestAreas -update

`

// peer is how the peer writes a number at home; empty where it knows none.
func peer(t *testing.T, national string) string {
	t.Helper()
	n, err := phonenumbers.Parse("+81"+national, "JP")
	if err != nil {
		t.Fatal(err)
	}
	if s := phonenumbers.Format(n, phonenumbers.NATIONAL); strings.Contains(s, "-") {
		return s
	}
	return ""
}

// TestAreas keeps areas.txt equal to what the peer's metadata say.
func TestAreas(t *testing.T) {
	var b strings.Builder
	b.WriteString(areasHeader)
	last := 0
	for p := 10000; p <= 99999; p++ {
		s := peer(t, fmt.Sprintf("%d0123", p))
		if length := strings.IndexByte(s, '-') - 1; s != "" && length != last {
			last = length
			fmt.Fprintf(&b, "%d %d\n", p, length)
		}
	}
	if *update {
		if err := os.WriteFile("areas.txt", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("areas.txt")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != b.String() {
		t.Fatal("areas.txt is not what the peer's metadata say: run go test -run TestAreas -update, look at the difference, build again")
	}
}

// TestTelephonePeer holds numbers of all area codes, and of mobile phones and the like, against how the peer writes them.
func TestTelephonePeer(t *testing.T) {
	prefixes := []string{"50", "60", "70", "80", "90", "120", "570", "990", "800", "20"}
	for p := 100; p <= 999; p++ {
		if p%100 >= 10 && p != 800 {
			for _, more := range []string{"12", "46", "70", "98"} {
				prefixes = append(prefixes, fmt.Sprint(p)+more)
			}
		}
	}
	for _, p := range prefixes {
		n := 9
		if len(p) == 2 || p == "800" {
			n = 10
		}
		national := p + "2345678901"[:n-len(p)]
		want := peer(t, national)
		if got := names.Telephone(tsujiban.Japanese, "+81"+national); want != "" && got != want {
			t.Errorf("%s: %s, the peer writes %s", national, got, want)
		}
	}
}

// TestTelephone: masked numbers, beginnings and ranges are written alike; what is none stays.
func TestTelephone(t *testing.T) {
	for in, want := range map[string]string{
		"+81925551234": "092-555-1234", "+8192555****": "092-555-****", "0925551234": "092-555-1234", "+81312345678": "03-1234-5678", "+8131234****": "03-1234-****",
		"+815012345678": "050-1234-5678", "+81501234****": "050-1234-****", "+81501234*": "050-1234*", "+81501232*": "050-1232*", "+8192556*": "092-556*", "+819*": "09*", "+815*": "05*",
		"+815012320000..+815012320002": "050-1232-0000〜050-1232-0002", "+81120123456": "0120-123-456", "+818001234567": "0800-123-4567", "+81992012345": "099-201-2345", "+812012345678": "020-1234-5678",
		"+8120012345678901": "020012345678901", "110": "110", "0": "0", "": "", "+81": "+81", "+810312345678": "+810312345678", "+232771234": "+232771234", "+2327712****": "+2327712****",
		"••••••••": "••••••••", "09b": "09b", "00447911": "00447911", "050-1234-5678": "050-1234-5678", "+81****": "0****",
	} {
		if got := names.Telephone(tsujiban.Japanese, in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
		if got := names.Telephone(tsujiban.English, in); got != in {
			t.Errorf("%q: %q for who reads English", in, got)
		}
	}
}

// FuzzTelephone: no digit is lost, added or moved, so a number can be found again by what is shown.
func FuzzTelephone(f *testing.F) {
	f.Add("+8192555****")
	f.Add("+81501232*")
	f.Fuzz(func(t *testing.T, s string) {
		got := names.Telephone(tsujiban.Japanese, s)
		if strings.Contains(s, "..") || got == s {
			return
		}
		want := s
		if rest, ok := strings.CutPrefix(s, "+81"); ok {
			want = "0" + rest
		}
		if strings.ReplaceAll(got, "-", "") != want {
			t.Errorf("%q became %q", s, got)
		}
	})
}
