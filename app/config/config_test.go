package config

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tsujiban"
)

var update = flag.Bool("update", false, "write the golden files anew")

const smallest = `
[[listen]]
address = "192.0.2.1:5060"
[[carrier]]
id = "a"
address = "198.51.100.1:5060"
[guard]
no_rate = "allow"
`

// TestProblems compares everything that is said about broken files with golden files.
func TestProblems(t *testing.T) {
	for _, name := range []string{"broken", "values"} {
		_, err := Load("testdata/" + name + ".toml")
		var ps Problems
		if !errors.As(err, &ps) {
			t.Fatalf("%s: %v", name, err)
		}
		if tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
			t.Errorf("%s: code %v", name, tsujiban.CodeOf(err))
		}
		got := ps.Text(tsujiban.English) + "\n\n" + ps.Text(tsujiban.Japanese) + "\n"
		golden := filepath.Join("testdata", name+".golden")
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), got); d != "" {
			t.Errorf("%s: -want +got\n%s", name, d)
		}
	}
}

func TestDefaults(t *testing.T) {
	c, err := Parse("t.toml", "/etc/tsujiban", []byte(smallest))
	if err != nil {
		t.Fatal(err)
	}
	if c.Node.TimeZone.String() != "Asia/Tokyo" || c.Node.Data != "/etc/tsujiban/data" || c.Control.Socket != "/etc/tsujiban/data/control.sock" {
		t.Errorf("node %+v, control %+v", c.Node, c.Control)
	}
	if d := cmp.Diff(DefaultLimits(), c.Guard.Defaults); d != "" {
		t.Errorf("limits: -want +got\n%s", d)
	}
	if c.SIP.Drain != 20*time.Second || c.Journal.Segment != 64<<20 || c.Journal.PassOnFailure || c.Guard.Fraud != FraudEnforce {
		t.Errorf("got %+v %+v %+v", c.SIP, c.Journal, c.Guard)
	}
	if got := c.Carriers[0].Sources; len(got) != 1 || got[0].String() != "198.51.100.1/32" {
		t.Errorf("carrier sources %v", got)
	}
}

// TestOneChange changes the smallest configuration in one place; the problem must stand
// at that line and say what to write.
func TestOneChange(t *testing.T) {
	for _, c := range []struct{ add, at, says string }{
		{"[node]\ncountry = \"Japan\"", ":10:", "two capital letters"},
		{"[guard.defaults]\ncap_day = 1.2345678", ":10:", "write it as 20000"},
		{"[guard.defaults]\nallow_classes = [\"porn\"]", ":10:", "premium, satellite"},
		{"[journal]\nsegment = \"64MB\"", ":10:", "64MiB"},
		{"[journal]\nsegmnt = \"64MiB\"", ":10:", "did you mean segment?"},
		{"[jurnal]\nsegment = \"64MiB\"", ":9:", "did you mean journal?"},
		{"[log]\nlevel = loud", ":10:", "this is not TOML"},
		{"[log]\nlevel = \"info\"\nlevel = \"warn\"", ":11:", "this is not TOML"},
		{"[sip]\nmax_calls_per_second = -1", ":10:", "out of range"},
		{"[sip.timers]\nt1 = 3", ":9:", "no such table"},
		{"[guard.rates]\nfile = \"x\"", ":9:", "a value, not a table"},
		{"[control]\nsocket = \"/" + strings.Repeat("x", 120) + "\"", ":10:", "107 bytes"},
		{"[metrics]\nlisten = \"9464\"", ":10:", "host:port"},
		{"log = { format = \"yaml\" }", ":9:", "no such key"},
	} {
		_, err := Parse("t.toml", "", []byte(smallest+c.add))
		if err == nil {
			t.Errorf("%q: accepted", c.add)
			continue
		}
		if got := err.Error(); !strings.Contains(got, "t.toml"+c.at) || !strings.Contains(got, c.says) {
			t.Errorf("%q: got %q, want %q at %s", c.add, got, c.says, c.at)
		}
	}
}

func TestMissingFile(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "none.toml"))
	if tsujiban.CodeOf(err) != tsujiban.CodeNotFound {
		t.Errorf("got %v", err)
	}
}

