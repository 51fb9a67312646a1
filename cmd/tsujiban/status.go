package main

import (
	"net/http"
	"strconv"
	"strings"

	"tsujiban/app/config"
	"tsujiban/app/control"
	"tsujiban/app/term"
)

func runStatus(c *cmd, args []string) error {
	c.options(true)
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	var s control.Status
	if err := c.do(http.MethodGet, "/v1/status", nil, &s); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(s)
	}
	cur := c.client.Currency()
	var p term.Pairs
	state, paint := c.tr("稼働中", "in service"), term.Green
	if !s.Ready {
		state, paint = c.tr("準備中または停止中", "starting or stopping"), term.Yellow
	}
	p.Add(c.tr("名前", "node"), s.Node+" ("+s.Version+")")
	p.Paint(c.tr("状態", "state"), state, paint)
	p.Add(c.tr("稼働開始", "since"), c.at(s.Started))
	p.Add(c.tr("待ち受け", "listening"), strings.Join(s.Listeners, ", "))
	for _, k := range s.Carriers {
		text, paint := c.tr("応答あり", "up"), term.Green
		if !k.Up {
			text, paint = c.tr("応答なし", "down"), term.Red
		}
		p.Paint(c.tr("事業者 ", "carrier ")+k.ID, k.Address+" "+text, paint)
	}
	p.Add(c.tr("契約者とトランク", "customers, trunks"), strconv.Itoa(s.Customers)+", "+strconv.Itoa(s.Trunks))
	p.Add(c.tr("方針の更新", "policy of"), c.at(s.Policy))
	journal, paint := strconv.FormatUint(s.Journal.Committed, 10), term.Plain
	if s.Journal.Failing != "" {
		journal, paint = journal+" "+c.tr("書き込めません: ", "cannot write: ")+s.Journal.Failing, term.Red
	}
	p.Paint(c.tr("記録", "journal"), journal, paint)
	proven, paint := strconv.FormatUint(s.Journal.Proven, 10), term.Plain
	if s.Journal.Unproven != "" {
		proven, paint = proven+" "+c.tr("止まっています: ", "does not go on: ")+s.Journal.Unproven, term.Red
	}
	p.Paint(c.tr("署名済みの記録", "signed entries"), proven, paint)
	p.Add(c.tr("通話中", "calls now"), strconv.Itoa(s.Totals.Running))
	p.Add(c.tr("確保中の金額", "money at risk"), money(cur, s.Totals.AtRisk))
	p.Add(c.tr("本日の利用額", "charged today"), money(cur, s.Totals.Today))
	p.Add(c.tr("発信・拒否・切断", "attempts, refused, ended"), strings.Join([]string{
		strconv.FormatUint(s.Totals.Attempts, 10), strconv.FormatUint(s.Totals.Denied, 10), strconv.FormatUint(s.Totals.Cut, 10)}, ", "))
	return p.Write(c.stdout, c.style)
}

func runReload(c *cmd, args []string) error {
	c.options(true)
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	return c.change(http.MethodPost, "/v1/reload", nil)
}

// seedRealm is the digest realm of trunks that name none: the running program's.
func (c *cmd) seedRealm() (string, error) {
	var s control.Status
	if err := c.do(http.MethodGet, "/v1/status", nil, &s); err != nil {
		return "", err
	}
	return s.Realm, nil
}

func runImport(c *cmd, args []string) error {
	c.options(true)
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	realm, err := c.seedRealm()
	if err != nil {
		return err
	}
	seed, err := config.LoadSeed(args[0], realm)
	if err != nil {
		return err
	}
	return c.change(http.MethodPost, "/v1/import", control.Import{Customers: seed.Customers, Trunks: seed.Trunks})
}
