package hostreceiver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// fakeProcess is a process that uses so many CPUs.
type fakeProcess struct {
	birth int64
	used  float64 // seconds
	rate  float64
	rss   uint64
}

// fakeProcesses is a system of processes. Those that have ended stay in what it was busy with.
type fakeProcesses struct {
	alive map[int32]*fakeProcess
	spent float64
	blind bool // does not say how busy it was
	reads map[int32]int
	now   time.Time
}

func newFakeProcesses() *fakeProcesses {
	return &fakeProcesses{alive: map[int32]*fakeProcess{}, reads: map[int32]int{}, now: fakeNow}
}

func (f *fakeProcesses) add(pid int32, rate float64, rss uint64) *fakeProcess {
	f.alive[pid] = &fakeProcess{birth: f.now.UnixNano(), rate: rate, rss: rss}
	return f.alive[pid]
}

// pass lets time pass.
func (f *fakeProcesses) pass(d time.Duration) {
	f.now = f.now.Add(d)
	for _, p := range f.alive {
		p.used += p.rate * d.Seconds()
		f.spent += p.rate * d.Seconds()
	}
}

func (f *fakeProcesses) begin(context.Context, *batch) error { return nil }

func (f *fakeProcesses) list(_ context.Context, into []int32) ([]int32, error) {
	return append(into, slices.Sorted(maps.Keys(f.alive))...), nil
}

func (f *fakeProcesses) read(_ context.Context, p *processStat) error {
	f.reads[p.key.pid]++
	found := f.alive[p.key.pid]
	if found == nil {
		return errors.New("it has ended")
	}
	p.key.birth, p.user, p.rss, p.state, p.name = found.birth, found.used, found.rss, "sleeping", fmt.Sprintf("p%d", p.key.pid)
	return nil
}

func (f *fakeProcesses) busy() (float64, bool) { return f.spent, !f.blind }

func (f *fakeProcesses) details(context.Context, *processStat) processDetails {
	return processDetails{}
}

// run lets ten seconds pass, runs the scraper, and returns the processes that it reports and how
// many it has read.
func (f *fakeProcesses) run(t *testing.T, s *processScraper) (names string, reads int) {
	t.Helper()
	f.pass(10 * time.Second)
	before := s.table.reads
	b := newBatch(pmetric.NewMetricSlice(), f.now, time.Time{}, newFiles())
	require.NoError(t, s.table.refresh(t.Context(), b))
	var found []string
	for _, p := range s.choose(t.Context()) {
		require.True(t, p.read.Equal(f.now), "%s is reported as it is now", p.name)
		found = append(found, p.name)
	}
	return strings.Join(found, " "), s.table.reads - before
}

func fakeScraper(f *fakeProcesses, top int) *processScraper {
	return &processScraper{host: fakeHost(), cpus: 2, table: newProcessTable(f, top)}
}

func TestChooseProcesses(t *testing.T) {
	f := newFakeProcesses()
	s := fakeScraper(f, 1)
	first, second := f.add(1, 10, 0), f.add(2, 0.5, 10)
	f.add(3, 0.1, 99)
	f.add(4, 0, 0)
	names, _ := f.run(t, s)
	assert.Equal(t, "p1 p3", names, "the most CPU ever, and the most memory")

	first.rate, second.rate = 0, 0.3
	for range lingering - 1 {
		names, _ = f.run(t, s)
		assert.Equal(t, "p1 p2 p3", names, "p1 lingers")
	}
	names, _ = f.run(t, s)
	assert.Equal(t, "p2 p3", names, "p1 has lingered long enough")

	delete(f.alive, 2)
	delete(f.alive, 3)
	first.rss = 0
	names, _ = f.run(t, s)
	assert.Empty(t, names, "p2 and p3 have ended")
	assert.Len(t, s.table.known, 2)
}

func TestReusedProcessID(t *testing.T) {
	f := newFakeProcesses()
	s := fakeScraper(f, 1)
	f.add(1, 1, 0).used = 100
	f.run(t, s)
	f.run(t, s)
	f.add(1, 0.2, 0)
	f.run(t, s)
	assert.InDelta(t, 0.2, s.table.known[1].rate, 1e-9, "another process with the same id")
}

func TestProcessUtilization(t *testing.T) {
	f := newFakeProcesses()
	s := fakeScraper(f, 10)
	f.add(1, 0.4, 0)
	f.run(t, s)
	metrics := pmetric.NewMetricSlice()
	b := newBatch(metrics, f.now, time.Time{}, newFiles())
	s.report(t.Context(), b, s.choose(t.Context()))
	assert.NotContains(t, render(metrics, b.stamp), "process.cpu.utilization{", "one reading is not enough")
	f.run(t, s)
	s.report(t.Context(), b, s.choose(t.Context()))
	assert.Contains(t, render(metrics, b.stamp), "process.pid=1} 0.2\n", "0.4 of 2 CPUs")
}

