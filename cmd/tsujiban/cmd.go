package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/config"
	"tsujiban/app/control"
	"tsujiban/app/term"
)

// say is a text in both languages.
type say struct{ ja, en string }

func (s say) in(l tsujiban.Lang) string {
	if l == tsujiban.English {
		return s.en
	}
	return s.ja
}

// langOf reads the language from the locale (POSIX: LC_ALL, then LC_MESSAGES, then LANG).
func langOf(getenv func(string) string) tsujiban.Lang {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := getenv(name); v != "" {
			if strings.HasPrefix(v, "ja") {
				return tsujiban.Japanese
			}
			return tsujiban.English
		}
	}
	return tsujiban.English
}

// What parse returns when nothing is left to be said.
var (
	errShown  = errors.New("told already") // what is wrong was told
	errHelped = errors.New("helped")       // help was asked for and given
)

// cmd is one run of one verb.
type cmd struct {
	world
	ctx    context.Context
	verb   verb
	flags  *flag.FlagSet
	lang   tsujiban.Lang
	style  term.Style
	json   bool
	config string
	socket string
	client *control.Client
	zone   *time.Location // for tests; the node's when nil
}

// tr picks the text of the run's language.
func (c *cmd) tr(ja, en string) string { return say{ja, en}.in(c.lang) }

// options makes the verb's flag set with -lang, and, for verbs that speak with the
// running program, -config, -socket and -json.
func (c *cmd) options(online bool) *flag.FlagSet {
	fs := flag.NewFlagSet(c.verb.name, flag.ContinueOnError)
	fs.SetOutput(c.stderr)
	fs.Usage = func() { c.usage() }
	fs.Func("lang", "`ja|en`", func(s string) error {
		l, err := control.ParseLang(s)
		c.lang = l
		return err
	})
	if online {
		fs.StringVar(&c.config, "config", "", c.tr("設定ファイル（ソケットの場所を知るため）", "configuration `file`, to find the socket"))
		fs.StringVar(&c.socket, "socket", c.getenv("TSUJIBAN_SOCKET"), c.tr("制御ソケット", "control `socket`"))
		fs.BoolVar(&c.json, "json", false, c.tr("プログラム向けに JSON で出力", "write JSON, for programs"))
	}
	c.flags = fs
	return fs
}

// parse reads flags, which may stand before, between and after the other arguments; it
// wants least to most of those (most < 0: any number).
func (c *cmd) parse(args []string, least, most int) ([]string, error) {
	var rest []string
	for {
		if err := c.flags.Parse(args); errors.Is(err, flag.ErrHelp) {
			return nil, errHelped
		} else if err != nil {
			return nil, errShown // by the flag package, with the usage
		}
		left := c.flags.Args()
		if len(left) == 0 {
			break
		}
		if len(args) > len(left) && args[len(args)-len(left)-1] == "--" {
			rest = append(rest, left...)
			break
		}
		rest = append(rest, left[0])
		args = left[1:]
	}
	if len(rest) < least || most >= 0 && len(rest) > most {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "%s", c.tr("書き方: ", "write: ")+"tsujiban "+c.verb.name+" "+c.verb.args)
	}
	return rest, nil
}

// usage is what -h shows.
func (c *cmd) usage() {
	c.errorf("tsujiban %s %s\n  %s\n", c.verb.name, c.verb.args, c.verb.help.in(c.lang))
	c.flags.PrintDefaults()
}

func (c *cmd) errorf(format string, args ...any) {
	// When standard error cannot be written there is nobody left to tell.
	_, _ = fmt.Fprintf(c.stderr, format, args...)
}

// printf writes to standard output; the text is ours or was cleaned.
func (c *cmd) printf(format string, args ...any) error {
	_, err := fmt.Fprintf(c.stdout, format, args...)
	return err
}

// writeJSON writes one document, indented.
func (c *cmd) writeJSON(v any) error {
	e := json.NewEncoder(c.stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// configFile is the configuration that is meant: -config, $TSUJIBAN_CONFIG,
// tsujiban.toml here, or the one of the machine.
func (c *cmd) configFile() string {
	switch {
	case c.config != "":
		return c.config
	case c.getenv("TSUJIBAN_CONFIG") != "":
		return c.getenv("TSUJIBAN_CONFIG")
	}
	if _, err := os.Stat("tsujiban.toml"); err == nil {
		return "tsujiban.toml"
	}
	return "/etc/tsujiban/tsujiban.toml"
}

// dial finds the running program.
func (c *cmd) dial() (*control.Client, error) {
	if c.client != nil {
		return c.client, nil
	}
	socket := c.socket
	if socket == "" || c.config != "" {
		cfg, err := config.Load(c.configFile())
		if err != nil {
			return nil, fmt.Errorf("%w", err)
		}
		socket = cfg.Control.Socket
	}
	c.client = control.NewClient(socket, c.getenv("SUDO_USER"))
	return c.client, nil
}

// do asks the running program.
func (c *cmd) do(method, path string, in, out any) error {
	client, err := c.dial()
	if err != nil {
		return err
	}
	defer client.Close()
	return client.Do(c.ctx, method, path, in, out)
}

// change asks for a change and tells what was done.
func (c *cmd) change(method, path string, in any) error {
	var done control.Done
	if err := c.do(method, path, in, &done); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(done)
	}
	for line := range strings.SplitSeq(done.Note, "\n") {
		if err := c.printf("%s\n", term.Clean(line)); err != nil {
			return err
		}
	}
	return nil
}

// at is an instant for people, in the zone of the node.
func (c *cmd) at(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(c.local()).Format(time.DateTime)
}

// local is the zone of the node.
func (c *cmd) local() *time.Location {
	if c.zone != nil {
		return c.zone
	}
	return c.client.Zone()
}

// yes is a tick for tables.
func (c *cmd) yes(b bool) string {
	if b {
		return c.tr("可", "yes")
	}
	return c.tr("不可", "no")
}
