package notify

import (
	"strconv"
	"time"

	"tsujiban/app/control"
	"tsujiban/notify/letter"
)

// How much of a digest is shown.
const (
	maxAccesses  = 30
	maxCustomers = 50
)

var refusalWords = map[string][2]string{
	"registered": {"登録", "registered"}, "unknown-source": {"知らない発信元", "unknown source"}, "garbage": {"SIPでない通信", "no SIP"}, "password": {"パスワード誤り", "wrong password"},
	"spoof": {"なりすまし", "spoofed"}, "flood": {"大量送信", "flood"},
}

// classWords are the classes that are worth a word.
var classWords = map[string][2]string{
	"premium": {"有料情報", "premium"}, "shared-cost": {"ナビダイヤル", "shared cost"}, "satellite": {"衛星電話", "satellite"}, "personal": {"個人番号", "personal numbers"},
	"network": {"国際網番号", "networks"}, "undesignated": {"未指定番号", "undesignated"}, "special": {"特番", "special"},
}

func (p *page) what(code string) string {
	if w, ok := refusalWords[code]; ok {
		return p.tr(w[0], w[1])
	}
	return letter.Foreign(code)
}

// digest is the last day of one customer.
func (p *page) digest() *letter.Letter {
	d := p.f.Day
	l := &letter.Letter{Subject: p.trf("%sのご利用のまとめ（%s 様）", "Your line on %s (%s)", p.day(d.From), letter.Foreign(d.Name))}
	if d.Quiet() {
		l.Subject = p.trf("%s: 普段どおりでした（%s 様）", "%s: nothing unusual (%s)", p.day(d.From), letter.Foreign(d.Name))
		l.Title = p.trf("%s: 普段どおりでした", "%s: nothing unusual", p.day(d.From))
		l.Parts = []letter.Part{{Text: p.trf("発信 %d件・ご利用額 %s・機器の登録 %d回。不審な点はありませんでした。", "%d calls, %s, %d registrations of devices. Nothing to look at.", d.Attempts, p.money(d.Charge), d.Registrations)}}
		return l
	}
	l.Tone = letter.Warn
	l.Title = p.trf("%sのご利用と、ご確認いただきたい点", "Your line on %s, and what to look at", p.day(d.From))
	l.Parts = append(l.Parts, letter.Part{Pairs: []letter.Pair{
		{Name: p.tr("発信", "Calls"), Value: p.trf("%d件（応答 %d件、お断り %d件、途中で切断 %d件）", "%d (answered %d, refused %d, ended by us %d)", d.Attempts, d.Answered, d.Denied, d.Cut)},
		{Name: p.tr("通話時間", "Talk"), Value: p.talk(d.TalkS)},
		{Name: p.tr("ご利用額", "Used"), Value: p.of(d.Charge, d.CapDay)},
		{Name: p.tr("今月のご利用額", "Used this month"), Value: p.of(d.Month, d.CapMonth)},
		{Name: p.tr("夜間（22時〜6時）の発信", "Calls at night (22–6)"), Value: strconv.Itoa(d.Night)},
		{Name: p.tr("機器の登録", "Registrations"), Value: strconv.Itoa(d.Registrations)},
	}})
	l.Parts = append(l.Parts, p.todo(d))
	if len(d.Abroad) > 0 {
		l.Parts = append(l.Parts, p.abroad(d))
	}
	if len(d.Refused) > 0 {
		part := letter.Part{Heading: p.tr("お断りした発信", "Refused calls")}
		for _, r := range d.Refused {
			part.List = append(part.List, p.trf("%s: %d件", "%s: %d", p.reason(r.Reason), r.Count))
		}
		l.Parts = append(l.Parts, part)
	}
	if len(d.Accesses) > 0 {
		l.Parts = append(l.Parts, letter.Part{Heading: p.tr("アクセスの記録", "Accesses"), Table: p.accesses(d.Accesses, false), After: p.left(d.More + max(len(d.Accesses)-maxAccesses, 0))})
	}
	if d.Restriction != nil {
		l.Tone = letter.Alarm
	}
	return l
}

func (p *page) left(n int) string {
	if n == 0 {
		return ""
	}
	return p.trf("ほか%d件", "and %d more", n)
}

// todo says what to do about the day.
func (p *page) todo(d *control.Day) letter.Part {
	part := letter.Part{Heading: p.tr("ご確認いただきたい点", "What to do")}
	add := func(yes bool, ja, en string, args ...any) {
		if yes {
			part.List = append(part.List, p.trf(ja, en, args...))
		}
	}
	add(d.Restriction != nil, "発信を停止しています。心当たりがあるか、お知らせください。", "Calls are stopped. Tell us whether they were yours.")
	fresh := 0
	for i := range d.Accesses {
		if a := &d.Accesses[i]; a.New && a.What == "registered" {
			fresh++
		}
	}
	add(fresh > 0, "初めての場所・機器からの登録が%d件あります。自社の機器か確かめ、違えばパスワードを変えてください。", "%d devices registered from places or with names never seen before. If they are not yours, change the passwords.", fresh)
	add(d.Strangers > 0, "お客様のネットワークからの、受け付けなかった接続が%d回あります。機器の設定誤りか、第三者の試みです。", "%d requests from your network were turned away: a device that is set up wrongly, or somebody who tries.", d.Strangers)
	add(d.Night > 0, "夜間の発信が%d件あります。夜に使わない回線なら、発信できる時間帯を決められます。", "%d calls were made at night. If nobody works then, calls can be bound to hours.", d.Night)
	unknown := 0
	for i := range d.Abroad {
		if d.Abroad[i].New {
			unknown++
		}
	}
	add(unknown > 0, "この30日間に掛けていなかった国・番号への発信があります（%d）。不要な国は規制できます。", "There were calls to %d destinations not called for 30 days. Those that are not needed can be barred.", unknown)
	add(d.Denied > 0, "お断りした発信が%d件あります。", "%d calls were refused.", d.Denied)
	return part
}

