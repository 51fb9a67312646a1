package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tsujiban"
	"tsujiban/evidence"
)

// metrics serves numbers about the program. Every label comes from a closed set, so that
// nobody outside can make the set of series grow.
type metrics struct {
	app      *App
	registry *prometheus.Registry
	commit   prometheus.Histogram
	listener net.Listener // nil when metrics are off
	server   *http.Server
	done     chan struct{}
}

var (
	descVerdicts  = desc("verdicts_total", "Calls asked for, by action and by reason of the guard.", "action", "reason")
	descAnswered  = desc("calls_answered_total", "Calls that were answered.")
	descEnded     = desc("calls_ended_total", "Calls that ended, answered or not.")
	descCuts      = desc("calls_cut_total", "Calls that the guard ended, by reason.", "reason")
	descRunning   = desc("calls_running", "Calls that are up or being set up.")
	descAbroad    = desc("calls_running_international", "Calls to other countries that are up or being set up.")
	descRisk      = desc("money_at_risk", "Money set aside for running calls, in currency units.")
	descCharged   = desc("money_charged_today", "Money charged for calls that ended today, all customers, in currency units.")
	descCustomers = desc("customers", "Customers that are set.")
	descStands    = desc("restrictions", "Customers against whom a restriction stands.")
	descImposed   = desc("restrictions_total", "Restrictions imposed by guard and staff, by level.", "level")
	descRefusals  = desc("refusals_total", "Requests of nobody's that were turned away, by kind.", "kind")
	descFailing   = desc("journal_failing", "1 while the journal cannot be written.")
	descCommitted = desc("journal_committed_entries", "Entries of the journal that are on disk.")
	descLost      = desc("journal_lost_events_total", "Events that the journal had no room for.")
	descView      = desc("calls_view_failing", "1 while the calls view does not follow the journal.")
	descViewed    = desc("calls_view_entries", "Entries of the journal that the calls view has.")
	descProven    = desc("evidence_entries", "Entries of the journal that the newest signed checkpoint covers.")
	descUnproven  = desc("evidence_failing", "1 while the evidence does not follow the journal.")
	descErased    = desc("retention_erased_total", "Records that were erased at the end of their term since the start, by kind.", "kind")
	descOldest    = desc("retention_oldest_seconds", "When the oldest record was made, in seconds of Unix time, by kind.", "kind")
	descRetained  = desc("retention_last_seconds", "When retention was enforced last, in seconds of Unix time.")
	descNotErased = desc("retention_failing", "1 while what is past its term cannot be erased.")
	descHashed    = desc("password_hashes_total", "Passwords that were hashed: one for each attempt to sign in that was looked at.")
	descNotices   = desc("notices", "Notices that wait to be told, and that could not be, by state.", "state")
	descReady     = desc("ready", "1 while calls are taken in.")
	descCarrier   = desc("carrier_up", "1 while a carrier answers.", "carrier")
	descRequests  = desc("sip_requests_total", "SIP requests received, by method.", "method")
	descResponses = desc("sip_responses_total", "SIP responses received, by class.", "class")
	descReplies   = desc("sip_replies_total", "SIP responses made by the guard itself, by class.", "class")
	descMalformed = desc("sip_malformed_total", "SIP messages refused, by fault.", "fault")
	descShed      = desc("sip_refused_total", "Calls refused by the edge, by reason.", "reason")
	descSilent    = desc("sip_silent_total", "Requests met with silence, by kind.", "kind")
	descEvents    = desc("sip_events_total", "What else happened at the edge, by name.", "event")
	descHeld      = desc("sip_held", "INVITEs that wait for the journal.")
	descRelays    = desc("sip_transactions", "SIP transactions that are kept.")
	descPhones    = desc("sip_phones", "Registered phones that are known.")
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("tsujiban_"+name, help, labels, nil)
}

