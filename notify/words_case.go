package notify

import (
	"encoding/json"

	"tsujiban"
	"tsujiban/notify/letter"
	"tsujiban/notify/outbox"
	"tsujiban/people"
)

// FactsOf reads the facts of a notice.
func FactsOf(n *outbox.Notice) (*Facts, error) {
	f := &Facts{}
	if err := json.Unmarshal(n.Facts, f); err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeCorrupt, "the facts of notice %s cannot be read: %w", n.ID, err)
	}
	return f, nil
}

// stopped asks the customer, or says what was stopped, and asks.
func (p *page) stopped() (*letter.Letter, error) {
	l := &letter.Letter{Tone: letter.Alarm}
	// A question that staff put is one, too: nothing was stopped.
	fraud := p.f.Reason == tsujiban.ReasonFraud.String() || p.n.Kind == outbox.Question
	name := letter.Foreign(p.customer())
	switch {
	case p.n.Kind == outbox.Question:
		l.Tone = letter.Warn
		l.Subject = p.trf("【ご確認のお願い】普段と異なる発信がありました（%s 様）", "Please confirm: unusual calls from your line (%s)", name)
		l.Title = p.tr("この発信はお客様のご利用ですか", "Were these calls yours?")
	case p.n.Kind == outbox.Closing:
		l.Subject = p.trf("【重要】すべての発信を停止しました（%s 様）", "Important: all outgoing calls were stopped (%s)", name)
		l.Title = p.tr("緊急通報を除くすべての発信を停止しました", "All calls but emergency calls were stopped")
	default:
		l.Subject = p.trf("【重要】発信の一部を停止しました（%s 様）", "Important: some outgoing calls were stopped (%s)", name)
		l.Title = p.tr("発信の一部を停止しました", "Some outgoing calls were stopped")
	}
	if p.n.Staff {
		l.Subject = p.trf("【監視】%s: %s", "%s: %s", name, p.line())
		l.Title = p.trf("%s: %s", "%s: %s", name, p.line())
	}
	l.Parts = append(l.Parts, p.happened(fraud))
	if !p.n.Staff && fraud {
		part, err := p.ask()
		if err != nil {
			return nil, err
		}
		l.Parts = append(l.Parts, part, p.pbxSteps())
	}
	if p.n.Staff && len(p.f.Why) > 0 {
		l.Parts = append(l.Parts, letter.Part{Heading: p.tr("根拠", "Why"), List: p.why(), After: p.trf("重み %.1f デシバン", "weight %.1f decibans", p.f.Weight)},
			p.toCase())
	} else if p.n.Staff {
		l.Parts = append(l.Parts, p.toCase())
	}
	return l, nil
}

// happened says it in plain words.
func (p *page) happened(fraud bool) letter.Part {
	f := p.f
	text := ""
	switch {
	case p.n.Staff:
	case !fraud:
		text = p.trf("%sに、担当者がお客様の回線の発信を停止しました。", "At %s our staff stopped calls from your line.", p.at(f.At))
	case p.n.Kind == outbox.Question:
		text = p.trf("%s、お客様の回線から、普段と異なる発信がありました。第三者がPBXやルーターに入り込み、お客様になりすまして発信している場合があります。発信は止めていません。",
			"At %s there were unusual calls from your line. Somebody else may have got into your PBX or router and be calling at your expense. Nothing was stopped.", p.at(f.At))
	default:
		text = p.trf("%s、お客様の回線から、第三者によるとみられる発信がありました。被害を防ぐため、下記の発信を直ちに停止しました。それ以外の発信と着信は、これまでどおりご利用いただけます。",
			"At %s there were calls from your line that look like somebody else's. To protect you we stopped the calls named below at once. All other calls, and incoming ones, go on as before.", p.at(f.At))
		if p.n.Kind == outbox.Closing {
			text = p.trf("%s、お客様の回線から、第三者によるとみられる発信がありました。被害を防ぐため、緊急通報を除くすべての発信と着信を直ちに停止しました。",
				"At %s there were calls from your line that look like somebody else's. To protect you we stopped all calls, out and in, but emergency calls at once.", p.at(f.At))
		}
	}
	what := p.tr("停止した発信", "Stopped")
	if p.n.Kind == outbox.Question {
		what = p.tr("普段と異なる発信", "Unusual")
	}
	pairs := []letter.Pair{{Name: p.tr("契約者", "Customer"), Value: letter.Foreign(p.customer()) + " (" + f.Customer + ")"}, {Name: p.tr("日時", "When"), Value: p.at(f.At)}, {Name: what, Value: p.reach()}}
	if p.n.Staff && f.By != "" {
		pairs = append(pairs, letter.Pair{Name: p.tr("実施者", "By"), Value: p.by()})
	}
	if f.Note != "" && (p.n.Staff || !fraud) {
		pairs = append(pairs, p.note()...)
	}
	if !p.n.Staff && fraud && len(p.why()) > 0 {
		pairs = append(pairs, letter.Pair{Name: p.tr("気づいた点", "What we noticed"), Value: joined(p.why(), p.tr("、", "; "))})
	}
	return letter.Part{Text: text, Pairs: append(append(pairs, p.used()...), p.ofCase()...)}
}

