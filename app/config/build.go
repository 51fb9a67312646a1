package config

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"tsujiban"
	"tsujiban/retention"
)

const day = 24 * time.Hour

func (r *reader) node(f *fileNode, c *Config) {
	c.Node = Node{Name: f.Name, Data: r.path(f.Data), Country: f.Country, Currency: f.Currency}
	if c.Node.Name == "" {
		name, err := os.Hostname()
		if err != nil || name == "" {
			name = "tsujiban"
		}
		c.Node.Name = name
	}
	if c.Node.Data == "" {
		c.Node.Data = r.path("data")
	}
	if c.Node.Country == "" {
		c.Node.Country = "JP"
	}
	r.countries("node.country", []string{c.Node.Country})
	if c.Node.Currency == "" {
		c.Node.Currency = "JPY"
	}
	if len(c.Node.Currency) != 3 {
		r.bad("node.currency", `%q は通貨コードではありません。"JPY" のように 3 字で書いてください`, `%q is not a currency; write three letters, as "JPY"`, c.Node.Currency)
	}
	zone := f.TimeZone
	if zone == "" {
		zone = "Asia/Tokyo"
	}
	loc, err := time.LoadLocation(zone)
	if err != nil || zone == "Local" {
		r.bad("node.time_zone", `%q という時間帯はありません。"Asia/Tokyo" のように書いてください`, `there is no time zone %q; write it as "Asia/Tokyo"`, zone)
		loc = time.UTC
	}
	c.Node.TimeZone = loc
	c.Node.Language = tsujiban.Lang(r.choice("node.language", f.Language, "ja", "en"))
}

var transports = []string{"udp", "tcp", "tls"}

func (r *reader) listeners(fs []fileListen, c *Config) {
	if len(fs) == 0 {
		r.bad("listen", "[[listen]] が一つもありません。SIP を受けるアドレスを書いてください", "there is no [[listen]]; write where SIP is taken")
	}
	for i, f := range fs {
		at := element("listen", i) + "."
		l := Listen{
			Address: f.Address, Advertise: f.Advertise, Transport: transports[r.choice(at+"transport", f.Transport, transports...)],
			Certificate: r.path(f.Certificate), Key: r.path(f.Key), ClientCA: r.path(f.ClientCA),
		}
		host, ok := r.address(at+"address", f.Address, true)
		if f.Advertise != "" {
			r.address(at+"advertise", f.Advertise, false)
		} else if ip, err := netip.ParseAddr(host); ok && (err != nil || ip.IsUnspecified()) {
			r.bad(at+"advertise", `相手に伝えるアドレスがありません。PBX や事業者から届く "host:port" を書いてください`,
				`the address that peers are told is missing; write the "host:port" that PBXs and carriers can reach`)
		}
		r.pair(at, &l.Certificate, &l.Key, l.Transport == "tls")
		r.readable(at+"client_ca", l.ClientCA)
		if l.Transport != "tls" && (f.Certificate != "" || f.Key != "" || f.ClientCA != "") {
			r.bad(at+"transport", `証明書は transport = "tls" のときだけ使えます`, `certificates are only for transport = "tls"`)
		}
		c.Listen = append(c.Listen, l)
	}
}

// pair checks a certificate with its key.
func (r *reader) pair(at string, cert, key *string, must bool) {
	switch {
	case *cert == "" && (must || *key != ""):
		r.bad(at+"certificate", "証明書のファイルを書いてください", "name the certificate's file")
	case *key == "" && *cert != "":
		r.bad(at+"key", "証明書の鍵のファイルを書いてください", "name the file of the certificate's key")
	default:
		r.readable(at+"certificate", *cert)
		r.readable(at+"key", *key)
	}
}

func (r *reader) carriers(fs []fileCarrier, c *Config) {
	if len(fs) == 0 {
		r.bad("carrier", "[[carrier]] が一つもありません。発信先の事業者を書いてください", "there is no [[carrier]]; write where calls go out")
	}
	seen := map[string]bool{}
	for i, f := range fs {
		at := element("carrier", i) + "."
		r.id(at+"id", f.ID)
		if seen[f.ID] {
			r.bad(at+"id", "%q は二つあります。別の名前にしてください", "%q is there twice; give it another name", f.ID)
		}
		seen[f.ID] = true
		k := Carrier{
			ID: tsujiban.CarrierID(f.ID), Address: f.Address, Transport: transports[r.choice(at+"transport", f.Transport, transports...)],
			Priority: r.count(at+"priority", f.Priority, 10, 65535), Weight: r.count(at+"weight", f.Weight, 10, 65535),
			Probe: r.duration(at+"probe", f.Probe, 30*time.Second, 0, day), Sources: r.prefixes(at+"sources", f.Sources),
			ServerName: f.ServerName, CA: r.path(f.CA), Certificate: r.path(f.Certificate), Key: r.path(f.Key),
		}
		if host, ok := r.address(at+"address", f.Address, false); ok {
			r.carrierHost(&k, host)
		}
		if k.Transport != "tls" && (f.CA != "" || f.Certificate != "" || f.Key != "" || f.ServerName != "") {
			r.bad(at+"transport", `証明書は transport = "tls" のときだけ使えます`, `certificates are only for transport = "tls"`)
		}
		r.pair(at, &k.Certificate, &k.Key, false)
		r.readable(at+"ca", k.CA)
		c.Carriers = append(c.Carriers, k)
	}
}

