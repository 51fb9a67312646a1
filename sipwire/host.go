package sipwire

import "bytes"

// hostEnd is the offset after the host at b[i]: a name, an IPv4 address, or an IPv6 address in
// brackets (RFC 3261 §25.1); -1 when there is none. What looks like an IPv4 address must
// be one: there are programs that read 127.1 and 0300.1.2.3 as addresses, each in its own way.
func hostEnd(b []byte, i int) int {
	if i < len(b) && b[i] == '[' {
		n := bytes.IndexByte(b[i:], ']')
		if n < 0 || !isIPv6(b[i+1:i+n]) {
			return -1
		}
		return i + n + 1
	}
	if end := ipv4End(b, i); end > 0 && (end == len(b) || chars[b[end]]&cHost == 0) {
		return end
	}
	start := i
	for i < len(b) && chars[b[i]]&cHost != 0 {
		i++
	}
	name := b[start:i]
	if len(name) == 0 || name[0] == '.' || name[0] == '-' || endsInNumber(name) {
		return -1
	}
	return i
}

// endsInNumber tells whether the last label of a name is all digits. Such a name is an
// address: top-level domains start with a letter.
func endsInNumber(name []byte) bool {
	i := len(name)
	if i > 1 && name[i-1] == '.' {
		i--
	}
	end := i
	for i > 0 && name[i-1]-'0' < 10 {
		i--
	}
	return i < end && (i == 0 || name[i-1] == '.')
}

// ipv4End is the offset after the IPv4 address at b[i], four decimal numbers without leading
// zeros; -1 when there is none.
func ipv4End(b []byte, i int) int {
	for part := range 4 {
		if part > 0 {
			if i == len(b) || b[i] != '.' {
				return -1
			}
			i++
		}
		start, n := i, 0
		for i < len(b) && i < start+3 && b[i]-'0' < 10 {
			n = n*10 + int(b[i]-'0')
			i++
		}
		if i == start || n > 255 || i > start+1 && b[start] == '0' {
			return -1
		}
	}
	return i
}

// portAt reads the port at b[i], 1 to 65535; end is -1 when there is none.
func portAt(b []byte, i int) (port uint16, end int) {
	n := 0
	for ; i < len(b) && b[i]-'0' < 10 && n < 1<<16; i++ {
		n = n*10 + int(b[i]-'0')
	}
	if n == 0 || n >= 1<<16 {
		return 0, -1
	}
	return uint16(n), i
}

// isIPv6 tells an IPv6 address without zone (RFC 4291 §2.2): eight groups, or fewer with one "::"; the
// last two may be written as an IPv4 address.
func isIPv6(b []byte) bool {
	groups, gap, i := 0, false, 0
	if len(b) > 1 && b[0] == ':' && b[1] == ':' {
		gap, i = true, 2
	}
	for i < len(b) {
		start := i
		for i < len(b) && i < start+5 && hexDigit(b[i]) >= 0 {
			i++
		}
		if i < len(b) && b[i] == '.' {
			groups += 2
			return ipv4End(b, start) == len(b) && (groups == 8 || gap && groups < 8)
		}
		if i == start || i > start+4 {
			return false
		}
		groups++
		if i == len(b) {
			break
		}
		if b[i] != ':' {
			return false
		}
		if i++; i == len(b) {
			return false
		}
		if b[i] == ':' {
			if gap {
				return false
			}
			gap = true
			i++
		}
	}
	return groups == 8 || gap && groups < 8
}
