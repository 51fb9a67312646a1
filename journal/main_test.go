package journal

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// childEnv makes the test binary play another part: see the funcs of children.
const childEnv = "JOURNAL_TEST_CHILD"

var children = map[string]func(args []string){
	"pace":  paceChild,
	"write": writeChild,
	"full":  fullChild,
}

func TestMain(m *testing.M) {
	if part := os.Getenv(childEnv); part != "" {
		children[part](os.Args[1:])
		return
	}
	goleak.VerifyTestMain(m)
}

// startChild runs the test binary in another part; its standard output is the caller's unless out is given.
func startChild(part string, out *os.File, args ...string) (*os.Process, error) {
	if out == nil {
		out = os.Stdout
	}
	return os.StartProcess("/proc/self/exe", append([]string{part}, args...), &os.ProcAttr{
		Env:   append(os.Environ(), childEnv+"="+part),
		Files: []*os.File{nil, out, os.Stderr},
	})
}

// paceChild writes a byte for each packet that is due, at a fixed rate: rate, count.
func paceChild(args []string) {
	var rate, n int
	if _, err := fmt.Sscan(args[0]+" "+args[1], &rate, &n); err != nil {
		panic(err)
	}
	start := time.Now()
	for sent := 0; sent < n; {
		due := min(int(time.Since(start).Seconds()*float64(rate)), n)
		if due > sent {
			if _, err := os.Stdout.Write(make([]byte, due-sent)); err != nil {
				panic(err)
			}
			sent = due
		}
		next := time.Duration(float64(due+1) / float64(rate) * float64(time.Second))
		ts := syscall.NsecToTimespec(int64(max(next-time.Since(start), 250*time.Microsecond)))
		_ = syscall.Nanosleep(&ts, nil) // woken early: the loop works out what is due
	}
}
