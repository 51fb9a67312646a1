package config

import (
	"net/mail"
	"net/netip"
	"os"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/notify/outbox"
)

// Mail says where mail goes out. Server empty: no mail is sent.
type Mail struct {
	Server       string
	Port         int    // 587 for starttls, 465 for tls, 25 for none, by default
	Security     string // "starttls" (default), "tls", "none" (to this machine only)
	User         string
	PasswordFile string       // its first line is the password
	CA           string       // PEM file of who signs the server's certificate; empty: the system's
	From         mail.Address // the name is the operator's
	ReplyTo      mail.Address // where answers and questions go; empty address: From
}

// Webhook is a program that is told.
type Webhook struct {
	ID            string
	URL           string
	Format        string         // "json" (default), "slack"
	SecretFile    string         // needed for json
	Kinds         []outbox.Kind  // nil: all but digest
	AllowNetworks []netip.Prefix // private networks that it may be in
	Language      tsujiban.Lang  // of a Slack message; the node's by default
}

// Notify says who is told when.
type Notify struct {
	Staff     []string      // mail addresses of the operator's people, besides those who sign in
	Customers bool          // customers = "silent" is false: their contacts are not told
	Digest    time.Duration // since midnight in the node's zone: when the last day is told; 8:00 by default
	NoDigest  bool          // digest = "off"
	// Quiet hours of Staff and of contacts, since midnight; equal: none, the default.
	QuietFrom, QuietUntil time.Duration
	Storm                 int           // so many notices to one recipient at once become one; 5 by default
	Spread                time.Duration // and then come at most so often; 1 m by default
	GiveUp                time.Duration // how long a notice is tried; 48 h by default
}

func (r *reader) mail(f *fileMail, c *Config) {
	ways := []string{"starttls", "tls", "none"}
	m := Mail{Server: f.Server, Security: ways[r.choice("mail.security", f.Security, ways...)], User: f.User, PasswordFile: r.path(f.PasswordFile), CA: r.path(f.CA)}
	c.Mail = m
	if f.Server == "" {
		if f.From != "" || f.User != "" || f.ReplyTo != "" {
			r.bad("mail.server", "メールサーバーがありません。server を書いてください", "there is no mail server; write server")
		}
		return
	}
	if _, err := netip.ParseAddr(f.Server); err != nil && !isHostName(f.Server) {
		r.bad("mail.server", "%q はホスト名でも IP アドレスでもありません。ポートは port に書いてください", "%q is neither a host name nor an IP address; the port goes to port", f.Server)
	}
	m.Port = r.count("mail.port", f.Port, map[string]int{"starttls": 587, "tls": 465, "none": 25}[m.Security], 65535)
	if m.Security == "none" && !isLoopback(f.Server) {
		r.bad("mail.security", `"none" は同じ機械（127.0.0.1、::1、localhost）のメールサーバーにだけ使えます。"starttls" か "tls" にしてください`, `"none" is only for a mail server on this machine (127.0.0.1, ::1, localhost); write "starttls" or "tls"`)
	}
	if m.Security == "none" && m.User != "" {
		r.bad("mail.user", `パスワードは暗号化しない接続では送りません。security を "starttls" か "tls" にしてください`, `a password does not go over a connection in the clear; write security = "starttls" or "tls"`)
	}
	if (m.User == "") != (m.PasswordFile == "") {
		r.bad("mail.password_file", "user と password_file は両方書いてください", "write both user and password_file, or neither")
	}
	r.secret("mail.password_file", m.PasswordFile)
	r.readable("mail.ca", m.CA)
	if f.From == "" {
		r.bad("mail.from", `差出人がありません。from = "例示電話 <guard@example.jp>" のように書いてください`, `there is no sender; write from = "Example Telephone <guard@example.jp>"`)
	} else {
		m.From = r.mailbox("mail.from", f.From)
	}
	if f.ReplyTo != "" {
		m.ReplyTo = r.mailbox("mail.reply_to", f.ReplyTo)
	}
	c.Mail = m
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || host == "localhost"
}

// mailbox reads an address with or without a name.
func (r *reader) mailbox(path, text string) mail.Address {
	a, err := mail.ParseAddress(text)
	if err == nil {
		err = outbox.ValidAddress(a.Address)
	}
	if err != nil || strings.ContainsAny(text, "\r\n") {
		r.bad(path, `%q はメールアドレスとして読めません。"例示電話 <guard@example.jp>" のように書いてください`, `%q is no mail address; write it as "Example Telephone <guard@example.jp>"`, text)
		return mail.Address{}
	}
	return *a
}

