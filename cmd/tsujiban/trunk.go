package main

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/app/term"
)

func trunkVerbs() []verb {
	return []verb{
		{"trunk list", "[CUSTOMER] [-json]", say{"トランク（PBX との接続）の一覧", "list trunks, the links to PBXs"}, runTrunkList},
		{"trunk show", "ID [-json]", say{"トランク一件のすべて", "all about one trunk"}, runTrunkShow},
		{"trunk add", "ID -customer ID …", say{"トランクを登録する", "add a trunk"}, runTrunkAdd},
		{"trunk set", "ID …", say{"トランクを変える", "change a trunk"}, runTrunkSet},
		{"trunk remove", "ID", say{"トランクを削除する", "remove a trunk"}, runTrunkRemove},
	}
}

func trunkPath(id string) string { return "/v1/trunks/" + url.PathEscape(id) }

func (c *cmd) trunkPatch() patch {
	fs := c.options(true)
	p := patch{}
	p.text(fs, "customer", "customer", c.tr("`契約者`", "`customer` that it belongs to"))
	p.list(fs, "sources", "sources", c.tr("送信元の`アドレス` 203.0.113.7,2001:db8::/64", "`addresses` that it sends from: 203.0.113.7,2001:db8::/64"))
	p.text(fs, "certificate-name", "certificate_name", c.tr("クライアント証明書の DNS `名`", "DNS `name` in its client certificate"))
	p.text(fs, "username", "username", c.tr("ダイジェスト認証の`利用者名`", "`user` name of digest authentication"))
	p.text(fs, "realm", "realm", c.tr("ダイジェスト認証の`レルム`（既定はこの設備の名前）", "`realm` of digest authentication (default: this node's)"))
	p.text(fs, "address", "address", c.tr("着信を送る `host:port`", "`host:port` that incoming calls go to"))
	p.text(fs, "transport", "transport", "`udp|tcp|tls`")
	p.text(fs, "registrar", "registrar", c.tr("REGISTER を渡す `host:port`", "`host:port` that REGISTERs are passed to"))
	p.text(fs, "domain", "domain", c.tr("登録の`ドメイン`", "`domain` of registrations"))
	fs.BoolFunc("password", c.tr("パスワードを標準入力の 1 行目から読む", "read the password from the first line of standard input"), func(string) error {
		line, err := bufio.NewReader(io.LimitReader(c.stdin, 1024)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		p["password"] = strings.TrimRight(line, "\r\n")
		return nil
	})
	return p
}

// networks makes prefixes of the sources, a single address being one too.
func (p patch) networks() error {
	list, ok := p["sources"].([]string)
	if !ok {
		return nil
	}
	out := []netip.Prefix{}
	for _, s := range list {
		if a, err := netip.ParseAddr(s); err == nil {
			out = append(out, netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()))
			continue
		}
		n, err := netip.ParsePrefix(s)
		if err != nil {
			return tsujiban.Errorf(tsujiban.CodeInvalid, "-sources: %q is not an address or a network; write 203.0.113.7 or 203.0.113.0/24", s)
		}
		out = append(out, n.Masked())
	}
	p["sources"] = out
	return nil
}

func runTrunkAdd(c *cmd, args []string) error { return c.putTrunk(args, http.MethodPost) }
func runTrunkSet(c *cmd, args []string) error { return c.putTrunk(args, http.MethodPatch) }

func (c *cmd) putTrunk(args []string, method string) error {
	p := c.trunkPatch()
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	if err := p.networks(); err != nil {
		return err
	}
	if len(p) == 0 {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%s", c.tr("設定する項目がありません。-h で一覧を表示します", "nothing to set was given; -h lists what there is"))
	}
	return c.change(method, trunkPath(args[0]), p)
}

func runTrunkRemove(c *cmd, args []string) error {
	c.options(true)
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	return c.change(http.MethodDelete, trunkPath(args[0]), nil)
}

// known says by what a trunk is recognised.
func (c *cmd) known(t *control.Trunk) string {
	var parts []string
	for _, p := range t.Sources {
		parts = append(parts, p.String())
	}
	if t.CertificateName != "" {
		parts = append(parts, c.tr("証明書 ", "certificate ")+t.CertificateName)
	}
	if t.Username != "" {
		parts = append(parts, c.tr("認証 ", "digest ")+t.Username)
	}
	return strings.Join(parts, " ")
}

func (c *cmd) inbound(t *control.Trunk) string {
	if t.Address == "" {
		return ""
	}
	return t.Transport + " " + t.Address
}

func runTrunkList(c *cmd, args []string) error {
	c.options(true)
	args, err := c.parse(args, 0, 1)
	if err != nil {
		return err
	}
	path := "/v1/trunks"
	if len(args) == 1 {
		path += "?customer=" + url.QueryEscape(args[0])
	}
	var list []control.Trunk
	if err := c.do(http.MethodGet, path, nil, &list); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(list)
	}
	t := term.Table{Columns: []term.Column{
		{Title: c.tr("トランク", "TRUNK")}, {Title: c.tr("契約者", "CUSTOMER")},
		{Title: c.tr("見分け方", "KNOWN BY"), Least: 16}, {Title: c.tr("着信先", "CALLS IN GO TO"), Least: 12},
	}}
	for i := range list {
		k := &list[i]
		t.Add(term.Cell{Text: k.ID, Paint: term.Cyan}, term.Cell{Text: k.Customer}, term.Cell{Text: c.known(k)}, term.Cell{Text: c.inbound(k)})
	}
	return t.Write(c.stdout, c.style)
}

func runTrunkShow(c *cmd, args []string) error {
	c.options(true)
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	var k control.Trunk
	if err := c.do(http.MethodGet, trunkPath(args[0]), nil, &k); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(k)
	}
	var p term.Pairs
	p.Paint(c.tr("トランク", "trunk"), k.ID, term.Cyan)
	p.Add(c.tr("契約者", "customer"), k.Customer)
	p.Add(c.tr("見分け方", "known by"), c.known(&k))
	p.Add(c.tr("レルム", "realm"), k.Realm)
	p.Add(c.tr("着信先", "calls in go to"), c.inbound(&k))
	p.Add(c.tr("登録先", "registrar"), k.Registrar)
	p.Add(c.tr("ドメイン", "domain"), k.Domain)
	return p.Write(c.stdout, c.style)
}
