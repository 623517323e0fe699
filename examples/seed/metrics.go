package main

import (
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// The metrics in which a run notes when the first began and how far it came itself.
const (
	startMetric = "seed.window.start"
	untilMetric = "seed.sent.until"
)

// promName returns a gauge's name as a query has it.
func promName(name string) string { return strings.ReplaceAll(name, ".", "_") }

// latencyBounds are OpenTelemetry's advice for durations of HTTP requests.
func latencyBounds() []float64 {
	return []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}
}

func (s *shop) resource(attributes pcommon.Map, service, version, instance, host string) {
	attributes.PutStr("service.name", service)
	attributes.PutStr("service.namespace", "shop")
	attributes.PutStr("service.instance.id", instance)
	attributes.PutStr("service.version", version)
	attributes.PutStr("deployment.environment.name", s.env)
	attributes.PutStr("host.name", host)
	attributes.PutStr("cloud.region", "eu-central-1")
}

// sheet takes the metrics of one instance at one time.
type sheet struct {
	metrics pmetric.MetricSlice
	start   pcommon.Timestamp
	at      pcommon.Timestamp
}

func newSheet(metrics pmetric.Metrics, start, at time.Time) (sheet, pcommon.Map) {
	r := metrics.ResourceMetrics().AppendEmpty()
	scope := r.ScopeMetrics().AppendEmpty()
	scope.Scope().SetName("github.com/pharos-obs/pharos/examples/seed")
	return sheet{
		metrics: scope.Metrics(),
		start:   pcommon.NewTimestampFromTime(start), at: pcommon.NewTimestampFromTime(at),
	}, r.Resource().Attributes()
}

func (s sheet) metric(name, unit, description string) pmetric.Metric {
	m := s.metrics.AppendEmpty()
	m.SetName(name)
	m.SetUnit(unit)
	m.SetDescription(description)
	return m
}

func (s sheet) gauge(name, unit, description string, value float64, pairs ...string) {
	s.point(s.metric(name, unit, description).SetEmptyGauge().DataPoints(), value, pairs)
}

func (s sheet) counter(name, unit, description string, value float64, pairs ...string) {
	sum := s.metric(name, unit, description).SetEmptySum()
	sum.SetIsMonotonic(true)
	sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	s.point(sum.DataPoints(), value, pairs)
}

// amount is a sum that goes up and down, such as bytes in use.
func (s sheet) amount(name, unit, description string, value float64, pairs ...string) {
	sum := s.metric(name, unit, description).SetEmptySum()
	sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	s.point(sum.DataPoints(), value, pairs)
}

func (s sheet) point(points pmetric.NumberDataPointSlice, value float64, pairs []string) {
	point := points.AppendEmpty()
	point.SetStartTimestamp(s.start)
	point.SetTimestamp(s.at)
	point.SetDoubleValue(value)
	put(point.Attributes(), pairs)
}

func (s sheet) histogram(m pmetric.Metric, h *histogram, pairs ...string) pmetric.HistogramDataPoint {
	if m.Type() == pmetric.MetricTypeEmpty {
		m.SetEmptyHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	}
	point := m.Histogram().DataPoints().AppendEmpty()
	point.SetStartTimestamp(s.start)
	point.SetTimestamp(s.at)
	point.SetCount(h.count)
	point.SetSum(h.sum)
	point.ExplicitBounds().FromRaw(h.bounds)
	point.BucketCounts().FromRaw(h.counts)
	put(point.Attributes(), pairs)
	return point
}

func put(target pcommon.Map, pairs []string) {
	for i := 0; i+1 < len(pairs); i += 2 {
		target.PutStr(pairs[i], pairs[i+1])
	}
}

// measure adds what every program reports at a time.
func (s *shop) measure(metrics pmetric.Metrics, at time.Time) {
	for n, program := range s.services {
		for i := range program.instances {
			instance := instanceName(program, i)
			page, attributes := newSheet(metrics, s.start, at)
			s.resource(attributes, program.name, program.version, instance, s.hostOf(n, i))
			s.measureRequests(page, program, instance, at)
			s.measureProgram(page, program, instance, at)
			s.measureRuntime(page, program, instance, at)
			switch program.name {
			case "payments":
				s.measureDatabase(page, instance, at)
			case "checkout":
				s.counters["orders "+instance] += float64(s.orders(program, instance, at))
				page.counter("shop.orders", "{order}", "Orders placed.", s.counters["orders "+instance])
			}
		}
	}
}

func (s *shop) orders(program service, instance string, at time.Time) uint64 {
	taken, failed := s.load(instance, program.routes[0], at)
	return taken - failed
}

func (s *shop) measureRequests(page sheet, program service, instance string, at time.Time) {
	durations := page.metric("http.server.request.duration", "s", "Duration of HTTP server requests.")
	for _, r := range program.routes {
		taken, failed := s.load(instance, r, at)
		usual := lognormal{r.latency.median + s.trouble(at)*r.slower, r.latency.sigma}
		for _, outcome := range []struct {
			status int
			n      uint64
			d      lognormal
		}{{200, taken - failed, usual}, {r.status, failed, lognormal{usual.median * 1.6, 0.3}}} {
			status := strconv.Itoa(outcome.status)
			h := s.histogram(instance + r.method + r.path + status)
			h.observe(outcome.n, outcome.d)
			point := page.histogram(durations, h, "http.request.method", r.method, "http.route", r.path,
				"http.response.status_code", status, "url.scheme", "http")
			if outcome.n > 0 && outcome.status != 200 && r.failures > 0 {
				s.exemplar(point, outcome.d.median, program.name, at)
			}
		}
	}
}

