package main

import (
	"database/sql"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tsujiban": main})
}

// TestScripts runs testdata/script: what the command line does, as a reader would try it. Each script
// has the site of testdata/site around it and a carrier that answers every call. Besides
// the commands of testscript there are
//
//	ready            wait until "tsujiban serve -ports ports" takes in calls
//	call DIGITS      telephone through the guard as hakata-shokai's PBX; prints the final answer
//	history DAYS...  write a journal of that many days ago
//	until COMMAND... run the program until it succeeds
//	sql FILE QUERY   change a file of the store behind the program's back
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setupSite,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"ready":   ready,
			"call":    placeCall,
			"history": history,
			"until":   until,
			"sql":     sqlFile,
		},
	})
}

func sqlFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sql FILE QUERY")
	}
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	r, err := db.Exec(args[1])
	ts.Check(err)
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		ts.Fatalf("no row was changed (%v)", err)
	}
	ts.Check(db.Close())
}

func setupSite(e *testscript.Env) error {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		answerCalls(conn)
	}()
	e.Defer(func() {
		if err := conn.Close(); err != nil {
			e.T().Fatal(err)
		}
		<-done
	})
	e.Setenv("TSUJIBAN_CONFIG", "tsujiban.toml")
	e.Setenv("LC_ALL", "C")
	files, err := filepath.Glob("testdata/site/*")
	if err != nil {
		return err
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		text := strings.ReplaceAll(string(data), "$CARRIER", conn.LocalAddr().String())
		if err := os.WriteFile(filepath.Join(e.WorkDir, filepath.Base(name)), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// answerCalls is a carrier whose every callee answers at once.
func answerCalls(conn *net.UDPConn) {
	buf := make([]byte, 65536)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return // closed: the script is over
		}
		m := string(buf[:n])
		if strings.HasPrefix(m, "ACK ") || strings.HasPrefix(m, "SIP/2.0") {
			continue
		}
		lines := append([]string{"SIP/2.0 200 OK"}, headers(m, "Via", "Record-Route", "From", "Call-ID", "CSeq")...)
		to := headers(m, "To")[0]
		if !strings.Contains(to, ";tag=") {
			to += ";tag=callee"
		}
		lines = append(lines, to, "Contact: <sip:"+conn.LocalAddr().String()+">", "Content-Length: 0", "", "")
		if _, err := conn.WriteToUDPAddrPort([]byte(strings.Join(lines, "\r\n")), from); err != nil {
			return
		}
	}
}

// headers are the lines of the named headers, as they stand in a message.
func headers(m string, names ...string) []string {
	var out []string
	for _, name := range names {
		for l := range strings.SplitSeq(m, "\r\n") {
			if strings.HasPrefix(l, name+": ") {
				out = append(out, l)
			}
		}
	}
	return out
}

// portOf waits for the ports of the program that the script started.
func portOf(ts *testscript.TestScript) netip.AddrPort {
	name := ts.MkAbs("ports")
	deadline := time.Now().Add(10 * time.Second)
	for {
		data, err := os.ReadFile(name)
		if err == nil {
			_, addr, _ := strings.Cut(strings.SplitN(string(data), "\n", 2)[0], " ")
			return netip.MustParseAddrPort(addr)
		}
		if time.Now().After(deadline) {
			ts.Fatalf("the program is not ready: %v", err)
		}
		<-time.After(10 * time.Millisecond)
	}
}

func ready(ts *testscript.TestScript, _ bool, _ []string) { portOf(ts) }

// until runs the program with arguments until it succeeds: something comes by itself in a moment.
func until(ts *testscript.TestScript, _ bool, args []string) {
	deadline := time.Now().Add(20 * time.Second)
	for {
		err := ts.Exec("tsujiban", args...)
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("tsujiban %v: %v", args, err)
		}
		<-time.After(50 * time.Millisecond)
	}
}

func placeCall(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: call DIGITS")
	}
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(portOf(ts)))
	ts.Check(err)
	defer func() { ts.Check(conn.Close()) }()
	p := &pbx{ts: ts, conn: conn, dialled: args[0], id: fmt.Sprint(time.Now().UnixNano())}
	answer := p.request("INVITE", 1, "sip:"+args[0]+"@"+conn.RemoteAddr().String(), nil)
	first, _, _ := strings.Cut(answer, "\r\n")
	_, err = fmt.Fprintln(ts.Stdout(), strings.TrimPrefix(first, "SIP/2.0 "))
	ts.Check(err)
	ok := strings.HasPrefix(first, "SIP/2.0 200")
	if ok {
		contact := strings.Trim(strings.TrimPrefix(headers(answer, "Contact")[0], "Contact: "), "<>")
		p.to = headers(answer, "To")[0]
		routes := headers(answer, "Record-Route")
		p.send("ACK", 1, contact, routes)
		p.request("BYE", 2, contact, routes)
	}
	if ok == neg {
		ts.Fatalf("the call ended with %s", first)
	}
}

// pbx is the customer's side of one call.
type pbx struct {
	ts              *testscript.TestScript
	conn            *net.UDPConn
	dialled, id, to string
}

func (p *pbx) send(method string, cseq int, uri string, routes []string) {
	to := p.to
	if to == "" {
		to = "To: <" + uri + ">"
	}
	lines := []string{
		method + " " + uri + " SIP/2.0",
		"Via: SIP/2.0/UDP " + p.conn.LocalAddr().String() + ";branch=z9hG4bK" + p.id + method + ";rport",
		"Max-Forwards: 70", "From: <sip:0925551234@" + p.conn.LocalAddr().String() + ">;tag=a", to,
		"Call-ID: " + p.id, fmt.Sprintf("CSeq: %d %s", cseq, method), "Contact: <sip:pbx@" + p.conn.LocalAddr().String() + ">",
		"User-Agent: Old PBX",
	}
	for i := len(routes) - 1; i >= 0; i-- {
		lines = append(lines, strings.Replace(routes[i], "Record-Route", "Route", 1))
	}
	_, err := p.conn.Write([]byte(strings.Join(append(lines, "Content-Length: 0", "", ""), "\r\n")))
	p.ts.Check(err)
}

// request sends a request and returns its final answer.
func (p *pbx) request(method string, cseq int, uri string, routes []string) string {
	p.send(method, cseq, uri, routes)
	p.ts.Check(p.conn.SetReadDeadline(time.Now().Add(10 * time.Second)))
	buf := make([]byte, 65536)
	for {
		n, err := p.conn.Read(buf)
		p.ts.Check(err)
		m := string(buf[:n])
		if strings.HasPrefix(m, "SIP/2.0 ") && m[8] != '1' && strings.Contains(m, fmt.Sprintf("CSeq: %d %s", cseq, method)) {
			return m
		}
	}
}
