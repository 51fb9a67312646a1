package simulate

import (
	"math"
	"strings"
)

// market is what all customers and thieves of one world have in common: prices, networks and devices. It is drawn
// from the seed alone.
type market struct {
	*atlas
	prices   []price // by place
	maker    int     // the maker of PBXs that most firms have, and that a campaign is aimed at
	share    float64 // of the firms that have it
	home     []int   // networks of providers at home, for firms and homes
	roaming  []int   // of mobile operators
	foreign  []int   // abroad: homes, hotels, hosting
	premium  []priced
	navi     []priced
	space    []priced // satellites and networks that are no country's
	mobileJP float64
}

// price is what a place costs in this world.
type price struct {
	yen, mobile float64
	increment   int
	dear        []priced // dearer ranges within: special services, small networks
}

// priced is a form of numbers, its price and how it is named in a deck.
type priced struct {
	form      string
	name      string
	yen       float64
	increment int
	setup     float64
}

func newMarket(a *atlas, seed uint64) *market {
	d := newDice(seed, forMarket, 0)
	m := &market{atlas: a, maker: d.IntN(closedMakers), share: d.in(span{0.32, 0.5})}
	nets := d.Perm(networks)
	m.home, m.roaming, m.foreign = nets[:34], nets[34:40], nets[40:]
	for i := range a.places {
		m.prices = append(m.prices, newPrice(d, &a.places[i]))
	}
	m.mobileJP = math.Round(d.in(span{16, 20}))
	for _, f := range []string{"09905xxxxx", "09903xxxxx", "09906xxxxx", "09902xxxxx"} {
		m.premium = append(m.premium, priced{f, "premium", math.Round(d.in(span{100, 300})), pick(d, []int{6, 30, 60}), 0})
	}
	for _, f := range []string{"0570xxxxxx", "05700xxxxx", "05703xxxxx", "05706xxxxx"} {
		m.navi = append(m.navi, priced{f, "navi-dial", math.Round(d.in(span{9, 30})), pick(d, []int{20, 60, 180}), 0})
	}
	for _, s := range []struct {
		form, name string
		yen        span
	}{
		{"870773xxxxxx", "Inmarsat", span{500, 900}}, {"870776xxxxxx", "Inmarsat", span{500, 900}}, {"87078xxxxxxx", "Inmarsat", span{600, 1200}},
		{"88162xxxxxxx", "Iridium", span{600, 1200}}, {"88163xxxxxxx", "Iridium", span{600, 1200}}, {"88171xxxxxxx", "Iridium", span{600, 1200}},
		{"8818xxxxxxxx", "Globalstar", span{500, 900}}, {"8821621xxxxxx", "Thuraya", span{500, 800}}, {"882133xxxxxxx", "EMSAT", span{500, 800}},
		{"88213xxxxxxx", "EMSAT", span{500, 800}}, {"883120xxxxxxx", "network 883", span{500, 700}}, {"882342xxxxxxx", "network 882", span{500, 900}},
		{"88235xxxxxxx", "network 882", span{500, 900}},
	} {
		m.space = append(m.space, priced{s.form, s.name, math.Round(d.in(s.yen)), pick(d, []int{6, 30, 60}), 0})
	}
	return m
}

func newPrice(d dice, p *place) price {
	v := price{yen: math.Round(d.in(p.yen)), increment: pick(d, p.increments)}
	v.mobile = max(v.yen, math.Round(d.in(p.yenMobile)))
	forms := p.mobile
	if len(forms) == 0 {
		forms = p.fixed
	}
	for range d.between(1, 3) {
		f := []byte(pick(d, forms))
		x := strings.IndexByte(string(f), 'x')
		for i := range d.between(1, 2) {
			if x+i < len(f)-2 {
				f[x+i] = '0' + byte(d.IntN(10))
			}
		}
		yen := math.Round(min(v.mobile*d.in(span{1.1, 2})+d.in(span{0, 15}), max(v.mobile, 390)))
		v.dear = append(v.dear, priced{string(f), p.name + " special", yen, pick(d, p.increments), 0})
	}
	for _, f := range p.premium {
		yen := math.Round(max(v.mobile, d.in(span{80, 400})))
		v.dear = append(v.dear, priced{f, p.name + " premium", yen, pick(d, p.increments), 0})
	}
	return v
}

// premiumForms lists the premium and personal numbers of a place.
func (m *market) premiumForms(p *place) []string { return p.premium }

// specialForms lists the dear ranges of a place that are not premium numbers.
func (m *market) specialForms(p *place) []string {
	var out []string
	for _, r := range m.prices[p.index].dear {
		if !strings.HasSuffix(r.name, "premium") {
			out = append(out, r.form)
		}
	}
	return out
}