// TestFewProcessesAreRead counts what a quiet system of 1000 processes costs.
func TestFewProcessesAreRead(t *testing.T) {
	f := newFakeProcesses()
	for pid := range int32(1000) {
		f.add(pid+1, 0, uint64(pid)+1)
	}
	for pid := range int32(15) {
		f.alive[pid+1].rate = 0.05
	}
	s := fakeScraper(f, 10)
	_, reads := f.run(t, s)
	assert.Equal(t, 1000, reads, "all at first")
	const minutes, runs = 10, 6
	f.run(t, s) // and again, to know what they use
	clear(f.reads)
	total := 0
	for range minutes * runs {
		_, reads = f.run(t, s)
		assert.LessOrEqual(t, reads, 1000/runs+50)
		total += reads
	}
	assert.LessOrEqual(t, total, minutes*(1000+runs*45), "each once a minute, and those near the top every time")
	for pid := range int32(1000) {
		assert.GreaterOrEqual(t, f.reads[pid+1], minutes-1, "none is older than a minute")
	}
	assert.Equal(t, minutes*runs, f.reads[1], "the busy ones are read every time")
}

// TestBusyProcessIsSeenAtOnce holds what the table promises of processes that were idle, and of
// new ones, even when the top is full.
func TestBusyProcessIsSeenAtOnce(t *testing.T) {
	f := newFakeProcesses()
	for pid := range int32(1000) {
		f.add(pid+1, 0, uint64(pid)+1)
	}
	for pid := range int32(20) {
		f.alive[pid+1].rate = 0.02
	}
	s := fakeScraper(f, 10)
	for range 3 {
		f.run(t, s)
	}
	f.alive[500].rate = 0.9
	names, _ := f.run(t, s)
	assert.Contains(t, strings.Fields(names), "p500", "an old one, at once")
	f.run(t, s)
	assert.InDelta(t, 0.9, s.table.known[500].rate, 1e-9, "and exactly in the run after")

	f.add(2000, 0.5, 0)
	names, reads := f.run(t, s)
	assert.Contains(t, strings.Fields(names), "p2000", "a new one")
	assert.Less(t, reads, 300, "nothing was searched for it")

	f.add(2001, 0, 1<<40)
	names, _ = f.run(t, s)
	assert.Contains(t, strings.Fields(names), "p2001", "one that is big and idle")
}

// TestSearchesInVainBecomeRare lets CPU be used by processes that nobody sees.
func TestSearchesInVainBecomeRare(t *testing.T) {
	f := newFakeProcesses()
	for pid := range int32(1000) {
		f.add(pid+1, 0, 0)
	}
	s := fakeScraper(f, 10)
	f.run(t, s)
	searches := 0
	for range 200 {
		f.spent += 15
		if _, reads := f.run(t, s); reads >= 1000 {
			searches++
		}
	}
	assert.LessOrEqual(t, searches, 10)
	f.alive[700].rate = 1
	seen := false
	for range 7 {
		f.spent += 15
		names, _ := f.run(t, s)
		seen = seen || strings.Contains(names, "p700")
	}
	assert.True(t, seen, "within a minute even so")
}

func TestWithoutBusyAllAreRead(t *testing.T) {
	f := newFakeProcesses()
	f.blind = true
	for pid := range int32(100) {
		f.add(pid+1, 0, 0)
	}
	s := fakeScraper(f, 5)
	f.run(t, s)
	_, reads := f.run(t, s)
	assert.Equal(t, 100, reads)
}

// TestTopOfRandomSystems compares with the truth: who used more than all but the last of the top
// used is in the top at the latest in the run after.
func TestTopOfRandomSystems(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		f := newFakeProcesses()
		next := int32(1)
		for ; next <= 200; next++ {
			f.add(next, 0, uint64(random.IntN(1000)))
		}
		s := fakeScraper(f, 5)
		f.run(t, s)
		for step := range 60 {
			changed := step%3 == 0
			if changed {
				for range 5 {
					pids := slices.Sorted(maps.Keys(f.alive))
					p := f.alive[pids[random.IntN(len(pids))]]
					p.rate = max(0, random.Float64()-0.3)
				}
				pids := slices.Sorted(maps.Keys(f.alive))
				if victim := pids[random.IntN(len(pids))]; f.alive[victim].rate == 0 {
					delete(f.alive, victim)
				}
				f.add(next, random.Float64(), uint64(random.IntN(2000)))
				next++
			}
			names, _ := f.run(t, s)
			if !changed {
				for _, want := range f.top(5) {
					assert.Contains(t, strings.Fields(names), want, "seed %d, step %d", seed, step)
				}
			}
		}
	}
}

// top returns who uses most CPU.
func (f *fakeProcesses) top(n int) []string {
	pids := slices.Sorted(maps.Keys(f.alive))
	slices.SortStableFunc(pids, func(a, b int32) int {
		switch x, y := f.alive[a].rate, f.alive[b].rate; {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	var names []string
	for _, pid := range pids[:min(n, len(pids))] {
		if f.alive[pid].rate > 0 {
			names = append(names, fmt.Sprintf("p%d", pid))
		}
	}
	return names
}
