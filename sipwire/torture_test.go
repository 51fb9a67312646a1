package sipwire

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write what was read into the *.fields of testdata/torture")

// errorNames are the faults as the tables of testdata write them.
var errorNames = map[Error]string{
	ErrEmpty: "ErrEmpty", ErrTooLarge: "ErrTooLarge", ErrTruncated: "ErrTruncated", ErrStartLine: "ErrStartLine", ErrVersion: "ErrVersion",
	ErrControl: "ErrControl", ErrBareCRLF: "ErrBareCRLF", ErrHeaderName: "ErrHeaderName", ErrFolded: "ErrFolded", ErrDuplicate: "ErrDuplicate",
	ErrMissing: "ErrMissing", ErrTooManyHeaders: "ErrTooManyHeaders", ErrLineTooLong: "ErrLineTooLong", ErrContentLength: "ErrContentLength",
	ErrCSeq: "ErrCSeq", ErrVia: "ErrVia", ErrAddress: "ErrAddress", ErrURI: "ErrURI", ErrNumber: "ErrNumber", ErrParam: "ErrParam",
	ErrBlankLine: "ErrBlankLine", ErrCallID: "ErrCallID",
}

func nameOf(err error) string {
	if err == nil {
		return "accepted"
	}
	e, ok := err.(Error)
	if !ok || errorNames[e] == "" {
		return fmt.Sprintf("unknown error %v", err)
	}
	return errorNames[e]
}

// TestTorture reads every message of testdata/torture and compares outcome and fields.
func TestTorture(t *testing.T) {
	for _, m := range tortures(t) {
		t.Run(m.name, func(t *testing.T) {
			outcome, fields := readAll(m.raw)
			if outcome != m.outcome {
				t.Errorf("%s: %s, want %s", m.file, outcome, m.outcome)
			}
			if outcome != "accepted" || *update {
				return
			}
			if d := cmp.Diff(m.fields, fields); d != "" {
				t.Errorf("%s, fields (-want +got):\n%s", m.file, d)
			}
		})
	}
	if *update {
		writeFields(t)
	}
}

// torture is one message of testdata/torture.
type torture struct {
	file, name, outcome string
	raw                 []byte
	fields              string
}

// tortures reads testdata/torture.
func tortures(t testing.TB) (all []torture) {
	t.Helper()
	files, err := filepath.Glob("testdata/torture/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no messages: %v", err)
	}
	gap := regexp.MustCompile(`\s{2,}`)
	for _, f := range files {
		a, err := txtar.ParseFile(f)
		if err != nil {
			t.Fatal(err)
		}
		data := map[string]string{}
		for _, s := range a.Files {
			data[s.Name] = string(s.Data)
		}
		for row := range strings.Lines(data["outcomes"]) {
			cols := gap.Split(strings.TrimSpace(row), 3)
			if len(cols) < 2 || data[cols[0]+".sip"] == "" {
				t.Fatalf("%s: not the name and outcome of a message here: %q", f, row)
			}
			all = append(all, torture{f, cols[0], cols[1], wire(data[cols[0]+".sip"]), data[cols[0]+".fields"]})
		}
	}
	return all
}

