package rig

import (
	"cmp"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Rates are what calls cost at a site: domestic ones by the minute, those to the USA by
// the second, and Sierra Leone as on the press's bill.
const Rates = `prefix,name,yen_per_minute,increment_s
81,Japan,3,60
1,USA,60,1
232,Sierra Leone,300,60
`

// Customers of a site: one that calls abroad, one that does not.
const Customers = `
[[customer]]
id = "hakata"
name = "博多商会"
international = true
opened = "2015-04-01"
numbers = ["+81925551234"]

[[trunk]]
id = "hakata-pbx"
customer = "hakata"
sources = ["$PBX"]

[[customer]]
id = "kyoto"
name = "京都機械"
opened = "2015-04-01"
numbers = ["+81755551234"]

[[trunk]]
id = "kyoto-pbx"
customer = "kyoto"
sources = ["$OTHER"]
`

// Carrier is a carrier in a site's configuration.
type Carrier struct {
	ID        string
	At        netip.AddrPort
	Transport string // empty: udp
	Priority  int    // 0: 10
}

// Site is a place for a guard: a directory, a configuration, and addresses for all who
// take part. What is public may be changed before Serve and between two of them.
type Site struct {
	T   testing.TB
	Dir string // short, for a unix socket has to fit

	Guard    netip.Addr // where the guard listens
	PBX      netip.Addr // the source of the customer hakata
	Other    netip.Addr // the source of the customer kyoto
	Carrier  netip.Addr
	Phone    netip.Addr // known to nobody before it registers
	Stranger netip.Addr // known to nobody
	UDP, TCP netip.AddrPort
	Metrics  netip.AddrPort

	Carriers  []Carrier
	Customers string // TOML; $PBX, $OTHER and $CARRIER stand for addresses
	Rates     string // CSV
	Data      string // the data directory; empty: data, in Dir
	Drain     string // how long a stop lets calls go on; empty: not at all
	// Lines of the configuration's tables, beside those that every site has.
	InGuard, InDefaults, InSIP, InJournal string

	toImport bool // the customers were written and are not in the store yet
}

// memory is where Linux keeps files in memory, and what has to be free there.
const (
	memory     = "/dev/shm"
	memoryRoom = 256 << 20
)

// Memory is a place for sites whose tests are not about the disk: the guard refuses calls
// when it has to wait for the disk for long, as it does while something big is built
// beside it. Where there is no such place, or little room, it is the disk after all.
func Memory() string {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(memory, &fs); err != nil || fs.Bavail*uint64(fs.Bsize) < memoryRoom {
		return os.TempDir()
	}
	return memory
}

// NewSite makes a site with a directory in parent, and with one carrier, which is to listen at
// the returned address.
func NewSite(t testing.TB, parent string) (*Site, netip.AddrPort) {
	t.Helper()
	dir, err := os.MkdirTemp(parent, "tj")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	n := network()
	s := &Site{T: t, Dir: dir, Guard: host(n, 1), PBX: host(n, 2), Other: host(n, 3), Carrier: host(n, 4), Phone: host(n, 5), Stranger: host(n, 6), Customers: Customers, Rates: Rates}
	s.UDP = FreePort(t, s.Guard)
	s.TCP, s.Metrics = s.UDP, FreePort(t, s.Guard)
	carrier := FreePort(t, s.Carrier)
	s.Carriers = []Carrier{{ID: "carrier-a", At: carrier}}
	return s, carrier
}

// Address is the n-th address of the site's network; 1 to 9 are given away.
func (s *Site) Address(n byte) netip.Addr { return host(s.Guard, n) }

// Write puts a file into the site's directory and returns its path.
func (s *Site) Write(name, text string) string {
	s.T.Helper()
	path := filepath.Join(s.Dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.T.Fatal(err)
	}
	return path
}

// Config is the path of the configuration.
func (s *Site) Config() string { return filepath.Join(s.Dir, "tsujiban.toml") }

// JournalDir is where the journal is.
func (s *Site) JournalDir() string { return filepath.Join(s.data(), "journal") }

func (s *Site) data() string {
	if s.Data != "" {
		return s.Data
	}
	return filepath.Join(s.Dir, "data")
}

// Configure writes the configuration, the rates and the customers.
func (s *Site) Configure() {
	s.T.Helper()
	s.toImport = true
	s.Write("rates.csv", s.Rates)
	s.Write("customers.toml", strings.NewReplacer("$PBX", s.PBX.String(), "$OTHER", s.Other.String(), "$CARRIER", s.Carrier.String()).Replace(s.Customers))
	var b strings.Builder
	fmt.Fprintf(&b, "[node]\nname = \"guard1\"\nlanguage = \"en\"\ndata = %q\n", s.data())
	fmt.Fprintf(&b, "[[listen]]\naddress = %q\n[[listen]]\ntransport = \"tcp\"\naddress = %q\n", s.UDP, s.TCP)
	for _, c := range s.Carriers {
		fmt.Fprintf(&b, "[[carrier]]\nid = %q\naddress = %q\nprobe = \"0s\"\n", c.ID, c.At)
		if c.Transport != "" {
			fmt.Fprintf(&b, "transport = %q\n", c.Transport)
		}
		if c.Priority != 0 {
			fmt.Fprintf(&b, "priority = %d\n", c.Priority)
		}
	}
	fmt.Fprintf(&b, "[metrics]\nlisten = %q\n[log]\nformat = \"json\"\n", s.Metrics)
	fmt.Fprintf(&b, "[guard]\nrates = \"rates.csv\"\n%s\n[guard.defaults]\nchannels = 1000\ncalls_per_second = 1000\n%s\n", s.InGuard, s.InDefaults)
	fmt.Fprintf(&b, "[sip]\ndrain = %q\n%s\n[journal]\n%s\n", cmp.Or(s.Drain, "0s"), s.InSIP, s.InJournal)
	s.Write("tsujiban.toml", b.String())
}
