package main

import (
	"net/http"
	"net/url"

	"tsujiban/app/control"
	"tsujiban/app/term"
)

func numberVerbs() []verb {
	return []verb{
		{"number list", "[ID] [-json]", say{"契約者が使える番号の一覧", "list the numbers that customers hold"}, runNumberList},
		{"number add", "ID NUMBER…", say{"契約者に番号を割り当てる（+8192555* は番号帯）", "give numbers to a customer (+8192555* is a range)"}, runNumberAdd},
		{"number remove", "ID NUMBER…", say{"契約者から番号を外す", "take numbers from a customer"}, runNumberRemove},
	}
}

func runNumberList(c *cmd, args []string) error {
	c.options(true)
	args, err := c.parse(args, 0, 1)
	if err != nil {
		return err
	}
	var list []control.CustomerState
	if len(args) == 1 {
		list = make([]control.CustomerState, 1)
		err = c.do(http.MethodGet, customerPath(args[0]), nil, &list[0])
	} else {
		err = c.do(http.MethodGet, "/v1/customers", nil, &list)
	}
	if err != nil {
		return err
	}
	type row struct {
		Number   string `json:"number"`
		Customer string `json:"customer"`
	}
	rows := []row{}
	t := term.Table{Columns: []term.Column{{Title: c.tr("番号", "NUMBER")}, {Title: c.tr("契約者", "CUSTOMER")}}}
	for i := range list {
		for _, n := range list[i].Numbers {
			rows = append(rows, row{n, list[i].ID})
			t.Row(n, list[i].ID)
		}
	}
	if c.json {
		return c.writeJSON(rows)
	}
	return t.Write(c.stdout, c.style)
}

func runNumberAdd(c *cmd, args []string) error    { return c.numbers(args, "add") }
func runNumberRemove(c *cmd, args []string) error { return c.numbers(args, "remove") }

func (c *cmd) numbers(args []string, what string) error {
	c.options(true)
	args, err := c.parse(args, 2, -1)
	if err != nil {
		return err
	}
	return c.change(http.MethodPost, "/v1/customers/"+url.PathEscape(args[0])+"/numbers/"+what, args[1:])
}