func writeFields(t *testing.T) {
	files, err := filepath.Glob("testdata/torture/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		a, err := txtar.ParseFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var out []txtar.File
		for _, s := range a.Files {
			name, isMessage := strings.CutSuffix(s.Name, ".sip")
			if !isMessage && s.Name != "outcomes" {
				continue
			}
			out = append(out, s)
			if outcome, fields := readAll(wire(string(s.Data))); isMessage && outcome == "accepted" {
				out = append(out, txtar.File{Name: name + ".fields", Data: []byte(fields)})
			}
		}
		a.Files = out
		if err := os.WriteFile(f, txtar.Format(a), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

var (
	hexNotation    = regexp.MustCompile(`\{hex ([0-9a-f ]+)\}`)
	repeatNotation = regexp.MustCompile(`\{repeat (\d+) ([^}]+)\}`)
)

// wire makes the bytes of a message of what stands in a file; rfc4475-valid.txtar explains the notation.
func wire(s string) []byte {
	s, _, _ = strings.Cut(s, "{end}")
	s = strings.ReplaceAll(s, "\n", "\r\n")
	s = hexNotation.ReplaceAllStringFunc(s, func(m string) string {
		b, err := hex.DecodeString(strings.ReplaceAll(hexNotation.FindStringSubmatch(m)[1], " ", ""))
		if err != nil {
			panic(err)
		}
		return string(b)
	})
	s = repeatNotation.ReplaceAllStringFunc(s, func(m string) string {
		sub := repeatNotation.FindStringSubmatch(m)
		n, err := strconv.Atoi(sub[1])
		if err != nil {
			panic(err)
		}
		return strings.Repeat(sub[2], n)
	})
	_, body, _ := strings.Cut(s, "\r\n\r\n")
	return []byte(strings.ReplaceAll(s, "{length}", strconv.Itoa(len(body))))
}

// readAll reads a message and every field that the program ever looks at. outcome is "accepted", the name
// of Parse's error, or the field and error that came up later.
func readAll(raw []byte) (outcome, fields string) {
	var m Message
	if err := m.Parse(raw); err != nil {
		return nameOf(err), ""
	}
	d := &dump{m: &m}
	d.start()
	d.address("from", m.FromAddress())
	d.address("to", m.ToAddress())
	d.line("call-id", "%s", m.Get(CallID))
	d.line("cseq", "%d %s", m.CSeq, m.Method)
	if m.Hops() >= 0 {
		d.line("hops", "%d", m.Hops())
	}
	d.vias()
	for _, f := range []struct {
		kind  Kind
		label string
	}{{Contact, "contact"}, {Route, "route"}, {RecordRoute, "record"}, {PAssertedIdentity, "identity"}, {PPreferredIdentity, "identity"}, {RemotePartyID, "identity"}} {
		d.addresses(f.kind, f.label)
	}
	for h := m.First(Authorization); h != nil; h = m.Next(h) {
		c, err := ParseCredentials(m.Value(h))
		d.fault("Authorization", err)
		d.line("digest", "%s %s %s %s", c.Username, c.Realm, c.QOP, c.NC)
	}
	d.line("body", "%d", len(m.Body()))
	if d.wrong != "" {
		return d.wrong, ""
	}
	return "accepted", d.b.String()
}

// dump writes the fields of a message, one a line.
type dump struct {
	m     *Message
	b     strings.Builder
	wrong string // the first field that could not be read
}

func (d *dump) line(label, format string, args ...any) {
	fmt.Fprintf(&d.b, "%-8s %s\n", label, fmt.Sprintf(format, args...))
}

func (d *dump) fault(field string, err error) {
	if err != nil && d.wrong == "" {
		d.wrong = field + " " + nameOf(err)
	}
}

func (d *dump) start() {
	m := d.m
	if !m.IsRequest() {
		d.line("response", "%d %q", m.Status, m.Phrase())
		return
	}
	d.line("request", "%s %s", m.MethodBytes(), m.RequestURI())
	u, err := ParseURI(m.RequestURI())
	d.fault("R-URI", err)
	s := string(u.Scheme)
	add := func(name, v string) {
		if v != "" {
			s += " " + name + "=" + v
		}
	}
	if u.User != nil {
		add("user", strconv.Quote(string(u.User)))
	}
	add("host", string(u.Host))
	if u.Port != 0 {
		add("port", strconv.Itoa(int(u.Port)))
	}
	add("params", string(u.Params))
	add("headers", string(u.Headers))
	if dialled, err := Unescape(nil, u.User); err == nil && !bytes.Equal(dialled, u.User) {
		add("dialled", strconv.Quote(string(dialled)))
	}
	d.line("uri", "%s", s)
}

func (d *dump) address(label string, a *Address) {
	s := "uri=" + string(a.URI)
	if len(a.Display) > 0 {
		s = "display=" + strconv.Quote(string(a.Display)) + " " + s
	}
	tag, _ := a.Tag()
	if tag != nil {
		s += " tag=" + string(tag)
	}
	if len(a.Params) > 0 && string(a.Params) != ";tag="+string(tag) {
		s += " params=" + string(a.Params)
	}
	d.line(label, "%s", s)
}

func (d *dump) addresses(k Kind, label string) {
	for h := d.m.First(k); h != nil; h = d.m.Next(h) {
		for val, more := d.m.Value(h), true; more; {
			a, err := ParseAddress(val)
			d.fault(kinds[k].name, err)
			if err != nil {
				return
			}
			d.address(label, &a)
			if EqualFold(a.URI[:min(3, len(a.URI))], "sip") {
				_, err := ParseURI(a.URI)
				d.fault(kinds[k].name+"-URI", err)
			}
			if more = a.More; more {
				val = val[a.Len+1:]
			}
		}
	}
}

func (d *dump) vias() {
	for h := d.m.First(Via); h != nil; h = d.m.Next(h) {
		for val, more := d.m.Value(h), true; more; {
			v, err := ParseVia(val)
			d.fault("Via", err)
			if err != nil {
				return
			}
			s := fmt.Sprintf("%s %s", v.Transport, v.Host)
			if v.Port != 0 {
				s += fmt.Sprintf(":%d", v.Port)
			}
			if v.Branch != nil {
				s += " branch=" + string(v.Branch)
			}
			if v.Received != nil {
				s += " received=" + string(v.Received)
			}
			if v.RPort {
				s += " rport"
			}
			d.line("via", "%s", s)
			if more = v.More; more {
				val = val[v.Len+1:]
			}
		}
	}
}
