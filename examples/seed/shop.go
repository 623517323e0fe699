package main

import (
	"fmt"
	"maps"
	"math"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// step is how often the shop's programs report.
const step = 15 * time.Second

// When in each hour since the first run the database is slow. The cause comes a little earlier.
const (
	incidentPeriod = time.Hour
	incidentBegin  = 35 * time.Minute
	incidentEnd    = 45 * time.Minute
	incidentRamp   = time.Minute
)

// service is a program of the shop.
type service struct {
	name      string
	version   string
	instances int
	routes    []route
	memory    float64 // bytes
	runtime   string  // what it is written for: go or jvm
}

// route is what a service is asked for.
type route struct {
	method, path string
	rate         float64 // requests a second and instance, on average
	latency      lognormal
	// What a slow payments database does to it at its worst.
	slower   float64 // seconds more in the median
	failures float64 // part of the requests that fail
	status   int     // with which they fail
}

// normalFailures is the part of requests that fails on a good day.
const normalFailures = 0.002

func services() []service {
	return []service{
		{"web", "5.12.0", 3, []route{
			{"GET", "/", 12, lognormal{0.035, 0.5}, 0, 0, 502},
			{"GET", "/product/{id}", 20, lognormal{0.06, 0.6}, 0, 0, 502},
			{"POST", "/checkout", 1.5, lognormal{0.22, 0.5}, 1.4, 0.07, 502},
		}, 310e6, "go"},
		{"search", "2.3.1", 2, []route{{"GET", "/search", 15, lognormal{0.045, 0.7}, 0, 0, 500}}, 900e6, "jvm"},
		{"cart", "1.9.4", 2, []route{
			{"GET", "/cart", 9, lognormal{0.008, 0.4}, 0, 0, 500},
			{"POST", "/cart/items", 4, lognormal{0.014, 0.5}, 0, 0, 500},
		}, 150e6, "go"},
		{"checkout", "3.0.2", 2, []route{{"POST", "/orders", 2.2, lognormal{0.16, 0.5}, 1.3, 0.09, 502}}, 240e6, "jvm"},
		{"payments", "1.4.7", 2, []route{
			{"POST", "/charge", 2.2, lognormal{0.09, 0.4}, 1.2, 0.12, 504},
			{"GET", "/charge/{id}", 1.1, lognormal{0.02, 0.4}, 0.9, 0.05, 504},
		}, 280e6, "go"},
	}
}

// mostProgramHosts is how many hosts of the fleet the programs run on.
const mostProgramHosts = 4

// shop is the state of all programs: their counters. Its hosts have none.
type shop struct {
	seed     uint64
	start    time.Time
	env      string // of the deployment: another one has hosts of its own
	services []service
	machines []machine
	requests map[string]*histogram // by instance, route and status
	counters map[string]float64
}

func newShop(seed uint64, start time.Time, hosts int, env string) *shop {
	return &shop{
		seed: seed, start: start, services: services(), env: env, machines: fleet(hosts, start, env),
		requests: map[string]*histogram{}, counters: map[string]float64{},
	}
}

func (s *shop) clone() *shop {
	copied := *s
	copied.requests = make(map[string]*histogram, len(s.requests))
	for key, h := range s.requests {
		copied.requests[key] = h.clone()
	}
	copied.counters = maps.Clone(s.counters)
	return &copied
}

// advance lets the shop work from its start without anybody looking.
func (s *shop) advance(until time.Time) {
	unseen := pmetric.NewMetrics()
	for at := s.start; at.Before(until); at = at.Add(step) {
		s.measure(unseen, at)
		unseen = pmetric.NewMetrics()
	}
}

// emit returns what the shop's programs report in [from, to).
func (s *shop) emit(from, to time.Time) (pmetric.Metrics, plog.Logs) {
	metrics, logs := pmetric.NewMetrics(), plog.NewLogs()
	for at := from; at.Before(to); at = at.Add(step) {
		s.measure(metrics, at)
		s.write(logs, at)
	}
	return metrics, logs
}

// trouble is how slow the database is: 0 on a good day, 1 at its worst.
func (s *shop) trouble(at time.Time) float64 {
	since := at.Sub(s.start) % incidentPeriod
	rising := float64(since-incidentBegin) / float64(incidentRamp)
	falling := float64(incidentEnd-since) / float64(incidentRamp)
	return max(min(rising, falling, 1), 0)
}

// incidentIn returns the last incident that lies in [from, to).
func (s *shop) incidentIn(from, to time.Time) (begin, end time.Time, found bool) {
	for begin = s.start.Add(incidentBegin); ; begin = begin.Add(incidentPeriod) {
		next := begin.Add(incidentPeriod).Add(incidentEnd - incidentBegin)
		if !next.Before(to) {
			break
		}
	}
	end = begin.Add(incidentEnd - incidentBegin)
	return begin, end, !begin.Before(from) && !end.After(to)
}

// busy is how much is going on, around 1: a slow wave and some noise.
func (s *shop) busy(name string, at time.Time) float64 {
	wave := math.Sin(2 * math.Pi * at.Sub(s.start).Minutes() / 50)
	return 1 + 0.25*wave + 0.06*source(s.seed, "busy "+name, at).NormFloat64()
}

// load is how many requests of a route an instance has taken and failed in the step that ends at.
func (s *shop) load(instance string, r route, at time.Time) (taken, failed uint64) {
	random := source(s.seed, "load "+instance+r.path, at)
	expected := r.rate * step.Seconds() * s.busy(instance, at)
	taken = wholeNumber(expected+math.Sqrt(expected)*random.NormFloat64(), random.Float64())
	share := normalFailures + s.trouble(at)*r.failures
	failed = min(wholeNumber(float64(taken)*share, random.Float64()), taken)
	return taken, failed
}

// wholeNumber rounds up or down by chance, so that small numbers add up right.
func wholeNumber(value, chance float64) uint64 {
	value = max(value, 0)
	whole := math.Floor(value)
	if chance < value-whole {
		whole++
	}
	return uint64(whole)
}

func instanceName(s service, i int) string { return fmt.Sprintf("%s-%d", s.name, i+1) }

// hostOf spreads the instances over the first hosts.
func (s *shop) hostOf(service, instance int) string {
	return s.machines[(service+instance)%min(len(s.machines), mostProgramHosts)].name
}

// traceID returns the id of the n-th traced failure of a step: the same in every service that
// the failed request went through.
func (s *shop) traceID(at time.Time, n int) (trace [16]byte) {
	random := source(s.seed, fmt.Sprintf("trace %d", n), at)
	for i := range trace {
		trace[i] = byte(random.UintN(256))
	}
	return trace
}

func (s *shop) spanID(name string, at time.Time, n int) (span [8]byte) {
	random := source(s.seed, fmt.Sprintf("span %s %d", name, n), at)
	for i := range span {
		span[i] = byte(random.UintN(256))
	}
	return span
}
