package simulate

import (
	_ "embed" // the places
	"fmt"
	"strconv"
	"strings"
	"sync"
)

//go:embed places.txt
var placesText string

// place is a country or an island as the rate deck knows it.
type place struct {
	index                  int
	iso, name              string
	codes                  []string // prefixes in the rate deck
	utc                    float64  // hours before UTC
	yen, yenMobile         span     // a minute
	increments             []int    // seconds
	fixed, mobile, premium []string // forms of numbers: E.164 digits, x is any digit
	listed                 bool     // on the operator's list of 2015 (INCIDENTS §1)
}

// atlas is all places, in the order of the file.
type atlas struct {
	places []place
	byISO  map[string]*place
}

// world of places, read once.
var loadAtlas = sync.OnceValues(readAtlas)

// listed are the country codes that an operator's notice of August 2015 named (INCIDENTS §1).
var listed = []string{
	"53", "212", "220", "224", "228", "231", "232", "242", "243", "245", "247", "252", "257", "269", "355", "370", "371",
	"372", "375", "377", "381", "382", "387", "670", "677",
}

func readAtlas() (*atlas, error) {
	a := &atlas{byISO: map[string]*place{}}
	for i, line := range strings.Split(placesText, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		p, err := readPlace(line)
		if err != nil {
			return nil, fmt.Errorf("simulate: places.txt line %d: %w", i+1, err)
		}
		p.index = len(a.places)
		a.places = append(a.places, p)
	}
	for i := range a.places {
		a.byISO[a.places[i].iso] = &a.places[i]
	}
	return a, nil
}

func readPlace(line string) (p place, err error) {
	f := strings.Split(line, "\t")
	if len(f) != 10 {
		return p, fmt.Errorf("%d columns, want 10", len(f))
	}
	p.iso, p.codes, p.name = f[0], strings.Split(f[1], ","), f[2]
	if p.utc, err = strconv.ParseFloat(f[3], 64); err != nil {
		return p, err
	}
	if p.yen, err = readSpan(f[4]); err != nil {
		return p, err
	}
	if p.yenMobile, err = readSpan(f[5]); err != nil {
		return p, err
	}
	for s := range strings.SplitSeq(f[6], ",") {
		n, err := strconv.Atoi(s)
		if err != nil {
			return p, err
		}
		p.increments = append(p.increments, n)
	}
	for i, list := range []*[]string{&p.fixed, &p.mobile, &p.premium} {
		if f[7+i] != "-" {
			*list = strings.Split(f[7+i], ",")
		}
	}
	if len(p.fixed) == 0 {
		return p, fmt.Errorf("%s has no numbers", p.iso)
	}
	for _, code := range listed {
		p.listed = p.listed || p.codes[0] == code
	}
	return p, nil
}

func readSpan(s string) (span, error) {
	lo, hi, _ := strings.Cut(s, "-")
	l, err := strconv.ParseFloat(lo, 64)
	if err != nil {
		return span{}, err
	}
	h, err := strconv.ParseFloat(hi, 64)
	return span{l, h}, err
}

// pools say with whom firms of a kind deal: places with weights. They are the shape of Japan's trade, travel and shipping, not
// figures from a table.
var pools = map[string]string{
	"trade": "CN30 US18 KR14 TW14 HK9 SG8 TH9 VN7 ID6 PH5 IN5 MY5 DE6 GB5 FR3 IT3 AU3 NL2 CH1 BR1 MX1 CA2 AE1 ES1 BE1 SE1 TR1 RU1 PL1 ZA1 NZ1 SA1 BD1 LK1 KH1 MM1",
	"wide": "CN16 US12 KR8 TW8 HK5 SG5 TH6 VN6 ID6 PH5 IN6 MY5 DE5 GB4 FR3 IT4 AU3 NL2 BR3 MX2 CA2 AE4 ES2 TR3 RU2 PL2 ZA3 NZ1 SA3 BD3 LK2 KH2 MM2 PK3 EG2 " +
		"KE2 NG2 GH1 TZ1 UG1 MA1 CI1 PE1 CL1 AR1 CO1 KZ1 UZ1 MN1 LV1 LT1 EE1 RS1 BG1 RO2 HU1 CZ1 GR1 PT1 JO1 OM1 QA1 KW1 BH1 IR1 GN1 SN1 PG1 FJ1",
	"shipping": "SG10 HK8 CN10 KR8 PA6 LR6 GR6 NL4 AE5 EG4 PH6 ID4 IN4 LV4 EE3 LT2 TG3 SO2 AL2 DJ2 NG3 GH2 MH3 MT3 CY3 MM2 BD2 TL1 SB1 PG2 GM1 GN1 SL1 MA2 KE2 TZ1 MG1 MU1 BS1 UA2 HR1 ME1 CI1 CG1 ZA2 AC1 VU1",
	"travel": "US12 TW9 KR9 TH9 HK6 CN5 SG6 ID7 PH5 VN6 FR6 IT6 ES5 GB5 DE4 AU6 NZ3 GU5 MP2 FJ2 MV3 TR3 EG2 MA2 GR2 CH3 AT2 HR2 FI2 IS1 CA4 MX2 PE2 KH3 LK2 NP1 MN1 KE1 ZA1 " +
		"TZ1 MU1 PF1 NC1 PW2 CU1 JO1 AE3 IN3 PT1 CZ2 HU1 LV1 EE1 LT1 UZ1 BT1",
	"guests": "US12 CN14 TW12 KR12 HK6 TH6 SG4 AU6 GB5 FR4 DE4 CA3 MY3 ID3 PH4 VN3 IT2 ES2 IN3 RU1 IL1 BR1 MX1 NL1 CH1 SE1 PL1 TR1 NZ1 AE1 SA1 ZA1 UA1 RO1 RS1 AR1 CL1 MN1 NP1 EG1 NG1 KZ1 LT1 LV1 EE1 AL1 BA1 MA1 " +
		"GE1 AM1 GH1 CU1 KE1",
	"head":  "US30 DE12 FR8 GB9 CH6 NL5 SE4 CN8 KR7 TW5 SG4 IN4 IT3 DK2 FI2 BE1 AU1 IL1 HK2",
	"homes": "PH14 BR12 CN12 VN10 KR6 PE5 NP6 TH5 ID5 TW4 US5 MM4 LK3 BD3 PK3 IN3 NG2 GH2 CO1 BO1 MN1 KH1 UZ1 RU1 IR1 FR1 GB1 CM1 SN1 ET1",
}

// choice is a pool that can be drawn from.
type choice struct {
	places  []*place
	weights []float64
}

func (a *atlas) pool(name string) choice {
	var c choice
	for f := range strings.FieldsSeq(pools[name]) {
		w, err := strconv.ParseFloat(f[2:], 64)
		if p := a.byISO[f[:2]]; p != nil && err == nil {
			c.places = append(c.places, p)
			c.weights = append(c.weights, w)
		}
	}
	return c
}

func (c choice) draw(d dice) *place { return c.places[d.weighted(c.weights)] }