func joined(parts []string, by string) string {
	out := ""
	for i, s := range parts {
		if i > 0 {
			out += by
		}
		out += s
	}
	return out
}

// ask is the question with its two answers.
func (p *page) ask() (letter.Part, error) {
	part := letter.Part{Heading: p.tr("この発信はお客様のご利用ですか", "Was this you?")}
	var a Answers
	if p.Ask != nil {
		var err error
		if a, err = p.Ask(p.n, p.f); err != nil {
			return part, err
		}
	}
	if a.Yes == "" || a.No == "" {
		part.Text = p.tr("お手数ですが、このメールへのご返信またはお電話でお知らせください。ご利用でない場合は、停止を続け、PBXの確認をお手伝いします。", "Please tell us by answering this mail or by telephone. If it was not you, the stop stays and we help with the PBX.")
		return part, nil
	}
	part.Links = []letter.Link{
		{Text: p.tr("いいえ、利用していません", "No, that was not us"), URL: a.No, Strong: true},
		{Text: p.tr("はい、当社の利用です", "Yes, that was us"), URL: a.Yes},
	}
	part.After = p.tr("ログインは不要です。開いた画面で確定するまで回答は送られません。リンクは7日間、一度だけ使えます。", "No sign-in is needed. Nothing is answered before you confirm on the page that opens. The links work once, within 7 days.")
	return part, nil
}

func (p *page) released() *letter.Letter {
	name := letter.Foreign(p.customer())
	l := &letter.Letter{Tone: letter.Good, Subject: p.trf("発信の制限を解除しました（%s 様）", "Your calls are no longer restricted (%s)", name)}
	text := p.trf("%s、お客様の回線の発信の制限を解除しました。これまでどおりご利用いただけます。", "At %s the restriction of your calls was lifted. They go on as before.", p.at(p.f.At))
	if p.n.Staff {
		l.Subject, text = p.trf("【監視】%s: 解除", "%s: released", name), ""
	}
	pairs := []letter.Pair{{Name: p.tr("契約者", "Customer"), Value: name + " (" + p.f.Customer + ")"}, {Name: p.tr("日時", "When"), Value: p.at(p.f.At)}}
	if p.n.Staff {
		pairs = append(pairs, letter.Pair{Name: p.tr("実施者", "By"), Value: p.by()})
		pairs = append(pairs, p.note()...)
	}
	l.Parts = []letter.Part{{Text: text, Pairs: append(append(pairs, p.used()...), p.ofCase()...)}}
	if !p.n.Staff {
		l.Parts = append(l.Parts, p.pbxSteps())
	} else {
		l.Parts = append(l.Parts, p.toCase())
	}
	return l
}

func (p *page) answer() string {
	if p.f.Theirs != nil && *p.f.Theirs {
		return p.tr("はい、利用しました", "yes, that was us")
	}
	return p.tr("いいえ、利用していません", "no, that was not us")
}