func TestSeed(t *testing.T) {
	s, err := ParseSeed("seed.toml", "guard1", []byte(`
[[customer]]
id = "hakata-shokai"
name = "博多商会"
international = true
opened = 2015-04-01
numbers = ["+81925551234", "+8192556*"]
limits = { cap_day = 20_000, longest_call = "1h" }
[[trunk]]
id = "hakata-pbx"
customer = "hakata-shokai"
sources = ["203.0.113.7"]
username = "hakata"
password = "secret"
address = "203.0.113.7:5060"
`))
	if err != nil {
		t.Fatal(err)
	}
	c, k := s.Customers[0], s.Trunks[0]
	if c.Opened.Format(time.DateOnly) != "2015-04-01" || c.Limits.CapDay != 20_000*tsujiban.Unit || c.Limits.LongestCall != time.Hour || c.Limits.Channels != 0 {
		t.Errorf("customer %+v", c)
	}
	// echo -n hakata:guard1:secret | md5sum
	if k.HA1MD5 != "dad77bd9a79333157af0feffe3cf4db2" || len(k.HA1SHA256) != 64 || k.Realm != "guard1" || k.Transport != "udp" {
		t.Errorf("trunk %+v", k)
	}
}

func TestSeedProblems(t *testing.T) {
	_, err := ParseSeed("seed.toml", "r", []byte(`
[[customer]]
id = "a"
name = "A"
opened = "1 April"
numbers = ["0312345678"]
[[customer]]
id = "a"
[[trunk]]
id = "t"
customer = "a"
[customer.limits]
cap_dya = 3
`))
	if err == nil || !strings.Contains(err.Error(), "seed.toml:13: customer[1].limits.cap_dya: no such key; did you mean cap_day?") {
		t.Errorf("got %v", err)
	}
	_, err = ParseSeed("seed.toml", "r", []byte("[[customer]]\nid = \"a\"\nname = \"A\"\nopened = \"1 April\"\nnumbers = [\"0312345678\"]\n[[customer]]\nid = \"a\"\n[[trunk]]\nid = \"t\"\ncustomer = \"a\"\n"))
	for _, want := range []string{":4: customer[0].opened", ":5: customer[0].numbers[0]", ":7: customer[1].id", ":6: customer[1].name", ":8: trunk[0]: there is no way"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
}

func TestSeedCSV(t *testing.T) {
	s, err := ParseSeedCSV("c.csv", []byte("id,name,international,opened\nh,博多商会,yes,2015-04-01\nk,\"Kyoto, Ltd\",no,\n"))
	if err != nil || len(s.Customers) != 2 || !s.Customers[0].International || s.Customers[1].Name != "Kyoto, Ltd" {
		t.Errorf("got %+v, %v", s, err)
	}
	_, err = ParseSeedCSV("c.csv", []byte("id,name,international,opened\nh,H,maybe,2015\n\"x\n"))
	if err == nil || !strings.Contains(err.Error(), "c.csv:2: international") || !strings.Contains(err.Error(), "c.csv:2: opened") {
		t.Errorf("got %v", err)
	}
}

// FuzzParse: no text may bring the reader down, and what it accepts is complete.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"testdata/broken.toml", "testdata/values.toml"} {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(smallest))
	f.Add([]byte("listen = [{address = \"127.0.0.1:0\"}, 3]\nguard.defaults.cap_day = 3"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("f", "", data)
		if err != nil {
			var ps Problems
			if !errors.As(err, &ps) || len(ps) == 0 {
				t.Fatalf("an error without problems: %v", err)
			}
			return
		}
		if len(c.Listen) == 0 || len(c.Carriers) == 0 || c.Node.TimeZone == nil {
			t.Fatalf("incomplete: %+v", c)
		}
	})
}

// FuzzSeed: the same for the files of customers.
func FuzzSeed(f *testing.F) {
	f.Add([]byte("[[customer]]\nid = \"a\"\nname = \"A\"\nopened = 2015-04-01\n[customer.limits]\ncap_day = 3\n[[trunk]]\nid=\"t\"\ncustomer=\"a\"\nsources=[\"::/0\"]"))
	f.Add([]byte("id,name,international,opened\nh,H,yes,2015-04-01\n\"x\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, read := range []func() (*Seed, error){
			func() (*Seed, error) { return ParseSeed("f", "r", data) },
			func() (*Seed, error) { return ParseSeedCSV("f", data) },
		} {
			s, err := read()
			if (s == nil) == (err == nil) {
				t.Fatalf("got %v, %v", s, err)
			}
		}
	})
}
