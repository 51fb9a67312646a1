package trace

import (
	"bytes"
	"io"
	"regexp"
)

// The columns of Asterisk's Master.csv.
const (
	astAccountCode = 0
	astSrc         = 1
	astDst         = 2
	astContext     = 3
	astStart       = 9
	astAnswer      = 10
	astDuration    = 12
	astBillSec     = 13
	astDisposition = 14
	astUniqueID    = 16
	astLeast       = 16
	astMost        = 21
)

// asteriskIncoming are the contexts for calls from the network in FreePBX and in the samples of Asterisk.
var asteriskIncoming = []string{"from-trunk", "from-pstn", "from-did", "incoming", "ext-did"}

// uniqueID is what Asterisk makes: seconds, a count, and the system's name before them when it has one. FreeSWITCH has a UUID there.
var uniqueID = regexp.MustCompile(`^([^,]+-)?[0-9]+\.[0-9]+$|^[0-9a-fA-F-]{36}$`)

// NewAsterisk reads Master.csv of Asterisk's module cdr_csv. The file has no header; its columns are (source:
// cdr/cdr_csv.c of Asterisk 1.2 to 13, function build_csv_record)
//
//	accountcode,src,dst,dcontext,clid,channel,dstchannel,lastapp,lastdata,start,answer,end,duration,billsec,disposition,amaflags
//
// and after them, as cdr.conf says, uniqueid (loguniqueid), userfield (loguserfield) and peeraccount, linkedid, sequence
// (newcdrcolumns). Times are local, or UTC with usegmtime; whole seconds. FreeSWITCH's template "asterisk" is the same.
//
// Calls to contexts of Incoming are coming in, all others going out, those from one extension to another included: see
// Import.Inside. A row that was answered has its talk time from billsec; one that says NO ANSWER, BUSY, FAILED or
// CONGESTION has none, whatever billsec says, since Asterisk counts from its own answer to the phone. Without uniqueid the
// id is the line ("line-7"). A call that was forked or transferred has several rows with one uniqueid: later ones become
// "uniqueid#line".
//
// The calls are sorted by start, see Sort. An error carries tsujiban.CodeInvalid unless it is one of r itself.
func NewAsterisk(r io.Reader, name string, o Import) (Source, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	rec, err := newRecords(r, name, ',', o.Inside)
	if err != nil {
		return nil, err
	}
	if o.Incoming == nil {
		o.Incoming = asteriskIncoming
	}
	rec.in.fits = func(n int) bool { return n >= astLeast && n <= astMost }
	rec.parse = func(c *Call, f [][]byte) ([]byte, Fault, error) {
		fault, err := rec.asterisk(c, f, &o)
		return asteriskID(f), fault, err
	}
	return Sort(rec, o.MaxCalls), nil
}

func (r *records) asterisk(c *Call, f [][]byte, o *Import) (fault Fault, err error) {
	if c.Start, err = local(f[astStart], o.Zone); err != nil {
		return FaultStart, err
	}
	if c.Customer, err = r.customer(o.Customer, f[astAccountCode]); err != nil {
		return FaultCustomer, err
	}
	c.Direction = direction(f[astContext], o.Incoming)
	if fault, err = r.numbers(c, f[astSrc], f[astDst]); err != nil {
		return fault, err
	}
	answered := len(bytes.TrimSpace(f[astAnswer])) > 0
	switch string(f[astDisposition]) {
	case "NO ANSWER", "BUSY", "FAILED", "CONGESTION":
		answered = false
	}
	return durations(c, f[astDuration], f[astBillSec], answered)
}

// asteriskID finds the uniqueid. With 17 or 20 fields the one in its place may be the userfield.
func asteriskID(f [][]byte) []byte {
	if len(f) <= astUniqueID || len(f) == astUniqueID+3 || !uniqueID.Match(f[astUniqueID]) {
		return nil
	}
	return f[astUniqueID]
}