func (p *page) replied() *letter.Letter {
	name := letter.Foreign(p.customer())
	l := &letter.Letter{Tone: letter.Calm, Subject: p.trf("【監視】%s の回答: %s", "%s answers: %s", name, p.answer())}
	if p.f.Theirs != nil && !*p.f.Theirs {
		l.Tone = letter.Alarm
	}
	l.Parts = []letter.Part{{Pairs: append([]letter.Pair{
		{Name: p.tr("契約者", "Customer"), Value: name + " (" + p.f.Customer + ")"}, {Name: p.tr("日時", "When"), Value: p.at(p.f.At)},
		{Name: p.tr("回答", "Answer"), Value: p.answer()}, {Name: p.tr("受けた方法", "Taken down by"), Value: p.by()},
	}, append(append(p.note(), p.used()...), p.ofCase()...)...)}, p.toCase()}
	return l
}

func (p *page) spent() string {
	which := p.tr("1日", "day")
	if p.f.Cap == "month" {
		which = p.tr("1か月", "month")
	}
	if p.f.Percent >= 100 {
		return p.trf("%sの利用上限に達しました", "the limit of the %s is reached", which)
	}
	return p.trf("%sの利用上限の%d%%に達しました", "%[2]d %% of the limit of the %[1]s is used", which, p.f.Percent)
}

func (p *page) spending() *letter.Letter {
	name := letter.Foreign(p.customer())
	l := &letter.Letter{Tone: letter.Warn, Subject: p.trf("%s（%s 様）", "%[2]s: %[1]s", p.spent(), name)}
	part := letter.Part{Pairs: append([]letter.Pair{{Name: p.tr("契約者", "Customer"), Value: name + " (" + p.f.Customer + ")"}}, p.used()...)}
	if p.f.Percent >= 100 {
		l.Tone = letter.Alarm
		part.Text = p.tr("上限を超える発信はお断りしています。緊急通報と着信はご利用いただけます。", "Calls beyond the limit are refused. Emergency calls and incoming calls go on.")
	} else {
		part.Text = p.tr("このまま続くと、上限に達した時点で料金の掛かる発信をお断りします。", "Once the limit is reached, calls that cost money are refused.")
	}
	part.After = p.tr("心当たりのないご利用であれば、直ちにご連絡ください。上限の変更も承ります。", "If you do not know these calls, tell us at once. The limit can be changed, too.")
	l.Parts = []letter.Part{part}
	if p.n.Staff {
		l.Parts[0].After = ""
		l.Parts = append(l.Parts, p.toStaff("契約者を開く（上限・ご利用状況）", "Open the customer (limits, use)", "tsujiban customer show "+p.f.Customer, "customers", p.f.Customer))
	}
	return l
}

func (p *page) trouble() *letter.Letter {
	f := p.f
	what := p.trf("接続先の事業者 %s", "carrier %s", letter.Foreign(f.Note))
	if f.Part == "journal" {
		what = p.tr("記録簿（ジャーナル）", "the journal")
	}
	l := &letter.Letter{Tone: letter.Alarm, Subject: p.trf("【設備】%s: %sに異常があります", "%s: %s fails", f.Node, what)}
	text := p.tr("発信は別の事業者へ回しています。ほかになければ、発信できません。", "Calls go to another carrier; where there is none they fail.")
	if f.Part == "journal" {
		text = p.tr("記録を保存できません。設定により、緊急通報以外の発信を断っている場合があります。ディスクの空きと状態を確かめてください。", "Records cannot be kept. As configured, calls other than emergency calls may be refused. See whether the disk is full or failing.")
	}
	if f.Over {
		l.Tone, text = letter.Good, ""
		l.Subject = p.trf("【設備】%s: %sが復旧しました", "%s: %s works again", f.Node, what)
	}
	pairs := []letter.Pair{{Name: p.tr("ノード", "Node"), Value: f.Node}, {Name: p.tr("日時", "When"), Value: p.at(f.At)}}
	if f.Part == "journal" && f.Note != "" {
		pairs = append(pairs, letter.Pair{Name: p.tr("内容", "Error"), Value: letter.Foreign(f.Note)})
	}
	l.Parts = []letter.Part{{Text: text, Pairs: pairs}}
	if !f.Over {
		l.Parts = append(l.Parts, p.toStaff("システムの状態を開く", "Open the state of the system", "tsujiban status", "system"))
	}
	return l
}

