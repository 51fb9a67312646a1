// Command tsujiban is the guard post between a business's telephone system and the
// telephone network, and what staff say to it.
//
// "tsujiban serve" is the program; every other verb either works on files or speaks
// with the running program over its local socket. "tsujiban help" lists them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // days and hours are counted in the node's zone, also where none is installed

	"tsujiban"
	"tsujiban/app/config"
	"tsujiban/app/term"
)

func main() {
	os.Exit(run(os.Args[1:], world{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv}))
}

// world is what a command touches besides files and sockets.
type world struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
}

// verb is one thing that the command does. Name may be two words: "customer add".
type verb struct {
	name string
	args string // what follows the name, for help
	help say
	run  func(c *cmd, args []string) error
}

// verbs in the order of help.
func verbs() []verb {
	var vs []verb
	vs = append(vs, serveVerbs()...)
	vs = append(vs, demoVerbs()...)
	vs = append(vs, customerVerbs()...)
	vs = append(vs, limitVerbs()...)
	vs = append(vs, numberVerbs()...)
	vs = append(vs, ledgerVerbs()...)
	vs = append(vs, holderVerbs()...)
	vs = append(vs, screenVerbs()...)
	vs = append(vs, suspensionVerbs()...)
	vs = append(vs, inquiryVerbs()...)
	vs = append(vs, annualVerbs()...)
	vs = append(vs, trunkVerbs()...)
	vs = append(vs, restrictVerbs()...)
	vs = append(vs, caseVerbs()...)
	vs = append(vs, useVerbs()...)
	vs = append(vs, ruleVerbs()...)
	vs = append(vs, callVerbs()...)
	vs = append(vs, simulateVerbs()...)
	vs = append(vs, replayVerbs()...)
	vs = append(vs, fileVerbs()...)
	vs = append(vs, evidenceVerbs()...)
	vs = append(vs, retentionVerbs()...)
	vs = append(vs, noticeVerbs()...)
	vs = append(vs, staffVerbs()...)
	return append(vs, helpVerbs()...)
}

// run does what the arguments say and returns the exit code.
func run(args []string, w world) int {
	c := &cmd{world: w, lang: langOf(w.getenv), style: term.StyleOf(w.stdout, w.getenv)}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c.ctx = ctx
	v, rest, err := find(args)
	if err == nil {
		c.verb = v
		err = v.run(c, rest)
	}
	return c.exit(err)
}

// find takes the verb from the front of the arguments.
func find(args []string) (verb, []string, error) {
	if len(args) == 0 {
		args = []string{"help"}
	}
	switch args[0] {
	case "-h", "-help", "--help":
		args[0] = "help"
	case "-version", "--version":
		args[0] = "version"
	}
	vs := verbs()
	if len(args) > 1 {
		for _, v := range vs {
			if v.name == args[0]+" "+args[1] {
				return v, args[2:], nil
			}
		}
	}
	for _, v := range vs {
		if v.name == args[0] {
			return v, args[1:], nil
		}
	}
	for _, v := range vs {
		if group(v.name) == args[0] {
			// "tsujiban customer" alone shows what there is about customers.
			return verb{name: "help", run: runHelp}, []string{args[0]}, nil
		}
	}
	return verb{}, nil, tsujiban.Errorf(tsujiban.CodeInvalid, "there is no command %q; \"tsujiban help\" lists them", term.Clean(args[0]))
}

// exit tells what went wrong and makes an exit code of it.
func (c *cmd) exit(err error) int {
	switch {
	case err == nil, errors.Is(err, errHelped):
		return 0
	case errors.Is(err, context.Canceled) && c.ctx.Err() != nil:
		return 130 // as shells count an interrupt
	case errors.Is(err, errShown):
		return tsujiban.CodeInvalid.ExitCode()
	case errors.Is(err, syscall.EPIPE):
		return 0 // the reader of our output has seen enough
	}
	code := tsujiban.CodeOf(err)
	text := " " + linesOf(err.Error())
	var problems config.Problems
	if errors.As(err, &problems) {
		text = ""
		for _, p := range problems {
			text += "\n  " + term.Clean(p.Text(c.lang))
		}
	}
	if _, werr := fmt.Fprintf(c.stderr, "tsujiban: %s:%s\n", code.Text(c.lang), text); werr != nil {
		return tsujiban.CodeInternal.ExitCode()
	}
	return code.ExitCode()
}

// linesOf cleans what goes over several lines, as the reasons of an import do.
func linesOf(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = term.Clean(lines[i])
	}
	return strings.Join(lines, "\n  ")
}
