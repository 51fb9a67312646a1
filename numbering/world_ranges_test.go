package numbering

import (
	"slices"

	"github.com/nyaruka/phonenumbers"
	"tsujiban"
)

// How many digits after the country code are looked at: enough to tell mobile from
// fixed nearly everywhere. Premium numbers are followed two digits further.
const (
	rangeDepth   = 4
	premiumDepth = 6
	sharedDepth  = 5 // where countries share a code
	areaDepth    = 3 // North America: area codes,
	islandDepth  = 5 // and on the islands two digits more
)

// label is who has a range and what it is for; the zero label is a range of nobody.
type label struct {
	iso   string
	class tsujiban.Class
}

// kind is one pattern of one country, run as far as the digits so far.
type kind struct {
	label
	pattern *automaton
	at      states
}

// tree says which digits lead to which label.
type tree struct {
	leaf  bool
	label label
	kids  [10]*tree
}

func rangesOf(cc int, regions []region) *tree {
	var kinds []kind
	for _, r := range regions {
		m := r.meta
		for _, k := range []struct {
			class tsujiban.Class
			desc  *phonenumbers.PhoneNumberDesc
		}{
			{tsujiban.ClassFixed, m.GetFixedLine()},
			{tsujiban.ClassMobile, m.GetMobile()},
			{tsujiban.ClassFreephone, m.GetTollFree()},
			{tsujiban.ClassPremium, m.GetPremiumRate()},
			{tsujiban.ClassSharedCost, m.GetSharedCost()},
			{tsujiban.ClassPersonal, m.GetPersonalNumber()},
			{tsujiban.ClassIPPhone, m.GetVoip()},
			{tsujiban.ClassPager, m.GetPager()},
			{tsujiban.ClassSharedCost, m.GetUan()},
		} {
			pattern := k.desc.GetNationalNumberPattern()
			if pattern == "" || pattern == "NA" || cc == 1 && k.desc == m.GetUan() {
				continue
			}
			a := newAutomaton(pattern)
			kinds = append(kinds, kind{label{r.iso, k.class}, a, a.start})
		}
	}
	t := grow(cc, regions[0].iso, kinds, 0)
	if regions[0].meta.GetNationalPrefix() == "0" && !t.leaf {
		t.kids[0] = &tree{leaf: true} // carrier services, dialled at home only
	}
	t.shrink(cc, 0)
	return t
}

// grow follows the patterns until all that is left is of one label, or to the depth
// where the larger part decides.
func grow(cc int, main string, kinds []kind, depth int) *tree {
	l, same := decide(cc, main, kinds, depth)
	if same || depth >= depthOf(cc, kinds) {
		return &tree{leaf: true, label: l}
	}
	t := new(tree)
	for d := range t.kids {
		var next []kind
		for _, k := range kinds {
			if at := k.pattern.step(k.at, rune('0'+d)); len(at) > 0 {
				next = append(next, kind{k.label, k.pattern, at})
			}
		}
		t.kids[d] = grow(cc, main, next, depth+1)
	}
	return t
}

func depthOf(cc int, kinds []kind) int {
	switch {
	case cc == 1:
		for _, k := range kinds {
			if k.iso == "US" || k.iso == "CA" || k.iso != kinds[0].iso {
				return areaDepth
			}
		}
		return islandDepth
	case slices.ContainsFunc(kinds, func(k kind) bool { return k.class == tsujiban.ClassPremium }):
		return premiumDepth
	case slices.ContainsFunc(kinds, func(k kind) bool { return k.iso != kinds[0].iso }):
		return sharedDepth
	}
	return rangeDepth
}

// decide returns the label of the larger part of what may follow, and whether that is all.
func decide(cc int, main string, kinds []kind, depth int) (label, bool) {
	sizes := make(map[label]float64)
	var isos []string
	for _, k := range kinds {
		if !slices.Contains(isos, k.iso) {
			isos = append(isos, k.iso)
		}
	}
	for _, k := range kinds {
		l := k.label
		switch {
		case cc == 1 && len(isos) > 2 && depth == areaDepth:
			l.iso = "--" // one code for all of North America: 800, 900
		case slices.Contains(isos, main):
			// A range that several countries' patterns match belongs to the country that
			// the code is named after, unless all of it is another's.
			if k.iso != main && slices.ContainsFunc(kinds, func(o kind) bool { return o.iso == main && o.class == k.class }) {
				continue
			}
		}
		sizes[l] += k.pattern.size(k.at, 13-depth)
	}
	var best label
	for l, n := range sizes {
		if n > sizes[best] || n == sizes[best] && (l.class < best.class || l.class == best.class && l.iso < best.iso) {
			best = l
		}
	}
	return best, len(sizes) == 0 || len(sizes) == 1 && depth > 0 && len(isos) == 1
}

// shrink gives the ranges of nobody to their neighbours where these are all alike:
// the table tells what kind of number it is, not whether somebody has it.
//
// In North America it does tell that, by area code.
func (t *tree) shrink(cc, depth int) {
	if t.leaf {
		return
	}
	var l label
	same := true
	for _, k := range t.kids {
		k.shrink(cc, depth+1)
		switch {
		case !k.leaf:
			same = false
		case k.label == label{}:
		case l == label{}:
			l = k.label
		case l != k.label:
			same = false
		}
	}
	if same && (cc != 1 || depth >= areaDepth) {
		*t = tree{leaf: true, label: l}
	}
}

// walk calls f for each range that somebody has.
func (t *tree) walk(prefix string, f func(prefix string, l label)) {
	if t.leaf {
		if t.label != (label{}) {
			f(prefix, t.label)
		}
		return
	}
	for d, k := range t.kids {
		k.walk(prefix+string(rune('0'+d)), f)
	}
}
