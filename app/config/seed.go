package config

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"tsujiban"
	"tsujiban/store"
)

// MaxSeed is the largest file of customers that is read, in bytes.
const MaxSeed = 64 << 20

// Seed is customers and trunks to be put into the store.
type Seed struct {
	Customers []tsujiban.Customer
	Trunks    []tsujiban.Trunk
}

// LoadSeed reads a file of customers and trunks: TOML, or a customers.csv as traces
// have it (id,name,international,opened). Realm is that of trunks which name none.
func LoadSeed(path, realm string) (*Seed, error) {
	data, err := ReadFile(path, MaxSeed)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(path, ".csv") {
		return ParseSeedCSV(path, data)
	}
	return ParseSeed(path, realm, data)
}

// ParseSeed reads [[customer]] and [[trunk]] tables. A password becomes the H(A1) values
// of RFC 8760 and is forgotten.
func ParseSeed(name, realm string, data []byte) (*Seed, error) {
	var f fileSeed
	r := decode(name, "", data, &f)
	s := &Seed{}
	if !r.broken {
		for i := range f.Customer {
			at, before := element("customer", i), len(r.problems)
			c := r.customer(at, &f.Customer[i])
			r.second(at, before, store.ValidCustomer(&c))
			s.Customers = append(s.Customers, c)
		}
		for i := range f.Trunk {
			at, before := element("trunk", i), len(r.problems)
			t := r.trunk(at, realm, &f.Trunk[i])
			r.second(at, before, store.ValidTrunk(&t))
			s.Trunks = append(s.Trunks, t)
		}
		r.twice(s)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return s, nil
}

// second notes what the store would say against a thing that looked well to us.
func (r *reader) second(at string, before int, err error) {
	if err != nil && len(r.problems) == before {
		r.add(r.line(at), at, err.Error(), err.Error())
	}
}

func (r *reader) twice(s *Seed) {
	customers := map[tsujiban.CustomerID]bool{}
	for i, c := range s.Customers {
		if customers[c.ID] {
			r.bad(element("customer", i)+".id", "%q は二つあります", "%q is there twice", c.ID)
		}
		customers[c.ID] = true
	}
	trunks := map[tsujiban.TrunkID]bool{}
	for i, t := range s.Trunks {
		if trunks[t.ID] {
			r.bad(element("trunk", i)+".id", "%q は二つあります", "%q is there twice", t.ID)
		}
		trunks[t.ID] = true
	}
}

func (r *reader) customer(at string, f *fileCustomer) tsujiban.Customer {
	r.id(at+".id", f.ID)
	c := tsujiban.Customer{
		ID: tsujiban.CustomerID(f.ID), Name: f.Name, International: f.International, Contact: f.Contact,
		Language: tsujiban.Lang(r.choice(at+".language", f.Language, "ja", "en")),
		Limits:   r.limits(at+".limits", &f.Limits, tsujiban.Limits{}), Numbers: f.Numbers,
	}
	if c.Name == "" {
		r.bad(at+".name", "名前がありません", "the name is missing")
	}
	for i, n := range f.Numbers {
		if err := store.ValidNumber("numbers", n); err != nil {
			r.bad(element(at+".numbers", i), `%q は使えません。"+81925551234" または番号帯 "+8192555*" のように書いてください`,
				`%q cannot be held; write a number as "+81925551234", or a range as "+8192555*"`, n)
		}
	}
	switch v := f.Opened.(type) {
	case nil:
	case toml.LocalDate:
		c.Opened = v.AsTime(time.UTC)
	case string:
		c.Opened = r.date(at+".opened", v)
	}
	return c
}

func (r *reader) date(path, text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		r.bad(path, `%q は日付ではありません。"2026-04-01" のように書いてください`, `%q is not a date; write it as "2026-04-01"`, text)
	}
	return t
}

