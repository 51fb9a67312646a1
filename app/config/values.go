package config

import (
	"math"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/store"
)

// ParseSize reads "64MiB", "512KiB", "2GiB" or bare bytes.
func ParseSize(s string) (int64, error) {
	unit := int64(1)
	digits := s
	for suffix, u := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if rest, ok := strings.CutSuffix(s, suffix); ok {
			digits, unit = strings.TrimSpace(rest), u
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/unit {
		return 0, tsujiban.Errorf(tsujiban.CodeInvalid, "not a size: want a number with KiB, MiB or GiB, such as 64MiB")
	}
	return n * unit, nil
}

func (r *reader) duration(path, text string, def, least, most time.Duration) time.Duration {
	if text == "" {
		return def
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		r.bad(path, `%q は時間として読めません。"30s"、"5m"、"1h30m" のように書いてください`, `%q is not a length of time; write it as "30s", "5m" or "1h30m"`, text)
		return def
	}
	if d < least || d > most {
		r.bad(path, "%v は範囲外です。%v から %v までにしてください", "%v is out of range; write %v to %v", d, least, most)
		return def
	}
	return d
}

func (r *reader) size(path, text string, def, least, most int64) int64 {
	if text == "" {
		return def
	}
	n, err := ParseSize(text)
	if err != nil {
		r.bad(path, `%q は大きさとして読めません。"64MiB" のように書いてください`, `%q is not a size; write it as "64MiB"`, text)
		return def
	}
	if n < least || n > most {
		r.bad(path, "%d バイトは範囲外です。%d から %d までにしてください", "%d bytes is out of range; write %d to %d", n, least, most)
		return def
	}
	return n
}

func (r *reader) money(path string, l literal, def tsujiban.Money) tsujiban.Money {
	if l.text == "" {
		return def
	}
	m, err := tsujiban.ParseMoney(strings.ReplaceAll(l.text, "_", ""))
	if err != nil {
		r.bad(path, `%q は金額として読めません。20000 や "12.5" のように書いてください`, `%q is not an amount; write it as 20000 or "12.5"`, l.text)
		return def
	}
	return m
}

func (r *reader) count(path string, n *int, def, most int) int {
	if n == nil {
		return def
	}
	if *n < 0 || *n > most {
		r.bad(path, "%d は範囲外です。0 から %d までにしてください", "%d is out of range; write 0 to %d", *n, most)
		return def
	}
	return *n
}

// choice finds text among the words; empty text is the first of them.
func (r *reader) choice(path, text string, words ...string) int {
	if text == "" {
		return 0
	}
	if i := slices.Index(words, text); i >= 0 {
		return i
	}
	list := strings.Join(words, ", ")
	r.bad(path, "%q は使えません。次のいずれかにしてください: %s", "%q is not possible; write one of: %s", text, list)
	return 0
}

// path makes a file name of the file absolute; empty stays empty.
func (r *reader) path(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(r.dir, name)
}

// address checks host:port. Hosts are names or IP addresses.
func (r *reader) address(path, text string, zeroPort bool) (host string, ok bool) {
	host, port, err := net.SplitHostPort(text)
	n, perr := strconv.ParseUint(port, 10, 16)
	if err != nil || perr != nil || host == "" || n == 0 && !zeroPort {
		r.bad(path, `%q は host:port の形ではありません。"192.0.2.10:5060" や "[2001:db8::1]:5060" のように書いてください`,
			`%q is not host:port; write it as "192.0.2.10:5060" or "[2001:db8::1]:5060"`, text)
		return "", false
	}
	if _, err := netip.ParseAddr(host); err != nil && !isHostName(host) {
		r.bad(path, "%q はホスト名でも IP アドレスでもありません", "%q is neither a host name nor an IP address", host)
		return "", false
	}
	return host, true
}

func isHostName(s string) bool {
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
			return false
		}
	}
	return true
}

// prefix reads a network or a single address; bits of the host are cleared.
func (r *reader) prefix(path, text string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), true
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		r.bad(path, `%q は IP アドレスの範囲ではありません。"203.0.113.0/24" のように書いてください`, `%q is not a network; write it as "203.0.113.0/24"`, text)
		return netip.Prefix{}, false
	}
	return p.Masked(), true
}

func (r *reader) prefixes(path string, texts []string) []netip.Prefix {
	var ps []netip.Prefix
	for i, s := range texts {
		if p, ok := r.prefix(element(path, i), s); ok {
			ps = append(ps, p)
		}
	}
	return ps
}

// digits checks lists of E.164 prefixes and short numbers.
func (r *reader) digits(path string, list []string) []string {
	for i, s := range list {
		if _, err := tsujiban.NumberFromDigits(s); err != nil {
			r.bad(element(path, i), `%q は 1〜15 桁の数字ではありません。"232" のように + なしで書いてください`,
				`%q is not 1 to 15 digits; write it without plus sign, as "232"`, s)
		}
	}
	return list
}

func (r *reader) countries(path string, list []string) []string {
	for i, s := range list {
		if len(s) != 2 || s[0] < 'A' || s[0] > 'Z' || s[1] < 'A' || s[1] > 'Z' {
			r.bad(element(path, i), `%q は国コードではありません。"SL" のように ISO 3166 の英大文字 2 字で書いてください`,
				`%q is not a country; write two capital letters of ISO 3166, as "SL"`, s)
		}
	}
	return list
}

func (r *reader) classes(path string, list []string) []string {
	for i, s := range list {
		if _, ok := tsujiban.ParseClass(s); !ok {
			r.bad(element(path, i), `%q という種類はありません。premium、satellite、undesignated などを書いてください`,
				`there is no class %q; write premium, satellite, undesignated or another class`, s)
		}
	}
	return list
}

// readable tells whether a file that the configuration names is there.
func (r *reader) readable(path, name string) {
	if name == "" {
		return
	}
	if st, err := os.Stat(name); err != nil || st.IsDir() {
		r.bad(path, "%s というファイルを読めません。正しい名前を書くか、ファイルを置いてください", "there is no file %s that can be read; name the right one or put it there", name)
	}
}

// id checks a name that the operator gives to a thing.
func (r *reader) id(path, s string) {
	if store.ValidID("id", s) == nil {
		return
	}
	r.bad(path, `%q は識別名に使えません。英小文字・数字・"-" で 1〜64 字にしてください`,
		`%q cannot be a name; write 1 to 64 small letters, digits and "-"`, s)
}

func element(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
