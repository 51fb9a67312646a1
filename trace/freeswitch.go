package trace

import (
	"bytes"
	"io"
)

// The columns of FreeSWITCH's template "example".
const (
	fsCaller      = 1
	fsCallee      = 2
	fsContext     = 3
	fsStart       = 4
	fsAnswer      = 5
	fsDuration    = 7
	fsBillSec     = 8
	fsUUID        = 10
	fsAccountCode = 12
	fsUserAgent   = 15 // in the templates snom and linksys only
)

// freeSwitchIncoming is the context that FreeSWITCH's profile "external" sends calls to.
var freeSwitchIncoming = []string{"public"}

// NewFreeSWITCH reads Master.csv of FreeSWITCH's module mod_cdr_csv with its template "example". The file has no header; its
// columns are (source: conf/vanilla/autoload_configs/cdr_csv.conf.xml)
//
//	caller_id_name,caller_id_number,destination_number,context,start_stamp,answer_stamp,end_stamp,duration,billsec,
//	hangup_cause,uuid,bleg_uuid,accountcode,read_codec,write_codec
//
// The templates "snom" and "linksys", which begin like it and go on with the user agent, are read as well, and the one
// built into the module, which ends with accountcode; all rows of a file have the same. For the template "asterisk" there is
// NewAsterisk. Times are local, whole seconds. The module must write legs "a", as it does unless told otherwise: with "ab"
// every call would be there twice.
//
// The module puts quotes around its fields and does not care about those inside. A caller's name may so break its row,
// which is then refused for the number of its fields; it cannot break another.
//
// Calls to contexts of Incoming are coming in, all others going out, see Import.Inside. The calls are sorted by start, see
// Sort. An error carries tsujiban.CodeInvalid unless it is one of r itself.
func NewFreeSWITCH(r io.Reader, name string, o Import) (Source, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	rec, err := newRecords(r, name, ',', o.Inside)
	if err != nil {
		return nil, err
	}
	if o.Incoming == nil {
		o.Incoming = freeSwitchIncoming
	}
	rec.in.raw = true
	width := 0 // as the first row that has the width of a template
	rec.in.fits = func(n int) bool {
		if width == 0 && (n == 13 || n == 15 || n == 17 || n == 20) {
			width = n
		}
		return n == width
	}
	rec.parse = func(c *Call, f [][]byte) ([]byte, Fault, error) {
		fault, err := rec.freeSwitch(c, f, &o)
		return f[fsUUID], fault, err
	}
	return Sort(rec, o.MaxCalls), nil
}

func (r *records) freeSwitch(c *Call, f [][]byte, o *Import) (fault Fault, err error) {
	if c.Start, err = local(f[fsStart], o.Zone); err != nil {
		return FaultStart, err
	}
	if c.Customer, err = r.customer(o.Customer, f[fsAccountCode]); err != nil {
		return FaultCustomer, err
	}
	c.Direction = direction(f[fsContext], o.Incoming)
	if fault, err = r.numbers(c, f[fsCaller], f[fsCallee]); err != nil {
		return fault, err
	}
	if len(f) > fsUserAgent {
		if c.UserAgent, err = r.keep.userAgent(f[fsUserAgent]); err != nil {
			return FaultUserAgent, err
		}
	}
	answered := len(bytes.TrimSpace(f[fsAnswer])) > 0
	return durations(c, f[fsDuration], f[fsBillSec], answered)
}