func (p *page) waiting() *letter.Letter {
	l := &letter.Letter{Tone: letter.Warn, Subject: p.tr("【期限切れ】利用停止の手続き", "Overdue: a step of a suspension case")}
	if p.n.Kind == outbox.Proposal {
		l.Subject = p.tr("【承認待ち】二人目の確認が必要です", "Waiting for a second person")
	}
	if p.n.Kind == outbox.Overdue {
		l.Parts = []letter.Part{{
			Pairs: append(p.overdue(), letter.Pair{Name: p.tr("通知した日時", "Told"), Value: p.at(p.f.At)}),
		}, p.toStaff("利用停止の事案を開く", "Open the suspension case", "tsujiban suspension list", p.suspension()...)}
		return l
	}
	act := p.f.Act
	if a, ok := people.ParseAct(act); ok {
		act = a.Text(p.lang)
	}
	part := letter.Part{
		Text: p.tr("次の操作は、まだ実行されていません。別の担当者の承認を待っています。", "This was not done yet: it waits until somebody else approves it."),
		Pairs: []letter.Pair{
			{Name: p.tr("操作", "What"), Value: letter.Clean(act)}, {Name: p.tr("対象", "Of"), Value: letter.Foreign(p.f.Subject)}, {Name: p.tr("理由", "Why"), Value: letter.Foreign(p.f.Note)},
			{Name: p.tr("申請者", "By"), Value: letter.Foreign(p.f.By)}, {Name: p.tr("日時", "When"), Value: p.at(p.f.At)},
		},
	}
	if p.f.Name != "" {
		part.Pairs[1].Value = letter.Foreign(p.f.Name) + " (" + letter.Foreign(p.f.Subject) + ")"
	}
	if p.f.Page != "" {
		part.Links = []letter.Link{{Text: p.tr("承認待ちの一覧を開く", "Open what waits"), URL: p.f.Page, Strong: true}}
	}
	l.Parts = []letter.Part{part}
	return l
}

func (p *page) undeliverable() *letter.Letter {
	f := p.f.Failed
	if f == nil {
		f = &Failed{}
	}
	kind := f.Kind
	if k, ok := outbox.ParseKind(f.Kind); ok {
		kind = p.kind(k)
	}
	l := &letter.Letter{Tone: letter.Warn, Subject: p.trf("【要対応】通知が届きませんでした（%s）", "A notice was not delivered (%s)", kind)}
	part := letter.Part{Pairs: []letter.Pair{
		{Name: p.tr("契約者", "Customer"), Value: letter.Foreign(p.customer())}, {Name: p.tr("種類", "Kind"), Value: kind}, {Name: p.tr("宛先", "To"), Value: letter.Clean(f.To)},
		{Name: p.tr("理由", "Reason"), Value: p.because(f.Reason)},
	}}
	part.Text = p.tr("お客様にはまだ伝わっていません。電話など別の方法でご連絡ください。", "The customer does not know yet. Reach them in another way, such as by telephone.")
	l.Parts = []letter.Part{part}
	if p.f.Customer != "" {
		l.Parts = append(l.Parts, p.toStaff("契約者の連絡先を直す", "Put the customer's contact right", "tsujiban customer set "+p.f.Customer+" -contact …", "customers", p.f.Customer, "edit"))
	}
	if f.ID != "" {
		l.Parts = append(l.Parts, letter.Part{After: p.trf("宛先を直した後の再送（コマンド）: tsujiban notice again %s", "Once it is put right, send it again by the command: tsujiban notice again %s", f.ID)})
	}
	return l
}

func (p *page) test() *letter.Letter {
	return &letter.Letter{
		Tone: letter.Good, Subject: p.trf("辻番の試験通知（%s）", "Test notice of Tsujiban (%s)", p.f.Node),
		Parts: []letter.Part{{Text: p.tr("この通知が届いていれば、設定は正しく動いています。", "If you read this, notices work."), Pairs: []letter.Pair{{Name: p.tr("ノード", "Node"), Value: p.f.Node}, {Name: p.tr("日時", "When"), Value: p.at(p.f.At)}, {Name: p.tr("実施者", "By"), Value: letter.Foreign(p.f.By)}}}},
	}
}