// exemplar points to the trace of a failed request; its log lines have the same id.
func (s *shop) exemplar(point pmetric.HistogramDataPoint, value float64, program string, at time.Time) {
	e := point.Exemplars().AppendEmpty()
	e.SetTimestamp(pcommon.NewTimestampFromTime(at))
	e.SetDoubleValue(value)
	e.SetTraceID(s.traceID(at, 0))
	e.SetSpanID(s.spanID(program, at, 0))
}

func (s *shop) histogram(key string) *histogram {
	h := s.requests[key]
	if h == nil {
		h = newHistogram(latencyBounds())
		s.requests[key] = h
	}
	return h
}

func (s *shop) measureProgram(page sheet, program service, instance string, at time.Time) {
	random := source(s.seed, "program "+instance, at)
	busy, trouble := s.busy(instance, at), s.trouble(at)
	waiting := 0.0 // requests that wait for the database are in memory
	for _, r := range program.routes {
		waiting += trouble * r.slower * r.rate
	}
	page.gauge("http.server.active_requests", "{request}", "Requests being served.",
		float64(wholeNumber(2*busy+waiting*4, random.Float64())))
	page.gauge("process.cpu.utilization", "1", "Part of the CPUs that the program uses.", 0.08+0.14*busy+0.02*random.Float64())
	page.gauge("process.memory.usage", "By", "Physical memory of the program.",
		program.memory*(1+0.04*busy+0.02*random.Float64())+waiting*3e6)
}

// poolSize is how many connections to the database an instance of payments may have.
const poolSize = 50

func (s *shop) measureDatabase(page sheet, instance string, at time.Time) {
	random := source(s.seed, "database "+instance, at)
	trouble := s.trouble(at)
	durations := page.metric("db.client.operation.duration", "s", "Duration of database operations.")
	for _, operation := range []struct {
		name   string
		rate   float64
		usual  lognormal
		slower float64
	}{{"SELECT", 9, lognormal{0.004, 0.5}, 0.7}, {"INSERT", 2.5, lognormal{0.007, 0.5}, 0.9}} {
		h := s.histogram("database " + instance + operation.name)
		n := wholeNumber(operation.rate*step.Seconds()*s.busy(instance, at), random.Float64())
		h.observe(n, lognormal{operation.usual.median + trouble*operation.slower, operation.usual.sigma})
		page.histogram(durations, h, "db.system.name", "postgresql", "db.namespace", "payments", "db.operation.name", operation.name)
	}
	used := min(float64(wholeNumber(4+2*random.Float64()+60*trouble, 0)), poolSize)
	for _, state := range []struct {
		name  string
		value float64
	}{{"used", used}, {"idle", poolSize - used}} {
		page.gauge("db.client.connection.count", "{connection}", "Connections of the pool by state.", state.value,
			"db.client.connection.pool.name", "payments", "db.client.connection.state", state.name)
	}
	page.gauge("db.client.connection.pending_requests", "{request}", "Requests that wait for a connection.",
		float64(wholeNumber(trouble*(30+15*random.Float64()), 0)), "db.client.connection.pool.name", "payments")
}

// measureRuntime adds what the program's language runtime reports of itself.
func (s *shop) measureRuntime(page sheet, program service, instance string, at time.Time) {
	busy := s.busy("runtime "+instance, at)
	if program.runtime == "jvm" {
		for _, pool := range []struct {
			name, kind string
			part       float64
		}{{"G1 Eden Space", "heap", 0.3}, {"G1 Old Gen", "heap", 0.4}, {"Metaspace", "non_heap", 0.1}} {
			page.amount("jvm.memory.used", "By", "Memory used.", program.memory*pool.part*busy, "jvm.memory.type", pool.kind, "jvm.memory.pool.name", pool.name)
		}
		page.amount("jvm.thread.count", "{thread}", "Threads.", float64(int(42+6*busy)), "jvm.thread.state", "runnable")
		page.gauge("jvm.cpu.recent_utilization", "1", "Recent CPU utilization of the process.", 0.09*busy)
		return
	}
	page.amount("go.goroutine.count", "{goroutine}", "Live goroutines.", float64(int(38+30*busy)))
	page.amount("go.memory.used", "By", "Memory used by the Go runtime.", program.memory*0.6*busy, "go.memory.type", "other")
	page.amount("go.memory.used", "By", "Memory used by the Go runtime.", program.memory*0.03, "go.memory.type", "stack")
}

// progressMetrics notes how far a run came.
func progressMetrics(run string, start, until time.Time) pmetric.Metrics {
	metrics := pmetric.NewMetrics()
	page, attributes := newSheet(metrics, start, until)
	attributes.PutStr("service.name", "seed")
	page.gauge(startMetric, "", "When the first run of the seed program began, in Unix seconds.", float64(start.Unix()), "seed", run)
	page.gauge(untilMetric, "", "How far the runs of the seed program came, in Unix seconds.", float64(until.Unix()), "seed", run)
	return metrics
}

// sampleCount is how many samples the data points become in the store.
func sampleCount(metrics pmetric.Metrics) int {
	n := 0
	for _, r := range metrics.ResourceMetrics().All() {
		for _, scope := range r.ScopeMetrics().All() {
			for _, m := range scope.Metrics().All() {
				n += samplesOf(m)
			}
		}
	}
	return n
}

func samplesOf(m pmetric.Metric) int {
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		return m.Gauge().DataPoints().Len()
	case pmetric.MetricTypeSum:
		return m.Sum().DataPoints().Len()
	case pmetric.MetricTypeHistogram:
		n := 0
		for _, point := range m.Histogram().DataPoints().All() {
			n += point.BucketCounts().Len() + 2 // sum and count
		}
		return n
	}
	return 0
}
