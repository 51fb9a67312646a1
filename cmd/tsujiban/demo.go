package main

import (
	"time"

	"tsujiban"
	"tsujiban/demo"
)

func demoVerbs() []verb {
	return []verb{{
		name: "demo", args: "[-headless] [-for 60s]",
		help: say{"実際のSIPで、乗っ取られたPBXが止まる様子を見せます", "shows, by real SIP on loopback, how a hijacked PBX is stopped"},
		run:  runDemo,
	}}
}

func runDemo(c *cmd, args []string) error {
	f := c.options(false)
	headless := f.Bool("headless", false, c.tr("画面を描かず、結果をJSONで出します", "draw nothing, print the summary as JSON"))
	length := f.Duration("for", time.Minute, c.tr("通話を続ける時間（10秒以上）", "how long the firms telephone (10s at least)"))
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	sum, err := demo.Run(c.ctx, demo.Options{Out: c.stdout, Style: c.style, Lang: c.lang, Headless: *headless || c.json, For: *length, Stay: c.style.Width > 0})
	if err != nil {
		return err
	}
	if !sum.OK() {
		return tsujiban.Errorf(tsujiban.CodeConflict, "%s", c.tr("期待した結果になりませんでした。上の要約をご覧ください", "the demo did not end as it should: see the summary above"))
	}
	return nil
}
