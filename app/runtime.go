package app

import (
	"io"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"

	"tsujiban/app/config"
)

// gcPercent is how much garbage may gather before it is collected, in percent of what lives.
// This is the one place where the collector is set; GOGC and GOMEMLIMIT of the environment
// go before it.
const gcPercent = 100

// tuneRuntime prepares the Go runtime for the path of calls.
func tuneRuntime(listeners int) {
	// The reader of each UDP socket and the journal's commit goroutine keep a processor while they wait in the
	// kernel; the rest of the program needs another two.
	if need := listeners + 3; runtime.GOMAXPROCS(0) < need && os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(need)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}

func newLogger(w io.Writer, json bool, level slog.Leveler) *slog.Logger {
	o := &slog.HandlerOptions{Level: level}
	if json {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

func logLevel(c *config.Config) slog.Level {
	switch c.Log.Level {
	case "debug":
		return slog.LevelDebug
	case "warn":
		return slog.LevelWarn
	case "error":
		return slog.LevelError
	}
	return slog.LevelInfo
}

func (a *App) setLevel() { a.level.Set(logLevel(a.cfg)) }
