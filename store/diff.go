package store

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tsujiban"
)

// DiffList tells which entries of old are gone and which of now are new, each in its order.
func DiffList(old, now []string) (gone, added []string) {
	return without(old, now), without(now, old)
}

func without(list, other []string) (out []string) {
	in := make(map[string]bool, len(other))
	for _, s := range other {
		in[s] = true
	}
	for _, s := range list {
		if !in[s] {
			out = append(out, s)
		}
	}
	return out
}

// DiffCustomer says for the log of actions what has changed: "cap-day 20000, name A → B".
// It is "no change" when nothing has, and at most MaxNote characters long.
func DiffCustomer(old, now *tsujiban.Customer) string {
	var d differ
	d.field("name", old.Name, now.Name)
	d.field("international", old.International, now.International)
	d.field("opened", date(old.Opened), date(now.Opened))
	d.field("contact", old.Contact, now.Contact)
	d.field("language", langs[old.Language], langs[now.Language])
	d.list("numbers", old.Numbers, now.Numbers)
	a, b := &old.Limits, &now.Limits
	d.field("cap-call", a.CapCall, b.CapCall)
	d.field("cap-day", a.CapDay, b.CapDay)
	d.field("cap-month", a.CapMonth, b.CapMonth)
	d.field("channels", a.Channels, b.Channels)
	d.field("calls-per-second", a.CallsPerSecond, b.CallsPerSecond)
	d.field("longest-call", a.LongestCall, b.LongestCall)
	d.list("allow-countries", a.AllowCountries, b.AllowCountries)
	d.list("bar-countries", a.BarCountries, b.BarCountries)
	d.list("bar-prefixes", a.BarPrefixes, b.BarPrefixes)
	d.list("allow-classes", a.AllowClasses, b.AllowClasses)
	d.field("hours", a.Hours, b.Hours)
	d.own(&old.Own, &now.Own)
	return d.String()
}

// DiffTrunk says for the log of actions what has changed. Of credentials it says only that they did.
func DiffTrunk(old, now *tsujiban.Trunk) string {
	var d differ
	d.field("customer", old.Customer, now.Customer)
	d.list("sources", networks(old), networks(now))
	d.field("certificate-name", old.CertificateName, now.CertificateName)
	d.field("username", old.Username, now.Username)
	d.field("realm", old.Realm, now.Realm)
	if old.HA1MD5 != now.HA1MD5 || old.HA1SHA256 != now.HA1SHA256 {
		d = append(d, "credentials changed")
	}
	d.field("address", old.Address, now.Address)
	d.field("transport", old.Transport, now.Transport)
	d.field("registrar", old.Registrar, now.Registrar)
	d.field("domain", old.Domain, now.Domain)
	return d.String()
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

func networks(t *tsujiban.Trunk) []string {
	out := make([]string, len(t.Sources))
	for i, p := range t.Sources {
		out[i] = p.String()
	}
	slices.Sort(out)
	return out
}

// langs are the languages in the log of actions, by tsujiban.Lang.
var langs = [...]string{tsujiban.Japanese: "ja", tsujiban.English: "en"}

type differ []string

func (d *differ) field(name string, old, now any) {
	if old == now {
		return
	}
	if o := fmt.Sprint(old); o != "" && o != "0" && o != "0s" && o != "false" {
		name += " " + o + " →"
	}
	*d = append(*d, strings.TrimSpace(fmt.Sprint(name, " ", now)))
}

func (d *differ) list(name string, old, now []string) {
	gone, added := DiffList(old, now)
	if len(added) > 0 {
		*d = append(*d, name+" with "+strings.Join(added, " "))
	}
	if len(gone) > 0 {
		*d = append(*d, name+" without "+strings.Join(gone, " "))
	}
}

func (d *differ) own(a, b *tsujiban.Own) {
	d.field("own stop", a.Stopped, b.Stopped)
	d.field("own no-international", a.NoInternational, b.NoInternational)
	d.list("own bar-countries", a.BarCountries, b.BarCountries)
	d.field("own cap-call", a.CapCall, b.CapCall)
	d.field("own cap-day", a.CapDay, b.CapDay)
	d.field("own cap-month", a.CapMonth, b.CapMonth)
	d.field("own longest-call", a.LongestCall, b.LongestCall)
}

func (d differ) String() string {
	if len(d) == 0 {
		return "no change"
	}
	return Note(strings.Join(d, ", "))
}

// Note cuts text to MaxNote characters and replaces what cannot be printed, for notes
// that must be kept whatever they hold.
func Note(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range strings.TrimSpace(s) {
		if n++; n == MaxNote {
			b.WriteString("…")
			break
		}
		if !printable(r) {
			r = utf8.RuneError
		}
		b.WriteRune(r)
	}
	return b.String()
}