// secret checks a file that only the program should be able to read.
func (r *reader) secret(path, name string) {
	r.readable(path, name)
	if name == "" {
		return
	}
	if st, err := os.Stat(name); err == nil && st.Mode().Perm()&0o007 != 0 {
		r.bad(path, "%s はだれでも読めます。chmod o= で読めないようにしてください", "everybody on this machine can read %s; take that away with chmod o=", name)
	}
}

func (r *reader) webhooks(fs []fileWebhook, c *Config) {
	seen := map[string]bool{}
	for i, f := range fs {
		at := element("webhook", i) + "."
		r.id(at+"id", f.ID)
		if seen[f.ID] {
			r.bad(at+"id", "%q は二つあります。別の名前にしてください", "%q is there twice; give it another name", f.ID)
		}
		seen[f.ID] = true
		formats := []string{"json", "slack"}
		w := Webhook{ID: f.ID, URL: f.URL, Format: formats[r.choice(at+"format", f.Format, formats...)], SecretFile: r.path(f.SecretFile), AllowNetworks: r.prefixes(at+"allow_networks", f.AllowNetworks), Language: c.Node.Language}
		if f.Language != "" {
			w.Language = tsujiban.Lang(r.choice(at+"language", f.Language, "ja", "en"))
		}
		if _, err := outbox.WebhookURL(f.URL); err != nil {
			r.bad(at+"url", `使えるのは https:// の URL です（利用者名・パスワード・# なし）。http:// は 127.0.0.1 と [::1] にだけ使えます`, `it must be an https:// address without user, password and #; http:// is for 127.0.0.1 and [::1] only`)
		}
		if w.Format == "json" && w.SecretFile == "" {
			r.bad(at+"secret_file", "署名の鍵のファイルを書いてください（受け手が送り主を確かめるため）", "name the file with the secret that signs, by which the receiver knows who sends")
		}
		r.secret(at+"secret_file", w.SecretFile)
		for k, name := range f.Kinds {
			kind, ok := outbox.ParseKind(name)
			if !ok {
				var names []string
				for _, k := range outbox.Kinds() {
					names = append(names, k.String())
				}
				r.bad(element(at+"kinds", k), "%q という種類はありません。次のいずれかにしてください: %s", "there is no kind %q; write one of: %s", name, strings.Join(names, ", "))
			}
			w.Kinds = append(w.Kinds, kind)
		}
		c.Webhooks = append(c.Webhooks, w)
	}
}

func (r *reader) notify(f *fileNotify, c *Config) {
	n := Notify{Customers: r.choice("notify.customers", f.Customers, "tell", "silent") == 0, Digest: 8 * time.Hour, Staff: f.Staff}
	for i, s := range f.Staff {
		if outbox.ValidAddress(s) != nil {
			r.bad(element("notify.staff", i), `%q はメールアドレスではありません。"noc@example.jp" のように書いてください`, `%q is no mail address; write it as "noc@example.jp"`, s)
		}
	}
	if len(f.Staff) > 0 && c.Mail.Server == "" {
		r.bad("notify.staff", "[mail] の server がないので送れません", "there is no server in [mail] to send it")
	}
	if f.Digest == "off" {
		n.NoDigest = true
	} else if f.Digest != "" {
		n.Digest = r.clock("notify.digest", f.Digest)
	}
	if (f.QuietFrom == "") != (f.QuietUntil == "") {
		r.bad("notify.quiet_from", "quiet_from と quiet_until は両方書いてください", "write both quiet_from and quiet_until, or neither")
	}
	if f.QuietFrom != "" {
		n.QuietFrom, n.QuietUntil = r.clock("notify.quiet_from", f.QuietFrom), r.clock("notify.quiet_until", f.QuietUntil)
	}
	if n.Storm = r.count("notify.storm", f.Storm, 5, 1000); n.Storm < 2 {
		r.bad("notify.storm", "2 以上にしてください", "write 2 or more")
	}
	n.Spread = r.duration("notify.spread", f.Spread, time.Minute, time.Second, 15*time.Minute)
	n.GiveUp = r.duration("notify.give_up", f.GiveUp, 48*time.Hour, time.Minute, 7*day)
	c.Notify = n
}

// clock reads a time of day.
func (r *reader) clock(path, text string) time.Duration {
	at, err := time.Parse("15:04", text)
	if err != nil {
		r.bad(path, `%q は時刻として読めません。"08:00" のように書いてください`, `%q is no time of day; write it as "08:00"`, text)
	}
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
}
