package config

import (
	"net"
	"net/netip"
	"net/url"
	"strings"
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

// publicURL is what people type; without one, what follows from the other settings.
func (r *reader) publicURL(f *fileConsole, host, port string) *url.URL {
	if f.PublicURL == "" {
		u := &url.URL{Scheme: "http", Host: f.Listen}
		if f.Certificate != "" {
			u.Scheme = "https"
		}
		if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
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
