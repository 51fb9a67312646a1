package sipwire

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// The slow way with values of headers: one regular expression each.

const (
	reToken  = `[A-Za-z0-9\-.!%*_+` + "`" + `'~]`
	reBlank  = `[ \t\r\n]*`
	reQuoted = `"(?:[^"\\]|\\.)*"`
	reParam  = reBlank + `;` + reBlank + `([A-Za-z0-9\-.!%*_+` + "`" + `'~\[\]:/&$()]+)(?:` + reBlank + `=` + reBlank + `(` + reQuoted + `|[A-Za-z0-9\-.!%*_+` + "`" + `'~\[\]:/&$()@]+))?`
	reURI    = `[!#-;=?-~]`
	reBare   = `[!#-+\--:=@-~]`
)

var (
	slowAddr = regexp.MustCompile(`(?s)^` + reBlank + `(?:(` + reQuoted + reBlank + `|[A-Za-z0-9\-.!%*_+` + "`" + `'~ \t\x{80}-\x{ff}]*)<(` + reURI + `+)>|(` + reBare + `+))` +
		reBlank + `((?:` + reParam + `)*)` + reBlank + `(?:$|(,)` + reBlank + `[^ \t\r\n,])`)
	slowParams = regexp.MustCompile(`(?s)` + reParam)
	slowVia    = regexp.MustCompile(`(?s)^` + reBlank + `(?i:SIP)` + reBlank + `/` + reBlank + `2\.0` + reBlank + `/` + reBlank + `(` + reToken + `+)[ \t\r\n]+(\[[^\]]*\]|[A-Za-z0-9._\-]+)` +
		`(?:` + reBlank + `:` + reBlank + `([0-9]+))?` + reBlank + `((?:` + reParam + `)*)` + reBlank + `(?:$|(,)` + reBlank + `(?i:SIP)` + reBlank + `/` + reBlank + `2\.0` + reBlank + `/)`)
	slowSIP = regexp.MustCompile(`^(?i:(sips?)):(?:((?:[A-Za-z0-9\-_.!~*'()&=+$,;?/#]|%[0-9A-Fa-f]{2})+)(:(?:[A-Za-z0-9\-_.!~*'()&=+$,]|%[0-9A-Fa-f]{2})*)?@)?` +
		`(\[[^\]]*\]|[A-Za-z0-9._\-]+)(?::([0-9]+))?(;` + reURIText + `*?)?(\?` + reURIText + `*)?$`)
	slowTel = regexp.MustCompile(`^(?i:tel):(\+?[0-9A-Fa-f.\-()*#]+)(;` + reURIText + `*)?$`)
)

const reURIText = `(?:[A-Za-z0-9\-.!*_+` + "`" + `'~\[\]:/&$();=?]|%[0-9A-Fa-f]{2})`

func slowParseAddress(s string) (a slowAddress, ok bool) {
	g := slowAddr.FindStringSubmatchIndex(text(s))
	if g == nil {
		return a, false
	}
	group := func(i int) string {
		if g[2*i] < 0 {
			return ""
		}
		return untext(text(s)[g[2*i]:g[2*i+1]])
	}
	a = slowAddress{display: strings.Trim(group(1), " \t\r\n"), uri: group(2) + group(3), angle: g[4] >= 0, params: strings.Trim(group(4), " \t\r\n")}
	a.length, a.more = len(s), g[2*7] >= 0
	if a.more {
		a.length = len(untext(text(s)[:g[2*7]]))
	}
	for _, p := range slowParams.FindAllStringSubmatch(text(a.params), -1) {
		if !strings.EqualFold(p[1], "tag") {
			continue
		}
		if a.hasTag || p[2] == "" || p[2][0] == '"' {
			return a, false
		}
		a.tag, a.hasTag = untext(p[2]), true
	}
	if !a.angle && strings.Contains(a.params, "@") {
		return a, false
	}
	return a, true
}

// slowViaValue is what ParseVia reads.
type slowViaValue struct {
	transport, host, params, branch, received string
	port                                      uint64
	rport, more                               bool
	length                                    int
}

