package main

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"time"
)

// source returns random numbers that depend on the seed, a name and the time, and on nothing else.
func source(seed uint64, name string, at time.Time) *rand.Rand {
	hash := fnv.New64a()
	hash.Write([]byte(name))                                               //nolint:gosec // it cannot fail
	return rand.New(rand.NewPCG(seed^hash.Sum64(), uint64(at.UnixNano()))) //nolint:gosec // made-up data, not secrets
}

// lognormal is the distribution that latencies are like.
type lognormal struct {
	median, sigma float64
}

// below returns what part of the values is at most x.
func (l lognormal) below(x float64) float64 {
	if x <= 0 {
		return 0
	}
	return 0.5 * math.Erfc(-(math.Log(x)-math.Log(l.median))/(l.sigma*math.Sqrt2))
}

func (l lognormal) mean() float64 { return l.median * math.Exp(l.sigma*l.sigma/2) }

// histogram is a cumulative histogram as OTLP sends it.
type histogram struct {
	bounds []float64
	counts []uint64 // one more than the bounds
	count  uint64
	sum    float64
}

func newHistogram(bounds []float64) *histogram {
	return &histogram{bounds: bounds, counts: make([]uint64, len(bounds)+1)}
}

// observe adds n values of a distribution.
func (h *histogram) observe(n uint64, d lognormal) {
	placed := uint64(0)
	for i, bound := range h.bounds {
		until := uint64(math.Round(float64(n) * d.below(bound)))
		h.counts[i] += until - placed
		placed = until
	}
	h.counts[len(h.bounds)] += n - placed
	h.count += n
	h.sum += float64(n) * d.mean()
}

func (h *histogram) clone() *histogram {
	copied := *h
	copied.counts = append([]uint64(nil), h.counts...)
	return &copied
}