func (r *reader) trunk(at, realm string, f *fileTrunk) tsujiban.Trunk {
	r.id(at+".id", f.ID)
	r.id(at+".customer", f.Customer)
	t := tsujiban.Trunk{
		ID: tsujiban.TrunkID(f.ID), Customer: tsujiban.CustomerID(f.Customer), Sources: r.prefixes(at+".sources", f.Sources),
		CertificateName: f.CertificateName, Username: f.Username, Realm: f.Realm, HA1MD5: f.HA1MD5, HA1SHA256: f.HA1SHA256,
		Address: f.Address, Transport: f.Transport, Registrar: f.Registrar, Domain: f.Domain,
	}
	if t.Realm == "" && t.Username != "" {
		t.Realm = realm
	}
	if f.Password != "" {
		if f.Username == "" {
			r.bad(at+".username", "password には username が必要です", "a password needs a username")
		}
		t.HA1MD5, t.HA1SHA256 = HA1(t.Username, t.Realm, f.Password)
	}
	r.credentials(at, &t)
	if t.Address != "" {
		r.address(at+".address", t.Address, false)
		t.Transport = transports[r.choice(at+".transport", f.Transport, transports...)]
	}
	if t.Registrar != "" {
		r.address(at+".registrar", t.Registrar, false)
	}
	return t
}

func (r *reader) credentials(at string, t *tsujiban.Trunk) {
	r.hexadecimal(at+".ha1_md5", t.HA1MD5, md5.Size)
	r.hexadecimal(at+".ha1_sha256", t.HA1SHA256, sha256.Size)
	hashed := t.HA1MD5 != "" || t.HA1SHA256 != ""
	switch {
	case t.Username != "" && !hashed:
		r.bad(at+".username", "password か ha1_md5・ha1_sha256 が必要です", "it needs a password, or ha1_md5 or ha1_sha256")
	case len(t.Sources) == 0 && t.CertificateName == "" && t.Username == "":
		r.bad(at, "見分け方がありません。sources、certificate_name、username のどれかを書いてください",
			"there is no way to know it; write sources, certificate_name or username")
	}
}

func (r *reader) hexadecimal(path, text string, size int) {
	if b, err := hex.DecodeString(text); text != "" && (err != nil || len(b) != size) {
		r.bad(path, "16 進数 %d 桁ではありません", "it is not %d hexadecimal digits", size*2)
	}
}

// HA1 is what digest authentication keeps of a password: H(username:realm:password)
// in hexadecimal (RFC 7616 §3.4.2), with MD5 for old phones and with SHA-256 (RFC 8760).
func HA1(username, realm, password string) (md5sum, sha256sum string) {
	text := []byte(username + ":" + realm + ":" + password)
	m, s := md5.Sum(text), sha256.Sum256(text)
	return hex.EncodeToString(m[:]), hex.EncodeToString(s[:])
}

// ParseSeedCSV reads the customers of a trace: id,name,international,opened.
func ParseSeedCSV(name string, data []byte) (*Seed, error) {
	r := &reader{file: name}
	c := csv.NewReader(strings.NewReader(string(data)))
	c.FieldsPerRecord = -1
	head, err := c.Read()
	if err != nil || !slices.Equal(head, []string{"id", "name", "international", "opened"}) {
		r.add(1, "", "見出し行は id,name,international,opened としてください", "the first line must be id,name,international,opened")
		return nil, r.err()
	}
	s := &Seed{}
	for {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			line := 0
			if pe := new(csv.ParseError); errors.As(err, &pe) {
				line = pe.Line
			}
			r.add(line, "", "CSV として読めません: "+err.Error(), "this is not CSV: "+err.Error())
			break
		}
		line, _ := c.FieldPos(0)
		if len(row) != len(head) {
			r.add(line, "", fmt.Sprintf("%d 列あります。4 列にしてください", len(row)), fmt.Sprintf("there are %d columns; write 4", len(row)))
			continue
		}
		r.lines = map[string]int{"id": line, "name": line, "international": line, "opened": line}
		s.Customers = append(s.Customers, r.csvCustomer(row))
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return s, nil
}

func (r *reader) csvCustomer(row []string) tsujiban.Customer {
	r.id("id", row[0])
	c := tsujiban.Customer{ID: tsujiban.CustomerID(row[0]), Name: row[1]}
	c.International = r.choice("international", row[2], "no", "yes") == 1
	if row[3] != "" {
		c.Opened = r.date("opened", row[3])
	}
	return c
}
