package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tsujiban/bench"
)

// The three parties have an address each, as in life: the guard knows trunks and
// carriers by it.
const (
	proxyHost   = "127.0.0.1"
	pbxHost     = "127.0.0.2"
	carrierHost = "127.0.0.3"
)

// caller is the number that calls come from; barred is what no subject lets
// through, as dialled: Sierra Leone.
const (
	caller = "0312345678"
	barred = "0102327xxxxxxx"
)

// Names of the subjects in the table.
const (
	guardName    = "Tsujiban"
	kamailioName = "Kamailio"
)

// place is where a subject runs for one measurement.
type place struct {
	runner
	cores   string // as taskset takes them
	proxy   netip.AddrPort
	pbx     netip.AddrPort
	carrier netip.AddrPort
}

// subject is a proxy that is measured.
type subject struct {
	name    string
	version string
	// start starts it and returns when it takes calls from place.pbx to place.carrier.
	start func(context.Context, *place) (*process, error)
}

// newPlace takes a folder and free ports.
func newPlace(dir, cores string, nice int) (*place, error) {
	p := &place{runner: runner{nice: nice}, cores: cores}
	for _, a := range []struct {
		host string
		to   *netip.AddrPort
	}{{proxyHost, &p.proxy}, {pbxHost, &p.pbx}, {carrierHost, &p.carrier}} {
		conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(a.host), 0)))
		if err != nil {
			return nil, err
		}
		*a.to = conn.LocalAddr().(*net.UDPAddr).AddrPort()
		if err := conn.Close(); err != nil {
			return nil, err
		}
	}
	var err error
	p.dir, err = os.MkdirTemp(dir, "run-")
	return p, err
}

// write puts a file into the place's folder and returns its path.
func (p *place) write(name string, content []byte) (string, error) {
	path := filepath.Join(p.dir, name)
	return path, os.WriteFile(path, content, 0o600)
}

// kamailio is the peer: one UDP worker, the allocator that its own measurements
// favour, socket buffers as large as the guard's.
func kamailio(ctx context.Context) (*subject, error) {
	text, err := output(ctx, patience, "kamailio", "-v")
	if err != nil {
		return nil, err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return &subject{name: kamailioName, version: strings.TrimSpace(strings.TrimPrefix(first, "version:")), start: startKamailio}, nil
}

func startKamailio(ctx context.Context, at *place) (*process, error) {
	cfg, err := at.write("kamailio.cfg", bench.KamailioConfig)
	if err != nil {
		return nil, err
	}
	p, err := at.start(ctx, "kamailio", at.cores, "kamailio", "-DD", "-E", "-f", cfg, "-x", "tlsf", "-m", "4096", "-b", "4194304",
		"-Y", at.dir, "-w", at.dir, "-l", "udp:"+at.proxy.String(), "-A", fmt.Sprintf(`CARRIER="sip:%v"`, at.carrier))
	if err != nil {
		return nil, err
	}
	if err := knock(ctx, p, at); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return p, nil
}

// knock sends OPTIONS until there is an answer.
func knock(ctx context.Context, p *process, at *place) (err error) {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(at.proxy))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	own := conn.LocalAddr()
	buf := make([]byte, 2048)
	for n := 1; n <= 100; n++ {
		text := fmt.Sprintf("OPTIONS sip:%v SIP/2.0\r\nVia: SIP/2.0/UDP %v;branch=z9hG4bKk%d;rport\r\nMax-Forwards: 70\r\nFrom: <sip:bench@%v>;tag=k\r\n"+
			"To: <sip:%v>\r\nCall-ID: knock-%v\r\nCSeq: %d OPTIONS\r\nContent-Length: 0\r\n\r\n", at.proxy, own, n, own, at.proxy, own, n)
		if _, err := conn.Write([]byte(text)); err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
			return err
		}
		if _, err := conn.Read(buf); err == nil {
			return nil
		}
		// A port that nobody has opened yet refuses at once: the pause is between two knocks.
		if p.wait(50 * time.Millisecond) {
			return p.died()
		}
	}
	return fmt.Errorf("%s gives no answer to OPTIONS", p.name)
}
