package demo

import (
	"fmt"
	"math/rand/v2"

	"tsujiban"
)

// firm is a customer of the demo.
type firm struct {
	id     tsujiban.CustomerID
	ja, en string
	number string // as it shows itself
	agent  string // its PBX's User-Agent
	perDay float64
	abroad []string // where it calls abroad, as E.164 prefixes; empty: nowhere
	share  float64  // of its calls that go abroad
}

func firms() []firm {
	return []firm{
		{"hakata-shokai", "博多商会", "Hakata Trading", "0925551201", "Hakata PBX 16.4", 30, []string{"8862", "822"}, 0.08},
		{"sumida-press", "墨田印刷", "Sumida Press", "0355501202", "PhoneBox 9.1", 45, nil, 0},
		{"aoba-clinic", "青葉クリニック", "Aoba Clinic", "0225551203", "MediTel 3.0", 60, nil, 0},
		{"naniwa-parts", "浪速部品", "Naniwa Parts", "0665551204", "Hakata PBX 16.4", 35, []string{"8621", "8428", "4989"}, 0.15},
		{"yokohama-lines", "横浜海運", "Yokohama Lines", "0455551205", "PhoneBox 9.2", 50, []string{"656", "8522", "4420", "1310"}, 0.4},
		{"kanda-law", "神田法律事務所", "Kanda Law Office", "0352501206", "OfficeTel 7", 25, []string{"1212"}, 0.05},
		{"sapporo-seeds", "札幌種苗", "Sapporo Seeds", "0115551207", "PhoneBox 8.8", 20, nil, 0},
		{"kyo-ryokan", "京の宿", "Kyo Ryokan", "0755551208", "OfficeTel 7", 40, []string{"1415", "4420", "8862", "822"}, 0.2},
		{"nagoya-tools", "名古屋工具", "Nagoya Tools", "0525551209", "Hakata PBX 16.2", 35, []string{"4971"}, 0.04},
		{"hiroshima-fax", "広島ファクス", "Hiroshima Fax", "0825551210", "FaxServer 4", 90, nil, 0},
		{"naha-dive", "那覇ダイブ", "Naha Dive", "0985551211", "PhoneBox 9.1", 18, []string{"8862", "822"}, 0.25},
		{"kobe-support", "神戸サポート", "Kobe Support Desk", "0785551212", "CallDesk 12", 110, nil, 0},
	}
}

func (f *firm) name(l tsujiban.Lang) string {
	if l == tsujiban.English {
		return f.en
	}
	return f.ja
}

// e164 is the firm's number as customers are told to write it.
func (f *firm) e164() string { return "+81" + f.number[1:] }

// dial draws the next number that the firm dials: partners that it calls again and again.
func (f *firm) dial(r *rand.Rand) string {
	partner := min(int(r.ExpFloat64()*8), 60)
	if len(f.abroad) > 0 && r.Float64() < f.share {
		// In the demo an hour passes in seconds: whom a firm calls abroad it knows well, else such haste would be strange.
		partner = min(int(r.ExpFloat64()*3), 12)
		head := f.abroad[partner%len(f.abroad)]
		return fmt.Sprintf("010%s5550%03d", head, partner)
	}
	switch r.IntN(5) {
	case 0:
		return fmt.Sprintf("0905550%04d", partner*7)
	case 1:
		return fmt.Sprintf("0505550%04d", partner*3)
	default:
		return fmt.Sprintf("03%04d%04d", 3200+partner%20, 1000+partner*11)
	}
}

// stolen is what the thief dials: neighbouring numbers of Sierra Leone.
func stolen(i int) string { return fmt.Sprintf("01023276%06d", 310200+i%7) }