func (r *reader) carrierHost(k *Carrier, host string) {
	if k.ServerName == "" {
		k.ServerName = host
	}
	if ip, err := netip.ParseAddr(host); err == nil && len(k.Sources) == 0 {
		k.Sources = []netip.Prefix{netip.PrefixFrom(ip.Unmap(), ip.Unmap().BitLen())}
	}
}

func (r *reader) guard(f *fileGuard, c *Config) {
	g := &c.Guard
	g.Fraud = FraudMode(r.choice("guard.fraud", f.Fraud, fraudNames...))
	g.AllowNoRate = r.choice("guard.no_rate", f.NoRate, "deny", "allow") == 1
	g.Rates, g.Hints = r.path(f.Rates), r.path(f.Hints)
	if g.Rates == "" && !g.AllowNoRate {
		r.bad("guard.rates", `料金表がありません。rates = "rates.csv" のように書くか、金額を見ないなら no_rate = "allow" としてください`,
			`there are no prices; write rates = "rates.csv", or no_rate = "allow" to let calls pass without one`)
	}
	r.readable("guard.rates", g.Rates)
	r.readable("guard.hints", g.Hints)
	caution := DefaultCaution
	if f.Caution != nil {
		if caution = *f.Caution; caution < 20 || caution > 90 {
			r.bad("guard.caution", "20から90までの数を書いてください（デシバン。大きいほど止めにくい）", "write a number from 20 to 90 (decibans; the larger, the later calls are stopped)")
		}
	}
	g.Caution, g.Harm = tsujiban.Decibans(caution), r.money("guard.harm", f.Harm, DefaultHarm)
	g.Closed = r.digits("guard.closed", f.Closed)
	g.Emergency = r.digits("guard.emergency", f.Emergency)
	g.Defaults = r.limits("guard.defaults", &f.Defaults, DefaultLimits())
}

// limits reads the limits of a table; what is left out is as in def.
func (r *reader) limits(at string, f *fileLimits, def tsujiban.Limits) tsujiban.Limits {
	return tsujiban.Limits{
		CapCall:        r.money(at+".cap_call", f.CapCall, def.CapCall),
		CapDay:         r.money(at+".cap_day", f.CapDay, def.CapDay),
		CapMonth:       r.money(at+".cap_month", f.CapMonth, def.CapMonth),
		Channels:       r.count(at+".channels", f.Channels, def.Channels, 1_000_000),
		CallsPerSecond: r.count(at+".calls_per_second", f.CallsPerSecond, def.CallsPerSecond, 100_000),
		LongestCall:    r.duration(at+".longest_call", f.LongestCall, def.LongestCall, 0, 30*day),
		AllowCountries: r.countries(at+".allow_countries", f.AllowCountries),
		BarCountries:   r.countries(at+".bar_countries", f.BarCountries),
		BarPrefixes:    r.digits(at+".bar_prefixes", f.BarPrefixes),
		AllowClasses:   r.classes(at+".allow_classes", f.AllowClasses),
		Hours:          f.Hours,
	}
}

func (r *reader) journal(f *fileJournal, c *Config) {
	c.Journal.PassOnFailure = r.choice("journal.on_failure", f.OnFailure, "refuse", "pass") == 1
	c.Journal.Segment = r.size("journal.segment", f.Segment, 64<<20, 1<<20, 4<<30)
}

func (r *reader) ledger(f *fileLedger, c *Config) {
	c.Ledger = Ledger{Name: f.Name, Screen: r.path(f.Screen), Scheme: r.path(f.Scheme)}
	if c.Ledger.Name == "" {
		c.Ledger.Name = c.Node.Name
	}
	r.readable("ledger.scheme", c.Ledger.Scheme)
	r.readable("ledger.screen", c.Ledger.Screen)
}

