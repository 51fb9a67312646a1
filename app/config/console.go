package config

import (
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"tsujiban/people"
)

func (r *reader) console(f *fileConsole, c *Config) {
	k := &c.Console
	*k = Console{Listen: f.Listen, Certificate: r.path(f.Certificate), Key: r.path(f.Key), Proxies: r.prefixes("console.trusted_proxies", f.Proxies)}
	if f.Listen == "" {
		if f.Certificate != "" || f.Key != "" || f.PublicURL != "" || len(f.Proxies) > 0 {
			r.bad("console.listen", `待ち受けるアドレスがありません。"127.0.0.1:8443" のように書いてください`, `the address is missing; write it as "127.0.0.1:8443"`)
		}
		return
	}
	host, port, err := net.SplitHostPort(f.Listen)
	if err != nil || host != "" {
		r.address("console.listen", f.Listen, true)
	}
	r.people(f, k)
	r.pair("console.", &k.Certificate, &k.Key, false)
	k.PublicURL = r.publicURL(f, host, port)
	if k.Certificate == "" && !k.Secure() && !loopback(host) {
		r.bad("console.certificate", `暗号化されていません。certificate と key を書くか、TLS を終端するプロキシの https:// のアドレスを public_url に書いてください（listen が 127.0.0.1 なら不要です）`,
			`what people send would not be encrypted; write certificate and key, or in public_url the https:// address of a proxy that does it (not needed when listen is 127.0.0.1)`)
	}
	if k.Certificate != "" && !k.Secure() {
		r.bad("console.public_url", "証明書があるので https:// で始めてください", "with a certificate it begins with https://")
	}
}

// people reads how people sign in.
func (r *reader) people(f *fileConsole, k *Console) {
	k.Idle = r.duration("console.session_idle", f.Idle, 2*time.Hour, 5*time.Minute, 24*time.Hour)
	k.Absolute = r.duration("console.session_length", f.Absolute, 16*time.Hour, 30*time.Minute, 7*24*time.Hour)
	for _, s := range f.Second {
		act, ok := people.ParseAct(s)
		if !ok {
			r.bad("console.two_persons", "%q は使えません。次のいずれかにしてください: %v", "%q is not possible; write some of: %v", s, people.Acts)
			continue
		}
		k.Second = append(k.Second, act)
	}
	o := &k.OIDC
	*o = OIDC{Issuer: f.OIDC.Issuer, ClientID: f.OIDC.ClientID, SecretFile: r.path(f.OIDC.SecretFile), Name: f.OIDC.Name, Claim: f.OIDC.Claim}
	if f.OIDC == (fileOIDC{}) {
		return
	}
	u, err := url.Parse(o.Issuer)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && !loopback(u.Hostname()) {
		r.bad("console.oidc.issuer", `%q は使えません。"https://id.example.jp" のように書いてください`, `%q is not possible; write it as "https://id.example.jp"`, o.Issuer)
		return
	}
	if o.ClientID == "" {
		r.bad("console.oidc.client_id", "client_id がありません。ログインサービスで登録したものを書いてください", "the client_id is missing; write the one that the sign-in service gave you")
	}
	if o.SecretFile != "" {
		r.readable("console.oidc.client_secret_file", o.SecretFile)
	}
	if o.Name == "" {
		o.Name = u.Hostname()
	}
	if f.OIDC.Create != "" {
		role, ok := people.ParseRole(f.OIDC.Create)
		if !ok || !role.Staff() || role == people.Administrator {
			r.bad("console.oidc.create_as", "%q は使えません。viewer、analyst、inquiry-officer のいずれかにしてください", "%q is not possible; write viewer, analyst or inquiry-officer", f.OIDC.Create)
		}
		o.Create = role
	}
}

// publicURL is what people type; without one, what follows from the other settings.
func (r *reader) publicURL(f *fileConsole, host, port string) *url.URL {
	if f.PublicURL == "" {
		u := &url.URL{Scheme: "http", Host: f.Listen}
		if f.Certificate != "" {
			u.Scheme = "https"
		}
		// Passkeys belong to a name: a bare address has none.
		if ip, err := netip.ParseAddr(host); host == "" || err == nil && (ip.IsUnspecified() || ip.IsLoopback()) {
			u.Host = net.JoinHostPort("localhost", port)
		}
		return u
	}
	u, err := url.Parse(f.PublicURL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		r.bad("console.public_url", `%q は使えません。"https://guard.example.jp" のように、パスを付けずに書いてください`, `%q is not possible; write it without a path, as "https://guard.example.jp"`, f.PublicURL)
		return nil
	}
	u.Path = ""
	return u
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