func (p *page) abroad(d *control.Day) letter.Part {
	t := &letter.Table{
		Head:  []string{p.tr("宛先", "Destination"), p.tr("発信", "Calls"), p.tr("応答", "Answered"), p.tr("お断り", "Refused"), p.tr("通話時間", "Talk"), p.tr("金額", "Amount")},
		Right: []bool{false, true, true, true, true, true},
	}
	for i := range d.Abroad[:min(len(d.Abroad), maxAccesses)] {
		a := &d.Abroad[i]
		name := a.Country
		if a.Code > 0 {
			name += " +" + strconv.Itoa(a.Code)
		}
		if w, ok := classWords[a.Class]; ok {
			name += " " + p.tr(w[0], w[1])
		}
		if a.New {
			name += p.tr("（初）", " (new)")
		}
		t.Rows = append(t.Rows, []string{name, strconv.Itoa(a.Attempts), strconv.Itoa(a.Answered), strconv.Itoa(a.Denied), p.talk(a.TalkS), p.money(a.Charge)})
	}
	return letter.Part{Heading: p.tr("国際・特殊番号", "International and special numbers"), Table: t, After: p.left(len(d.Abroad) - len(t.Rows))}
}

// accesses is the table that somebody would read out of the logs.
func (p *page) accesses(list []control.Access, all bool) *letter.Table {
	t := &letter.Table{Head: []string{p.tr("内容", "What"), p.tr("発信元", "Source"), p.tr("機器の名乗り", "Says it is"), p.tr("回数", "Count"), p.tr("時刻", "Time")}, Right: []bool{false, false, false, true, false}}
	for i := range list[:min(len(list), maxAccesses)] {
		a := &list[i]
		what := p.what(a.What)
		if a.New {
			what += p.tr("（初）", " (new)")
		}
		if all && a.Customer != "" {
			what += " " + a.Customer
		}
		when := p.clock(a.First)
		if a.Last.Sub(a.First) >= time.Minute {
			when += p.tr("〜", "–") + p.clock(a.Last)
		}
		t.Rows = append(t.Rows, []string{what, letter.Clean(a.Source), letter.Foreign(a.Agent), strconv.Itoa(a.Count), when})
	}
	return t
}

// digestAll is the last day of all customers, for the operator.
func (p *page) digestAll() *letter.Letter {
	d := p.f.All
	l := &letter.Letter{Subject: p.trf("【日報】%s %s: 要確認 %d件", "%[2]s on %[1]s: %[3]d customers to look at", p.day(d.From), p.f.Node, len(d.Customers)+d.More)}
	sum := 0
	for _, n := range d.Strangers {
		sum += n
	}
	text := p.trf("発信 %d件（お断り %d件、途中で切断 %d件）、金額 %s。受け付けなかった接続 %d回（%d か所）。", "%d calls (%d refused, %d ended by us), %s. %d requests of strangers from %d addresses were turned away.", d.Attempts, d.Denied, d.Cut, p.money(d.Charge), sum, d.Sources)
	l.Parts = append(l.Parts, letter.Part{Text: text, After: p.trf("普段どおりの契約者: %d", "Customers with nothing unusual: %d", d.Quiet)})
	if len(d.Customers) == 0 {
		l.Subject = p.trf("【日報】%s %s: 普段どおりでした", "%[2]s on %[1]s: nothing unusual", p.day(d.From), p.f.Node)
	} else {
		l.Tone = letter.Warn
		t, _ := p.firms(d.Customers)
		l.Parts = append(l.Parts, letter.Part{Heading: p.tr("確認が必要な契約者", "Customers to look at"), Table: t, After: p.left(len(d.Customers) + d.More - len(t.Rows))})
	}
	if len(d.Loudest) > 0 {
		l.Parts = append(l.Parts, letter.Part{Heading: p.tr("受け付けなかった接続（多い順）", "Turned away, most first"), Table: p.accesses(d.Loudest, true)})
	}
	if d.Dead > 0 || d.Waiting > 0 {
		l.Parts = append(l.Parts, letter.Part{Heading: p.tr("通知", "Notices"), Text: p.trf("届かなかった通知 %d件、送信待ち %d件", "%d not delivered, %d waiting", d.Dead, d.Waiting), After: p.tr("一覧（コマンド）: tsujiban notice list -state dead", "List, by the command: tsujiban notice list -state dead")})
	}
	l.Parts = append(l.Parts, p.toStaff("事案の一覧を開く", "Open the cases", "tsujiban case list", "cases"))
	return l
}