func (r *reader) retention(f *fileRetention, c *Config) {
	def := retention.Defaults()
	t := &c.Retention.Terms
	for _, k := range []struct {
		key, text string
		to        *retention.Term
		def       retention.Term
	}{
		{"calls", f.Calls, &t.Calls, def.Calls}, {"journal", f.Journal, &t.Journal, def.Journal}, {"looks", f.Looks, &t.Looks, def.Looks},
		{"checks", f.Checks, &t.Checks, def.Checks}, {"inquiries", f.Inquiries, &t.Inquiries, def.Inquiries},
		{"screens", f.Screens, &t.Screens, def.Screens}, {"suspensions", f.Suspensions, &t.Suspensions, def.Suspensions},
	} {
		*k.to = k.def
		if k.text == "" {
			continue
		}
		term, err := retention.ParseTerm(k.text)
		if err != nil {
			r.bad("retention."+k.key, `%q は期間として読めません。"180d"（日）、"6mo"（月）、"7y"（年）のように書いてください`, `%q is no term; write days, months or years, as "180d", "6mo" or "7y"`, k.text)
			continue
		}
		*k.to = term
	}
	if f.Journal == "" && t.Calls.About() > retention.LeastJournal {
		t.Journal = t.Calls
	}
	if t.Journal.About() < max(t.Calls.About(), retention.LeastJournal) {
		r.bad("retention.journal", "%s では短すぎます。retention.calls（%s）以上、かつ %d 日以上にしてください（今月の利用額は記録簿から数えます）",
			"%s is too short; write at least retention.calls (%s), and at least %d days: what was spent this month is counted from the journal", t.Journal, t.Calls, retention.LeastJournal)
	}
	if t.Checks.About() < retention.LeastChecks {
		r.bad("retention.checks", "%s では短すぎます。本人確認の記録は契約の終了後7年間の保存が必要です", "%s is too short; identity checks are kept for 7 years after the contract", t.Checks)
	}
	if t.Looks.About() < t.Calls.About() {
		r.bad("retention.looks", "%s では短すぎます。だれが見たかの記録は、通話記録（%s）以上残してください", "%s is too short; who looked is kept at least as long as the calls (%s)", t.Looks, t.Calls)
	}
	c.Retention.At = 3*time.Hour + 30*time.Minute
	if f.At != "" {
		at, err := time.Parse("15:04", f.At)
		if err != nil {
			r.bad("retention.at", `%q は時刻として読めません。"03:30" のように書いてください`, `%q is no time of day; write it as "03:30"`, f.At)
		}
		c.Retention.At = time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
	}
}

func (r *reader) sip(f *fileSIP, c *Config) {
	c.SIP = SIP{
		Realm:             f.Realm,
		IdleLimit:         r.duration("sip.idle_limit", f.IdleLimit, 2*time.Hour, time.Minute, 30*day),
		RingLimit:         r.duration("sip.ring_limit", f.RingLimit, 3*time.Minute, 10*time.Second, time.Hour),
		TryNext:           r.duration("sip.try_next", f.TryNext, 3*time.Second, 500*time.Millisecond, 32*time.Second),
		MaxCallsPerSecond: r.count("sip.max_calls_per_second", f.MaxCallsPerSecond, 0, 1_000_000),
		MaxCalls:          r.count("sip.max_calls", f.MaxCalls, 200_000, 10_000_000),
		Drain:             r.duration("sip.drain", f.Drain, 20*time.Second, 0, time.Hour),
		KeepCalls:         r.choice("sip.on_stop", f.OnStop, "end", "keep") == 1,
	}
	if c.SIP.Realm == "" {
		c.SIP.Realm = c.Node.Name
	}
}

func (r *reader) rest(f *fileConfig, c *Config) {
	c.Control = Control{Socket: r.path(f.Control.Socket), Users: f.Control.Users}
	if c.Control.Socket == "" {
		c.Control.Socket = filepath.Join(c.Node.Data, "control.sock")
	}
	// sun_path holds 108 bytes (unix(7)); Linux wants a closing zero.
	if len(c.Control.Socket) > 107 {
		r.bad("control.socket", "パスが長すぎます（107 バイトまで）。短い場所を書いてください", "the path is longer than 107 bytes; write a shorter one")
	}
	c.Metrics.Listen = f.Metrics.Listen
	if f.Metrics.Listen != "" {
		if host, _, err := net.SplitHostPort(f.Metrics.Listen); err != nil || host != "" {
			r.address("metrics.listen", f.Metrics.Listen, true)
		}
	}
	c.Log.JSON = r.choice("log.format", f.Log.Format, "text", "json") == 1
	levels := []string{"info", "debug", "warn", "error"}
	c.Log.Level = levels[r.choice("log.level", f.Log.Level, levels...)]
}
