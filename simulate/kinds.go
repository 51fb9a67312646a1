package simulate

import "time"

// traits are the ranges from which an honest customer of a kind draws its habits. Calls are per full working day.
type traits struct {
	name   string
	weight float64  // how common the kind is
	nouns  []string // second half of its name

	out, in       span // calls a day
	open, shut    span // hours; beyond 24 is the morning after
	lunch, late   span // weight of the lunch hour; share of the calls outside the hours
	round         span // share of the calls spread over day and night
	saturday      span // traffic of a Saturday beside a working day's
	sunday, feast span // of a Sunday; of a holiday
	rest          []time.Weekday
	resting       float64 // chance to be closed on one of these days

	barred                 float64 // chance that international calls are not switched on
	anyAbroad              float64 // chance to have partners abroad at all
	abroad                 span    // share of the calls out that go there
	pool                   string
	countries              span // how many places it deals with
	partners               span // numbers in each
	freshAbroad, odd       span // share of new numbers there; share of calls there at any hour of theirs
	awayIn                 span // share of the calls in that come from abroad
	book, fresh, again     span // regular contacts at home; shares of new numbers and of recent ones again
	mobile, navi           span // shares of the calls at home
	answer, pickup         span // answered by others; by the firm
	talk, sigma            span // median seconds and spread
	talkAbroad             span // median seconds abroad
	redial, ringback       span // chance to try an unanswered number again; to ring back who was missed
	known, withheld        span // shares of the calls in
	twoSites, moves, roams float64
	guests                 span // a day that arrive and use the telephone
	fax                    bool
	conference             float64 // chance of a daily conference with the head office
	oncall                 span    // calls a night that are passed on to somebody at home
	ships                  span    // calls a day to ships
}

// office is the plainest kind; the others say what is different with them.
var office = traits{
	name: "office", weight: 22, nouns: []string{"Jimusho", "Kikaku", "Sekkei", "Keiri", "Denki", "Kogyo"},
	out: span{12, 70}, in: span{12, 60}, open: span{8, 10}, shut: span{17, 19}, lunch: span{0.3, 0.7}, late: span{0.005, 0.06}, round: span{0, 0.01},
	saturday: span{0, 0.2}, sunday: span{0, 0.04}, feast: span{0, 0.06},
	barred: 0.15, anyAbroad: 0.45, abroad: span{0.003, 0.06}, pool: "trade", countries: span{1, 4}, partners: span{1, 6},
	freshAbroad: span{0.02, 0.12}, odd: span{0.02, 0.2}, awayIn: span{0, 0.02},
	book: span{40, 300}, fresh: span{0.05, 0.22}, again: span{0.08, 0.3}, mobile: span{0.2, 0.5}, navi: span{0, 0.012},
	answer: span{0.58, 0.82}, pickup: span{0.82, 0.97}, talk: span{50, 140}, sigma: span{0.85, 1.3}, talkAbroad: span{80, 420},
	redial: span{0.25, 0.65}, ringback: span{0.2, 0.7}, known: span{0.4, 0.8}, withheld: span{0.01, 0.08},
	twoSites: 0.12, moves: 0.15, roams: 0.15,
}