func slowParseVia(s string) (v slowViaValue, ok bool) {
	t := text(s)
	g := slowVia.FindStringSubmatchIndex(t)
	if g == nil {
		return v, false
	}
	group := func(i int) string {
		if g[2*i] < 0 {
			return ""
		}
		return untext(t[g[2*i]:g[2*i+1]])
	}
	v = slowViaValue{transport: group(1), host: group(2), params: strings.Trim(group(4), " \t\r\n"), length: len(s), more: g[2*7] >= 0}
	if v.more {
		v.length = len(untext(t[:g[2*7]]))
	}
	if !slowHost(v.host) || !slowPort(group(3), &v.port) {
		return v, false
	}
	seen := map[string]bool{}
	for _, p := range slowParams.FindAllStringSubmatch(text(v.params), -1) {
		name, value := strings.ToLower(p[1]), untext(p[2])
		switch name {
		case "branch":
			v.branch = value
		case "received":
			v.received = value
		case "rport":
			var port uint64
			if v.rport = value == ""; !v.rport && !slowPort(value, &port) {
				return v, false
			}
		case "maddr", "ttl":
		default:
			continue
		}
		if seen[name] || value == "" && name != "rport" || strings.HasPrefix(value, `"`) {
			return v, false
		}
		seen[name] = true
	}
	return v, true
}

// slowPort reads a port that may be missing.
func slowPort(s string, port *uint64) bool {
	if s == "" {
		return true
	}
	n, err := strconv.ParseUint(s, 10, 16)
	*port = n
	return err == nil && n > 0
}

func slowHost(h string) bool {
	if in, ok := strings.CutPrefix(h, "["); ok {
		a, err := netip.ParseAddr(strings.TrimSuffix(in, "]"))
		return err == nil && a.Is6() && a.Zone() == ""
	}
	if strings.HasPrefix(h, ".") || strings.HasPrefix(h, "-") {
		return false
	}
	labels := strings.Split(h, ".")
	last := labels[len(labels)-1]
	if last == "" && len(labels) > 1 {
		last = labels[len(labels)-2]
	}
	if last != "" && strings.Trim(last, "0123456789") == "" {
		a, err := netip.ParseAddr(h)
		return err == nil && a.Is4()
	}
	return true
}

// slowURI is what ParseURI reads.
type slowURI struct {
	scheme, user, host, params, headers string
	port                                uint64
}

func slowParseURI(s string) (u slowURI, ok bool) {
	if g := slowTel.FindStringSubmatch(text(s)); g != nil {
		return slowURI{scheme: s[:3], user: g[1], params: g[2]}, true
	}
	g := slowSIP.FindStringSubmatch(text(s))
	if g == nil {
		return u, false
	}
	u = slowURI{scheme: g[1], user: g[2], host: g[4], params: g[6], headers: g[7]}
	return u, slowHost(u.host) && slowPort(g[5], &u.port) && !strings.HasPrefix(u.user, "//")
}

var slowDigest = regexp.MustCompile(`(?s)^(?i:digest)[ \t\r\n]` + reBlank + rePair + `(?:,` + reBlank + rePair + `)*$`)
var slowPair = regexp.MustCompile(`(?s)` + rePairGroups)

const (
	rePair       = reToken + `+` + reBlank + `=` + reBlank + `(?:"[^"\\\x00-\x1f]*"|[!#-+\--;=?-\[\]-~]+)` + reBlank
	rePairGroups = `(` + reToken + `+)` + reBlank + `=` + reBlank + `("[^"\\\x00-\x1f]*"|[!#-+\--;=?-\[\]-~]+)` + reBlank + `(?:,` + reBlank + `|$)`
)

// slowCredentials reads the parameters by their lower-case names.
func slowCredentials(s string) (fields map[string]string, ok bool) {
	t := text(s)
	if !slowDigest.MatchString(t) {
		return nil, false
	}
	fields = map[string]string{}
	for _, p := range slowPair.FindAllStringSubmatch(strings.TrimLeft(t[6:], " \t\r\n"), -1) {
		name := strings.ToLower(p[1])
		if !strings.Contains(" username realm nonce uri response algorithm qop cnonce nc opaque ", " "+name+" ") {
			continue
		}
		if _, twice := fields[name]; twice {
			return nil, false
		}
		fields[name] = untext(strings.Trim(p[2], `"`))
	}
	return fields, true
}
