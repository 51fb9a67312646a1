package edge

import (
	"bytes"

	"tsujiban"
	"tsujiban/sipwire"
)

// routes is what the Route headers of a request say.
type routes struct {
	ours    bool            // the first value is ours
	foreign bool            // values of others follow
	call    tsujiban.CallID // in our value, 0 when there is none
	phone   uint64          // likewise: the phone that a Path of ours leads to
	n       int
	spans   [2][2]int // what to cut
}

// ourRoutes reads the Route values from the first up to the first that is not ours: one, or two
// when the call goes from one listener to another (RFC 5658).
func (w *worker) ourRoutes(m *sipwire.Message) (rt routes) {
	for h := m.First(sipwire.Route); h != nil; h = m.Next(h) {
		val := m.Value(h)
		for off := 0; off < len(val); {
			a, err := sipwire.ParseAddress(val[off:])
			was := rt.call
			if err != nil || rt.n == len(rt.spans) || !w.readOurs(a.URI, &rt) || was != 0 && rt.call != was {
				// Ours of another call: the request will come by here once more.
				rt.foreign, rt.call = true, was
				return rt
			}
			rt.ours = true
			end := off + a.Len
			switch {
			case a.More:
				end++
				rt.cut(int(h.Value)+off, int(h.Value)+end)
			case off == 0:
				rt.cut(int(h.Start), int(h.Next))
			default: // the last of several: the whole line goes, with what was cut before
				rt.n--
				rt.cut(int(h.Start), int(h.Next))
			}
			off = end
		}
	}
	return rt
}

func (rt *routes) cut(start, end int) {
	rt.spans[rt.n] = [2]int{start, end}
	rt.n++
}

// readOurs tells whether a URI names one of our listeners and reads the call in it.
func (w *worker) readOurs(uri []byte, rt *routes) bool {
	u, err := sipwire.ParseURI(uri)
	if err != nil || !w.e.isOurs(uri, &u) {
		return false
	}
	if v, err := sipwire.OneParam(u.Params, "tj"); err == nil && len(v) == 13 {
		if id, err := tsujiban.ParseCallID(v); err == nil {
			rt.call = id
		}
	} else if v, err := sipwire.OneParam(u.Params, "ph"); err == nil && len(v) == 14 {
		hi, ok1 := parse32(v[:7])
		lo, ok2 := parse32(v[7:])
		if ok1 && ok2 {
			rt.phone = uint64(hi)<<32 | uint64(lo)
		}
	}
	return true
}

// isOurs tells whether host and port of a URI are those that a listener advertises; host names in
// any case (RFC 3261 §19.1.4), a missing port is the transport's own.
func (e *Edge) isOurs(uri []byte, u *sipwire.URI) bool {
	start, end := u.HostSpan()
	for _, l := range e.listeners {
		if bytes.Equal(uri[start:end], l.host) || bytes.EqualFold(uri[start:end], l.host) {
			return true
		}
		if u.Port == 0 && l.bare != nil && bytes.EqualFold(u.Host, l.bare) {
			return true
		}
	}
	return false
}

// Which of the proxies that recorded themselves are meant: all, those that a response passed before
// the guard (the callee's side), or those behind it.
type routeSide uint8

const (
	allRoutes routeSide = iota
	calleeRoutes
)

// appendRoutes collects Record-Route values into a Route value. With calleeRoutes only those before the
// guard's own of this call; a call that passes the guard twice carries the guard's own of the other pass
// as well, and those stay. reversed turns their order round (RFC 3261 §12.1.2).
func (w *worker) appendRoutes(dst []byte, m *sipwire.Message, id tsujiban.CallID, side routeSide, reversed bool) []byte {
	var vals [maxRoutes][]byte
	n := 0
collect:
	for h := m.First(sipwire.RecordRoute); h != nil; h = m.Next(h) {
		for val := m.Value(h); len(val) > 0 && n < len(vals); {
			a, err := sipwire.ParseAddress(val)
			if err != nil {
				break
			}
			var rt routes
			if side == calleeRoutes && w.readOurs(a.URI, &rt) && (id == 0 || rt.call == id) {
				break collect
			}
			vals[n] = bytes.TrimSpace(val[:a.Len])
			n++
			if !a.More {
				break
			}
			val = val[a.Len+1:]
		}
	}
	for i := range n {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if reversed {
			dst = append(dst, vals[n-1-i]...)
		} else {
			dst = append(dst, vals[i]...)
		}
	}
	return dst
}

// maxRoutes bounds the proxies of one side.
const maxRoutes = 32
