# Two commands do everything: `make demo` shows the main job, `make test` checks all promises.
GO ?= go
BIN := bin/tsujiban

# One way to compile for everything: what vet and the tests have built, the program is linked of, and another clone of the same source finds it built. Without
# what a debugger wants, an eighth less of the processor; stack traces and profiles have their lines all the same.
export GOFLAGS := $(sort -trimpath -gcflags=all=-dwarf=false -ldflags=-w $(GOFLAGS))

.PHONY: all build demo test unit race outside interop crash deps lint fuzz bench bench-quick bench-fraud bench-ledger bench-inquiry bench-console look bench-viewers clean

all: build

build:
	@mkdir -p bin
	$(GO) build -o $(BIN) ./cmd/tsujiban

# The main job, live in the terminal: honest firms, one hijacked PBX, real SIP on loopback.
demo: build
	$(BIN) demo $(DEMOFLAGS)

# Everything that must hold, in under ten minutes on two cores.
test: deps
	$(GO) vet ./...
	$(GO) vet -tags interop,crash ./interop/...
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "not gofmt'ed:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(MAKE) -j3 outside unit race

# vet has been at all of it.
TEST := $(GO) test -vet=off

# Two packages of each stage at a time, and the stages side by side: tests that talk to a browser or wait for a mail leave the cores idle half of the time,
# and the last package of a stage would have one of them alone.
PARALLEL ?= 2

unit:
	$(TEST) -p $(PARALLEL) ./...

# SQLite is C put into Go by a program: what the race detector would say of each of its memory accesses is nobody's to mend, and takes
# half the time. The driver around it is watched.
UNWATCHED = -gcflags='modernc.org/sqlite/lib=-race=false -dwarf=false' -gcflags='modernc.org/libc=-race=false -dwarf=false'

# Where goroutines meet. What is left out has one goroutine, or its work is a process that is killed: unit runs it. Nobody waits for
# it, unlike for a page in a browser.
race:
	nice -n 10 $(TEST) -p $(PARALLEL) -race -short $(UNWATCHED) -skip '^TestLedger$$|^TestEveryTable$$|^TestReceipts$$|^TestDaysAreTheCalls$$|^TestCompareCalls$$|^TestKilled$$|^TestKilledProgram$$|^TestKilledWhile(Rebuilding|Importing|MakingIndexes)$$|^TestJournalGivesTheState$$|^TestPressIncidentEnds$$|^TestHonestTrafficIsLeftAlone$$|^TestSameEventsSameVerdicts$$' ./app/... ./store/... ./guard/... ./edge/... ./evidence/... ./journal/... ./inquiry/...

# What talks to other programs waits most of the time, for their timers; one after the other, as both load the machine at times.
outside:
	$(MAKE) interop
	$(MAKE) crash

# Against programs that we did not write: SIPp, Kamailio, sipvicious, baresip.
interop: build
	TSUJIBAN_PROGRAM=$(CURDIR)/$(BIN) $(TEST) -tags interop -count=1 -parallel 10 -timeout 5m ./interop/...

# kill -9 under load, again and again.
crash: build
	TSUJIBAN_PROGRAM=$(CURDIR)/$(BIN) $(TEST) -tags crash -count=1 -timeout 5m -v ./interop/crash/...

# The Debian packages that the tests talk to.
deps:
	@scripts/deps

lint:
	$(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0 run

FUZZTIME ?= 30s
fuzz:
	@scripts/fuzz $(FUZZTIME)

# The figures of docs/benchmarks.md, against Kamailio on this machine.
bench: deps build
	$(GO) run ./bench/run $(BENCHFLAGS)

bench-quick: BENCHFLAGS = -quick
bench-quick: bench

# The ledger among so many numbers: make bench-ledger NUMBERS=10000000
NUMBERS ?= 100000
bench-ledger:
	TSUJIBAN_LEDGER_NUMBERS=$(NUMBERS) $(GO) test ./store/sqlite -run '^$$' -bench BenchmarkLedger -timeout 60m

# How long each page of the console takes on the server with so many calls in the store: make bench-console CALLS=1000000
CALLS = 1000000
bench-console:
	TSUJIBAN_BENCH_CALLS=$(CALLS) $(GO) test ./bench/console -run '^$$' -bench BenchmarkPages -benchtime 1x -timeout 60m

# How fast an inquiry is answered out of so many calls, cold: make bench-inquiry SIZE=100M (59 GB, half an hour to make; kept in DIR)
SIZE ?= 1M
bench-inquiry:
	$(GO) run ./bench/inquiry -size $(SIZE) $(if $(DIR),-dir $(DIR))

# Every page in every window (language, colour, width), with pictures in DIR.
look: deps
	TSUJIBAN_WINDOWS=all TSUJIBAN_SCREENSHOTS=$(DIR) $(GO) test -count=1 -timeout 60m ./console/...

clean:
	rm -rf bin

# How much thieves get away with and whom it hurts, over simulated worlds that tuning never saw, beside counters as others keep them.
bench-fraud:
	$(GO) run ./bench/fraud $(FRAUDFLAGS)

# What a thousand people who watch the desk cost the calls: make bench-viewers
bench-viewers:
	$(GO) test ./bench/console -run '^$$' -bench BenchmarkViewers -benchtime 2x -timeout 10m