func newMetrics(a *App) *metrics {
	m := &metrics{app: a, registry: prometheus.NewRegistry()}
	m.commit = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "tsujiban_journal_sync_seconds", Help: "How long the disk took to make a batch of entries durable.",
		Buckets: []float64{.0001, .0002, .0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 5},
	})
	m.registry.MustRegister(m.commit, m, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Describe says nothing: the edge's labels are its own.
func (m *metrics) Describe(chan<- *prometheus.Desc) {}

// Collect reads everything at one moment.
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	a := m.app
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	count := func(d *prometheus.Desc, v uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	gauge(descReady, truth(a.ready.Load()))
	if !a.ready.Load() {
		return // what is below may not be there yet, or no longer
	}
	m.collectGuard(gauge, count)
	m.collectEdge(gauge, count)
	gauge(descFailing, truth(a.journal.Failing() != nil))
	gauge(descView, truth(a.viewFailing.Load() != nil))
	gauge(descCommitted, float64(a.journal.Committed()))
	gauge(descViewed, float64(a.viewed.position()))
	gauge(descProven, float64(a.prover.proven.Load()))
	count(descHashed, a.door.Hashed())
	a.keeper.collect(gauge, count)
	a.teller.collect(gauge)
	gauge(descUnproven, truth(a.prover.failing.Load() != nil))
}

type (
	gaugeFunc func(d *prometheus.Desc, v float64, labels ...string)
	countFunc func(d *prometheus.Desc, v uint64, labels ...string)
)

func (m *metrics) collectGuard(gauge gaugeFunc, count countFunc) {
	n := m.app.desk.numbers()
	for action, byReason := range n.verdicts {
		for reason, v := range byReason {
			if v > 0 {
				count(descVerdicts, v, tsujiban.Action(action).String(), tsujiban.Reason(reason).String())
			}
		}
	}
	for reason, v := range n.cuts {
		if v > 0 {
			count(descCuts, v, tsujiban.Reason(reason).String())
		}
	}
	for kind, v := range n.refusals {
		count(descRefusals, v, tsujiban.RefusalKind(kind).String())
	}
	for level, v := range n.imposed {
		if tsujiban.Level(level) != tsujiban.LevelNone {
			count(descImposed, v, tsujiban.Level(level).String())
		}
	}
	count(descAnswered, n.answered)
	count(descEnded, n.ended)
	count(descLost, n.lost)
	t := m.app.guard.Totals()
	gauge(descRunning, float64(t.Running))
	gauge(descAbroad, float64(t.International))
	gauge(descRisk, units(t.Reserved))
	gauge(descCharged, units(t.Charged))
	gauge(descCustomers, float64(t.Customers))
	gauge(descStands, float64(t.Restricted))
}

func (m *metrics) collectEdge(gauge gaugeFunc, count countFunc) {
	s := m.app.edge.Stats()
	classes := [...]string{1: "1xx", "2xx", "3xx", "4xx", "5xx", "6xx"}
	for i := 1; i < len(classes); i++ {
		count(descResponses, s.Responses[i], classes[i])
		count(descReplies, s.Replies[i], classes[i])
	}
	for _, t := range []struct {
		d *prometheus.Desc
		m map[string]uint64
	}{{descRequests, s.Requests}, {descMalformed, s.Malformed}, {descShed, s.Refused}, {descSilent, s.Silent}, {descEvents, s.Events}} {
		for label, v := range t.m {
			if v > 0 {
				count(t.d, v, label)
			}
		}
	}
	gauge(descHeld, float64(s.Held))
	gauge(descRelays, float64(s.Relays))
	gauge(descPhones, float64(s.Phones))
	for _, c := range m.app.edge.Carriers() {
		gauge(descCarrier, truth(c.Up), string(c.ID))
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func units(m tsujiban.Money) float64 { return float64(m) / float64(tsujiban.Unit) }

// startMetrics serves /metrics, /healthz, /readyz and the tiles of the evidence where the configuration says.
func (a *App) startMetrics(ctx context.Context) error {
	m := a.metrics
	if a.cfg.Metrics.Listen == "" {
		return nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", a.cfg.Metrics.Listen)
	if err != nil {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "%w; give metrics.listen another address", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { m.say(w, nil) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { m.say(w, a.unready()) })
	tree := evidence.Handler(a.cfg.EvidenceDir())
	mux.Handle("/checkpoint", tree)
	mux.Handle("/tile/", tree)
	m.listener, m.done = l, make(chan struct{})
	m.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug)}
	go func() {
		defer close(m.done)
		if err := m.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			a.log.Error("metrics are no longer served", slog.Any("error", err))
		}
	}()
	return nil
}

// unready says why calls are not taken in or not recorded; nil when they are.
func (a *App) unready() error {
	if !a.ready.Load() {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "starting or stopping")
	}
	return a.journal.Failing()
}

func (m *metrics) say(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	text := "ok\n"
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		text = err.Error() + "\n"
	}
	if _, err := w.Write([]byte(text)); err != nil {
		m.app.log.Debug("a probe did not wait for its answer", slog.Any("error", err))
	}
}

func (m *metrics) stop() error {
	if m.server == nil {
		return nil
	}
	err := m.server.Close()
	<-m.done
	return err
}
