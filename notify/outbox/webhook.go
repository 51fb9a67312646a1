package outbox

import (
	"net/netip"
	"net/url"

	"tsujiban"
)

// WebhookURL says what is wrong with the address of a webhook.
func WebhookURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, `it is no address of a webhook; write it as "https://example.jp/hook"`)
	case u.User != nil:
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "no user or password may stand in it; the signature says who sends")
	case u.Fragment != "":
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "what stands behind # is never sent; leave it out")
	case u.Scheme == "https":
		return u, nil
	case u.Scheme == "http" && Loopback(u):
		return u, nil
	}
	return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "it must begin with https://; http is for 127.0.0.1 and [::1] only")
}

// Loopback tells whether an address names this machine by a number: what a name leads to may change.
func Loopback(u *url.URL) bool {
	ip, err := netip.ParseAddr(u.Hostname())
	return err == nil && ip.IsLoopback()
}
