package numbering

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"tsujiban"
)

// peerClasses says which classes of ours stand for a type of the peer.
var peerClasses = map[phonenumbers.PhoneNumberType][]tsujiban.Class{
	phonenumbers.FIXED_LINE:           {tsujiban.ClassFixed},
	phonenumbers.MOBILE:               {tsujiban.ClassMobile},
	phonenumbers.FIXED_LINE_OR_MOBILE: {tsujiban.ClassFixed, tsujiban.ClassMobile},
	phonenumbers.TOLL_FREE:            {tsujiban.ClassFreephone},
	phonenumbers.PREMIUM_RATE:         {tsujiban.ClassPremium},
	phonenumbers.SHARED_COST:          {tsujiban.ClassSharedCost},
	phonenumbers.VOIP:                 {tsujiban.ClassIPPhone, tsujiban.ClassNetwork, tsujiban.ClassSatellite},
	phonenumbers.PERSONAL_NUMBER:      {tsujiban.ClassPersonal},
	phonenumbers.PAGER:                {tsujiban.ClassPager},
	phonenumbers.UAN:                  {tsujiban.ClassSharedCost},
}

// sampleNumbers makes numbers of a region that the peer holds to be valid: its examples
// with other digits at the end.
func sampleNumbers(rnd *rand.Rand, region string, f func(e164, iso string, typ phonenumbers.PhoneNumberType)) {
	for _, typ := range slices.Sorted(maps.Keys(peerClasses)) {
		example := phonenumbers.GetExampleNumberForType(region, typ)
		if example == nil || region == "CA" && typ == phonenumbers.UAN { // seven digits: only dialled at home
			continue
		}
		e164 := phonenumbers.Format(example, phonenumbers.E164)
		for range 8 {
			b := []byte(e164)
			for i := len(b) - 1 - rnd.IntN(len(b)-4); i < len(b); i++ {
				b[i] = byte('0' + rnd.IntN(10))
			}
			n, err := phonenumbers.Parse(string(b), "ZZ")
			if err == nil && phonenumbers.IsValidNumber(n) {
				f(phonenumbers.Format(n, phonenumbers.E164), phonenumbers.GetRegionCodeForNumber(n), phonenumbers.GetNumberType(n))
			}
		}
	}
}

// TestPeerWorld compares with libphonenumber, whose metadata are where world.txt comes
// from: it finds what was lost on the way. The table looks at fewer digits, so a few
// ranges inside another are missed; the test says how many may be.
func TestPeerWorld(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	p := planOf(t, "JP")
	var asked, otherCountry, otherClass, premium, premiumMissed int
	misses := make(map[string]int)
	for _, region := range slices.Sorted(maps.Keys(phonenumbers.GetSupportedRegions())) {
		if region == "JP" {
			continue
		}
		sampleNumbers(rnd, region, func(e164, iso string, typ phonenumbers.PhoneNumberType) {
			asked++
			d, err := p.Parse([]byte(e164))
			if err != nil {
				t.Errorf("%s %s: %v", iso, e164, err)
				return
			}
			// Codes for all of North America have no country here.
			if got := d.Destination.Country(); got != iso && (got != "" || d.Destination.Code != 1) {
				otherCountry++
				misses[fmt.Sprintf("%s read as %s", iso, got)]++
			}
			right := false
			for _, c := range peerClasses[typ] {
				right = right || c == d.Destination.Class
			}
			if !right {
				otherClass++
				misses[fmt.Sprintf("%s type %d read as %s", iso, typ, d.Destination.Class)]++
			}
			if typ == phonenumbers.PREMIUM_RATE {
				premium++
				if !right {
					premiumMissed++
				}
			}
		})
	}
	t.Logf("%d numbers: %d of another country, %d of another class; %d premium, %d not seen as such",
		asked, otherCountry, otherClass, premium, premiumMissed)
	if asked < 5_000 || otherCountry*200 > asked || otherClass*50 > asked || premiumMissed*50 > premium {
		for what, n := range misses {
			if n > 3 {
				t.Logf("%4d %s", n, what)
			}
		}
		t.Error("more differences than the depth of the table explains")
	}
}

// TestPeerGlobalCodes compares the codes that belong to no country.
func TestPeerGlobalCodes(t *testing.T) {
	p := planOf(t, "JP")
	for _, cc := range []int{800, 808, 870, 878, 881, 882, 883, 979} {
		n := phonenumbers.GetExampleNumberForNonGeoEntity(cc)
		e164 := phonenumbers.Format(n, phonenumbers.E164)
		d, err := p.Parse([]byte(e164))
		if err != nil || int(d.Destination.Code) != cc || d.Destination.Class == tsujiban.ClassUndesignated {
			t.Errorf("%s: %+v %v", e164, d, err)
		}
	}
}

// japanDiffers are the ranges of Japan where libphonenumber says something else than the
// ministry's plan: why, and how the numbers begin. TestPeerJapan fails for a difference
// that is not listed, and for a line that no longer differs.
var japanDiffers = map[string]string{
	"M2M numbers are pagers there":                                                "020",
	"mobile since 2026; the peer has the first blocks, and a personal number":     "060",
	"services that the peer leaves out":                                           "0170 0180 0910",
	"behind an area code of two digits; the peer leaves out blocks nobody holds":  "0111 0114 0119 0151 0159 0171 0181 0189 0461 0469 0491 0496 0497 0498 0731 0732 0733 0831 0841 0842 0843 0844 0881 0882",
	"no area code begins like that; the peer has the whole of 094x":               "0941 0945",
	"only the area codes 08512 and 08514 begin like that; the peer has all of it": "0851",
}

// TestPeerJapan compares japan.txt, which is written by hand.
func TestPeerJapan(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	p := planOf(t, "JP")
	reasons := make(map[string]string)
	for why, prefixes := range japanDiffers {
		for _, prefix := range strings.Fields(prefixes) {
			reasons[prefix] = why
		}
	}
	differs := make(map[string]bool)
	for i := range 900 * 6 { // each three digits behind the 0, with ten and eleven digits in all
		s := fmt.Sprintf("0%d%06d", 100+i/6, rnd.IntN(1e6))
		if i%2 == 1 {
			s += strconv.Itoa(rnd.IntN(10))
		}
		if strings.HasPrefix(s, "010") {
			continue
		}
		d, err := p.Parse([]byte(s))
		n, peerErr := phonenumbers.Parse(s, "JP")
		typ := phonenumbers.UNKNOWN
		if peerErr == nil && phonenumbers.IsValidNumber(n) {
			typ = phonenumbers.GetNumberType(n)
		}
		same := false
		switch {
		case err != nil || d.Destination.Class == tsujiban.ClassUndesignated:
			same = typ == phonenumbers.UNKNOWN
		default:
			for _, c := range peerClasses[typ] {
				same = same || c == d.Destination.Class
			}
		}
		if same {
			continue
		}
		for _, prefix := range []string{s[:3], s[:4]} {
			differs[prefix] = true
		}
		if reasons[s[:3]] == "" && reasons[s[:4]] == "" {
			t.Errorf("%s is %v %v; the peer says type %d", s, d.Destination.Class, err, typ)
		}
	}
	for prefix, why := range reasons {
		if !differs[prefix] {
			t.Errorf("%s no longer differs: %s", prefix, why)
		}
	}
}