// honestKinds are all kinds, the common ones first.
var honestKinds = []traits{
	office,
	kind("shop", 12, "Shoten", "Seika", "Bunguten", "Katen", "Shokudo").with(func(t *traits) {
		t.out, t.in, t.open, t.shut, t.lunch = span{3, 18}, span{5, 35}, span{9, 11}, span{18, 21}, span{0.7, 1}
		t.saturday, t.sunday, t.feast = span{0.8, 1.4}, span{0.5, 1.3}, span{0.5, 1.3}
		t.rest, t.resting = []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Sunday}, 0.7
		t.barred, t.anyAbroad, t.abroad, t.countries, t.book = 0.4, 0.12, span{0.005, 0.05}, span{1, 2}, span{10, 70}
		t.fresh, t.twoSites, t.roams = span{0.1, 0.35}, 0.04, 0.05
	}),
	kind("domestic-firm", 12, "Kensetsu", "Unso", "Insatsu", "Hoken", "Sangyo", "Suisan").with(func(t *traits) {
		t.out, t.in, t.anyAbroad, t.barred = span{15, 110}, span{12, 90}, 0, 0.35
		t.saturday, t.mobile, t.awayIn = span{0, 0.7}, span{0.3, 0.65}, span{0, 0.002}
	}),
	kind("clinic", 8, "Clinic", "Shika", "Iin", "Ganka").with(func(t *traits) {
		t.out, t.in, t.open, t.shut, t.lunch = span{8, 45}, span{35, 160}, span{8, 9.5}, span{17.5, 20}, span{0.15, 0.5}
		t.saturday, t.sunday, t.feast = span{0.35, 0.8}, span{0, 0.05}, span{0, 0.05}
		t.rest, t.resting = []time.Weekday{time.Wednesday, time.Thursday}, 0.75
		t.barred, t.anyAbroad, t.book, t.fresh, t.mobile = 0.4, 0.05, span{30, 150}, span{0.3, 0.65}, span{0.4, 0.7}
		t.talk, t.known, t.answer = span{35, 90}, span{0.1, 0.4}, span{0.45, 0.7}
	}),
	kind("trader", 7, "Boeki", "Trading", "Shoji", "Yushutsu").with(func(t *traits) {
		t.out, t.in, t.barred, t.anyAbroad, t.abroad = span{20, 100}, span{12, 70}, 0, 1, span{0.15, 0.6}
		t.pool, t.countries, t.partners, t.freshAbroad = "wide", span{6, 28}, span{1, 12}, span{0.04, 0.22}
		t.odd, t.late, t.awayIn, t.roams = span{0.05, 0.3}, span{0.03, 0.15}, span{0.04, 0.3}, 0.35
	}),
	kind("real-estate", 6, "Fudosan", "Jutaku", "Housing", "Tochi").with(func(t *traits) {
		t.out, t.in, t.open, t.shut = span{30, 150}, span{20, 90}, span{9, 10}, span{18, 20}
		t.saturday, t.sunday, t.feast = span{0.8, 1.3}, span{0.7, 1.3}, span{0.6, 1.2}
		t.rest, t.resting = []time.Weekday{time.Wednesday, time.Tuesday}, 0.9
		t.barred, t.anyAbroad, t.fresh, t.mobile = 0.25, 0.12, span{0.45, 0.85}, span{0.45, 0.75}
		t.answer, t.talk, t.redial = span{0.35, 0.6}, span{35, 100}, span{0.3, 0.6}
	}),
	kind("hotel", 5, "Hotel", "Ryokan", "Inn", "Resort").with(func(t *traits) {
		t.out, t.in, t.open, t.shut, t.lunch = span{15, 80}, span{40, 180}, span{7, 9}, span{21, 23}, span{0.8, 1}
		t.round, t.saturday, t.sunday, t.feast = span{0.05, 0.2}, span{0.9, 1.4}, span{0.8, 1.2}, span{0.9, 1.5}
		t.barred, t.anyAbroad, t.abroad, t.pool, t.countries = 0, 0.8, span{0.01, 0.06}, "guests", span{1, 6}
		t.guests, t.awayIn, t.fresh, t.known = span{0.3, 9}, span{0.02, 0.12}, span{0.2, 0.5}, span{0.15, 0.4}
	}),
	kind("night-business", 5, "Izakaya", "Bar", "Taxi", "Club", "Delivery").with(func(t *traits) {
		t.out, t.in, t.open, t.shut, t.lunch = span{5, 45}, span{10, 90}, span{15, 19}, span{25, 29}, span{1, 1}
		t.saturday, t.sunday, t.feast = span{0.9, 1.6}, span{0.3, 1.1}, span{0.7, 1.3}
		t.rest, t.resting = []time.Weekday{time.Sunday, time.Monday}, 0.7
		t.barred, t.anyAbroad, t.abroad, t.pool, t.book = 0.25, 0.3, span{0.01, 0.1}, "homes", span{15, 90}
		t.mobile, t.talk, t.odd, t.navi = span{0.5, 0.85}, span{30, 90}, span{0.2, 0.7}, span{0, 0.03}
	}),
	kind("travel-agency", 4, "Tabi", "Kanko", "Travel", "Tours").with(func(t *traits) {
		t.out, t.in, t.barred, t.anyAbroad, t.abroad = span{20, 90}, span{25, 110}, 0, 1, span{0.06, 0.35}
		t.pool, t.countries, t.partners, t.freshAbroad = "travel", span{8, 35}, span{1, 10}, span{0.15, 0.55}
		t.saturday, t.sunday, t.feast, t.odd = span{0.3, 1}, span{0, 0.9}, span{0.1, 0.8}, span{0.1, 0.4}
		t.fresh, t.awayIn, t.redial = span{0.3, 0.6}, span{0.02, 0.12}, span{0.4, 0.8}
	}),
	kind("shipping-agent", 4, "Kaiun", "Senpaku", "Lines", "Shipping").with(func(t *traits) {
		t.out, t.in, t.barred, t.anyAbroad, t.abroad = span{25, 100}, span{20, 80}, 0, 1, span{0.25, 0.65}
		t.pool, t.countries, t.partners, t.freshAbroad = "shipping", span{5, 18}, span{1, 8}, span{0.05, 0.25}
		t.open, t.shut, t.late, t.round = span{7, 9}, span{18, 22}, span{0.08, 0.25}, span{0.02, 0.15}
		t.saturday, t.sunday, t.feast, t.odd = span{0.15, 0.6}, span{0.05, 0.4}, span{0.1, 0.6}, span{0.15, 0.5}
		t.ships, t.awayIn, t.talkAbroad = span{0, 1.5}, span{0.08, 0.35}, span{60, 260}
	}),
	kind("support-desk", 4, "Support", "Hoshu", "Helpdesk", "Kanri").with(func(t *traits) {
		t.out, t.in, t.open, t.shut, t.lunch = span{15, 120}, span{60, 450}, span{8, 9}, span{20, 22}, span{0.9, 1}
		t.round, t.saturday, t.sunday, t.feast = span{0.2, 0.5}, span{0.5, 1}, span{0.4, 1}, span{0.5, 1}
		t.anyAbroad, t.abroad, t.countries, t.odd = 0.35, span{0.005, 0.1}, span{1, 3}, span{0.3, 0.8}
		t.talk, t.fresh, t.known = span{90, 280}, span{0.3, 0.7}, span{0.2, 0.5}
	}),
	kind("subsidiary", 4, "Japan", "Nippon", "Asia-Pacific").with(func(t *traits) {
		t.out, t.in, t.barred, t.anyAbroad, t.abroad = span{15, 70}, span{10, 50}, 0, 1, span{0.1, 0.4}
		t.pool, t.countries, t.partners, t.freshAbroad = "head", span{1, 4}, span{3, 25}, span{0.03, 0.15}
		t.conference, t.late, t.odd, t.awayIn = 0.85, span{0.05, 0.2}, span{0.05, 0.3}, span{0.1, 0.4}
		t.talkAbroad, t.roams, t.feast = span{180, 900}, 0.4, span{0, 0.5}
	}),
	kind("fax-broadcast", 3, "Tsushin", "Joho", "Data", "Bussan").with(func(t *traits) {
		t.out, t.in, t.fax, t.anyAbroad = span{5, 40}, span{5, 40}, true, 0.25
	}),
	kind("on-call-doctors", 3, "Kyukyu", "Homon Shinryo", "Kango", "Byoin").with(func(t *traits) {
		t.out, t.in, t.open, t.shut = span{10, 50}, span{20, 120}, span{8, 9}, span{17, 19}
		t.saturday, t.sunday, t.feast = span{0.4, 0.9}, span{0.15, 0.6}, span{0.2, 0.6}
		t.barred, t.anyAbroad, t.oncall, t.mobile, t.fresh = 0.4, 0.05, span{0.4, 5}, span{0.5, 0.8}, span{0.15, 0.4}
		t.round, t.redial = span{0.02, 0.12}, span{0.6, 0.95}
	}),
	kind("call-centre", 2, "Contact", "Callcenter", "Telemarketing").with(func(t *traits) {
		t.out, t.in, t.open, t.shut, t.lunch = span{250, 1800}, span{20, 200}, span{9, 10}, span{18, 21}, span{0.6, 1}
		t.saturday, t.sunday, t.feast = span{0.1, 0.9}, span{0, 0.7}, span{0.1, 0.8}
		t.anyAbroad, t.abroad, t.countries, t.partners, t.freshAbroad = 0.7, span{0.002, 0.05}, span{1, 2}, span{2, 30}, span{0.1, 0.7}
		t.fresh, t.again, t.mobile, t.answer = span{0.8, 0.98}, span{0.01, 0.1}, span{0.3, 0.8}, span{0.22, 0.5}
		t.talk, t.redial, t.known, t.moves = span{20, 80}, span{0.05, 0.4}, span{0.02, 0.2}, 0.05
	}),
}

func kind(name string, weight float64, nouns ...string) traits {
	t := office
	t.name, t.weight, t.nouns = name, weight, nouns
	return t
}

func (t traits) with(change func(*traits)) traits {
	change(&t)
	return t
}

// HonestKinds are the names of all kinds of honest customers. Newcomers, who open in the middle of the trace, are of any kind.
func HonestKinds() []string {
	out := make([]string, len(honestKinds))
	for i := range honestKinds {
		out[i] = honestKinds[i].name
	}
	return out
}
