package main

import (
	"runtime"
	"runtime/debug"
	"strings"

	"tsujiban"
	"tsujiban/app/term"
)

func helpVerbs() []verb {
	return []verb{
		{"version", "", say{"版を表示する", "say which version this is"}, runVersion},
		{"help", "[COMMAND]", say{"使い方を表示する", "say how this is used"}, runHelp},
	}
}

// group is the first word of a verb.
func group(name string) string {
	first, _, _ := strings.Cut(name, " ")
	return first
}

func runHelp(c *cmd, args []string) error {
	c.options(false)
	args, err := c.parse(args, 0, 2)
	if err != nil {
		return err
	}
	want := strings.Join(args, " ")
	t := term.Table{Columns: []term.Column{{}, {}}}
	for _, v := range verbs() {
		if want == "" || v.name == want || group(v.name) == want {
			t.Row("  tsujiban "+strings.TrimSpace(v.name+" "+v.args), v.help.in(c.lang))
		}
	}
	if len(t.Rows) == 0 {
		return tsujiban.Errorf(tsujiban.CodeNotFound, "there is no command %q; \"tsujiban help\" lists them", term.Clean(want))
	}
	if want == "" {
		if err := c.printf("%s\n\n", c.tr("辻番: 電話設備と電話網の間に立つ番所", "Tsujiban: the guard post between a telephone system and the telephone network")); err != nil {
			return err
		}
	}
	for _, l := range t.Lines(term.Style{})[1:] {
		if err := c.printf("%s\n", l); err != nil {
			return err
		}
	}
	if want == "" {
		return c.printf("\n%s\n", c.tr("-h を付けると各コマンドのオプションを表示します。", "-h after a command shows its options."))
	}
	return nil
}

// version is set at link time for releases; otherwise the build information says it.
var version string

func versionText() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	if v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return "devel " + s.Value[:min(12, len(s.Value))]
		}
	}
	return "devel"
}

func runVersion(c *cmd, args []string) error {
	c.options(false)
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	return c.printf("tsujiban %s %s %s/%s\n", versionText(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
