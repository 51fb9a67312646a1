package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"tsujiban"
	"tsujiban/app"
	"tsujiban/app/config"
)

func serveVerbs() []verb {
	return []verb{
		{"serve", "-config FILE [-import FILE] [-ports FILE]", say{"番所を動かす", "run the guard post"}, runServe},
		{"check", "-config FILE", say{"設定を確かめ、誤りをすべて示す", "check a configuration and tell everything that is wrong"}, runCheck},
	}
}

func runServe(c *cmd, args []string) error {
	fs := c.options(false)
	fs.StringVar(&c.config, "config", "", c.tr("設定`ファイル`", "configuration `file`"))
	seedFile := fs.String("import", "", c.tr("始める前に登録する契約者とトランクの`ファイル`", "`file` of customers and trunks to set before calls are taken in"))
	portsFile := fs.String("ports", "", c.tr("使っているポートを書き出す`ファイル`", "`file` to write the ports to that were taken"))
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	cfg, err := config.Load(c.configFile())
	if err != nil {
		return err
	}
	o := app.Options{Config: cfg, Stderr: c.stderr, Version: versionText()}
	if *seedFile != "" {
		if o.Seed, err = config.LoadSeed(*seedFile, cfg.SIP.Realm); err != nil {
			return err
		}
	}
	release := signals(&o)
	defer release()
	a, err := app.Start(c.ctx, o)
	if err != nil {
		return err
	}
	if err := c.tellReady(a, *portsFile); err != nil {
		c.errorf("tsujiban: %v\n", err)
	}
	return a.Wait()
}

// tellReady writes the ports and tells the service manager.
func (c *cmd) tellReady(a *app.App, portsFile string) error {
	var errs []error
	if portsFile != "" {
		var b strings.Builder
		for _, p := range a.Ports() {
			fmt.Fprintln(&b, p)
		}
		tmp := filepath.Join(filepath.Dir(portsFile), "."+filepath.Base(portsFile))
		errs = append(errs, os.WriteFile(tmp, []byte(b.String()), 0o644))
		errs = append(errs, os.Rename(tmp, portsFile)) // whole or not at all: somebody waits for it
	}
	return errors.Join(append(errs, notify(c.ctx, c.getenv("NOTIFY_SOCKET"), "READY=1"))...)
}

// notify tells the service manager how we are (sd_notify(3)).
func notify(ctx context.Context, socket, state string) (err error) {
	if socket == "" {
		return nil
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unixgram", socket)
	if err != nil {
		return fmt.Errorf("service manager: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	_, err = io.WriteString(conn, state)
	return err
}

// signals wires SIGHUP to a reload and the second SIGINT or SIGTERM to a stop at once; the first
// one ends the command's context.
func signals(o *app.Options) (release func()) {
	hup, end := make(chan os.Signal, 1), make(chan os.Signal, 2)
	signal.Notify(hup, syscall.SIGHUP)
	signal.Notify(end, os.Interrupt, syscall.SIGTERM)
	reload, now, quit := make(chan struct{}), make(chan struct{}), make(chan struct{})
	o.Reload, o.Now = reload, now
	go func() {
		ends := 0
		for {
			select {
			case <-hup:
				select {
				case reload <- struct{}{}:
				case <-quit:
					return
				}
			case <-end:
				if ends++; ends == 2 {
					close(now)
				}
			case <-quit:
				return
			}
		}
	}()
	return func() {
		signal.Stop(hup)
		signal.Stop(end)
		close(quit)
	}
}

func runCheck(c *cmd, args []string) error {
	fs := c.options(false)
	fs.StringVar(&c.config, "config", "", c.tr("設定`ファイル`", "configuration `file`"))
	rest, err := c.parse(args, 0, 1)
	if err != nil {
		return err
	}
	if len(rest) == 1 {
		c.config = rest[0]
	}
	cfg, err := config.Load(c.configFile())
	if err != nil {
		return err
	}
	if err := app.Check(cfg); err != nil {
		return tsujiban.Errorf(tsujiban.CodeOf(err), "%s: %w", c.configFile(), err)
	}
	if err := c.printf(c.tr("%s: 問題ありません（待ち受け %d、事業者 %d）\n", "%s: OK (%d listeners, %d carriers)\n"), c.configFile(), len(cfg.Listen), len(cfg.Carriers)); err != nil {
		return err
	}
	for _, line := range cfg.Retention.Explain(c.lang) {
		if err := c.printf(c.tr("  保存期間: %s\n", "  kept: %s\n"), line); err != nil {
			return err
		}
	}
	return nil
}
