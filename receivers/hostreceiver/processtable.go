package hostreceiver

import (
	"context"
	"slices"
	"time"
)

const (
	// rereadAfter is how old what is known of a process may become.
	rereadAfter = time.Minute
	// leastRate is how much CPU is not worth a look, in CPUs: of a process to watch it, and of the
	// system to search for it.
	leastRate = 0.01
	// longestQuiet is for how many runs at most nothing is searched after searches in vain.
	longestQuiet = 64
)

// processKey identifies a process; the kernel uses process ids again.
type processKey struct {
	pid   int32
	birth int64 // in whatever unit the system has
}

// processStat is what is cheap to know about a process, as it was when it was last read.
type processStat struct {
	key          processKey
	comm, name   string // as the kernel says it, and without what changes
	state        string // running, sleeping, stopped or defunct
	started      time.Time
	user, system float64 // seconds
	rss, virtual uint64
	threads      uint64
	minor, major uint64 // page faults

	recent float64   // CPU seconds since it was read before; ever, when it is new
	exact  bool      // that was in the run before, or it is new
	rate   float64   // the same in CPUs; in the first run, seconds
	read   time.Time // when it was read
	due    time.Time // when it must be read
	cycle  int       // the last run that it was alive in
	watch  int       // until which run it is read every time
	linger int       // for how many runs it is still reported
	path   string    // of its stat file, on Linux
}

func (p *processStat) cpu() float64 { return p.user + p.system }

// processSource tells of processes. It is used by one goroutine at a time.
type processSource interface {
	// begin is called at the beginning of a run.
	begin(ctx context.Context, b *batch) error
	// list appends the ids of all processes.
	list(ctx context.Context, into []int32) ([]int32, error)
	// read reads a process; an error means that it has ended, or is not to be seen.
	read(ctx context.Context, p *processStat) error
	// busy returns how many CPU seconds all processes together have used since the start of the
	// system, those that have ended too; false where that is not to be had.
	busy() (float64, bool)
	// details reads what costs more, and of which some is for the owner of a process only.
	details(ctx context.Context, p *processStat) processDetails
}

// processDetails is what is read only of the processes that are reported.
type processDetails struct {
	read, written uint64 // bytes, from and to disks
	files         uint64 // open
	hasTraffic    bool   // whether that could be seen
	hasFiles      bool
}

// processTable knows all processes but does not read all of them in each run. It lists their ids,
// and reads
//
//   - those that are new, so that a busy one is seen in the run after its start,
//   - those that are watched: all that were near the top in the run before, or used a hundredth of
//     a CPU,
//   - those that were last read a minute ago,
//   - and all, when the system has used more CPU than these processes have, and the others are
//     used to, by as much as would bring a process into the top. Searches that find nothing (the
//     CPU was that of processes that have ended, or that this one may not see) become rarer.
//
// So whatever is big is seen in the run in which it becomes big, and measured exactly from the
// next one on; while searches are rare, within a minute. Memory cannot grow fast without CPU, and
// so is found in the same ways.
type processTable struct {
	source processSource
	top    int // processes to report; 0 for none, and then nothing is searched
	known  map[int32]*processStat
	order  []*processStat // those alive, by id
	rest   []*processStat // those not read in this run
	pids   []int32

	cycle   int
	now     time.Time
	elapsed float64 // seconds since the run before; 0 in the first
	busy    float64
	quiet   int // runs to wait after a search in vain
	until   int // the run before which nothing is searched
	reads   int // processes read so far
}

func newProcessTable(source processSource, top int) *processTable {
	return &processTable{source: source, top: top, known: map[int32]*processStat{}}
}

// refresh brings the table up to date.
func (t *processTable) refresh(ctx context.Context, b *batch) error {
	if err := t.source.begin(ctx, b); err != nil {
		return err
	}
	pids, err := t.source.list(ctx, t.pids[:0])
	if err != nil {
		return err
	}
	t.elapsed = 0
	if !t.now.IsZero() {
		t.elapsed = max(b.now.Sub(t.now).Seconds(), 0)
	}
	last := t.now
	t.pids, t.now = pids, b.now
	t.cycle++
	accounted := t.readNeeded(ctx, last)
	if t.top > 0 {
		if floor := t.floor(); t.suspicious(accounted, floor) {
			t.search(ctx, floor)
		}
	}
	t.forgetEnded()
	if len(t.order) == 0 {
		return errNoProcesses
	}
	return nil
}

// readNeeded reads the processes that have to be read in any case, and returns how many CPU seconds
// are accounted for: what those have used, and what the others would have, as before.
func (t *processTable) readNeeded(ctx context.Context, last time.Time) (accounted float64) {
	t.order, t.rest = t.order[:0], t.rest[:0]
	for i, pid := range t.pids {
		p := t.known[pid]
		fresh := p == nil
		if fresh {
			// They become due one after the other, and not all in one run.
			spread := rereadAfter * time.Duration(i+1) / time.Duration(len(t.pids))
			p = &processStat{key: processKey{pid: pid}, due: t.now.Add(spread)}
		}
		p.exact = fresh || p.read.Equal(last)
		switch {
		case !fresh && p.watch < t.cycle && t.now.Before(p.due):
			t.rest = append(t.rest, p)
			accounted += p.rate * t.elapsed
		case !t.read(ctx, p):
			continue
		case p.exact:
			accounted += p.recent
		default:
			accounted += p.rate * t.elapsed
		}
		t.known[pid] = p
		p.cycle = t.cycle
		t.order = append(t.order, p)
	}
	return accounted
}

// read reads a process and says whether there is one.
func (t *processTable) read(ctx context.Context, p *processStat) bool {
	before, at, birth := p.cpu(), p.read, p.key.birth
	t.reads++
	if t.source.read(ctx, p) != nil {
		return false
	}
	p.read = t.now
	for !p.due.After(t.now) {
		p.due = p.due.Add(rereadAfter)
	}
	switch gap := t.now.Sub(at).Seconds(); {
	case !at.IsZero() && birth == p.key.birth:
		p.recent = max(p.cpu()-before, 0)
		if gap > 0 {
			p.rate = p.recent / gap
		}
	case t.elapsed > 0: // it is new, or another one with the same id
		p.recent, p.rate = p.cpu(), p.cpu()/t.elapsed
		p.linger, p.watch = 0, t.cycle+2
	default: // all are, and what they used is known after the second run
		p.recent, p.rate = p.cpu(), p.cpu()
		p.watch = t.cycle + 1
	}
	return true
}

// floor returns how many CPUs a process must use to be in the top, as far as is known before a
// search.
func (t *processTable) floor() float64 {
	top := largest(t.order, t.top, func(p *processStat) float64 {
		if p.read.Equal(t.now) {
			return p.rate
		}
		return 0
	})
	if len(top) < t.top {
		return leastRate
	}
	return max(leastRate, top[t.top-1].rate)
}

// suspicious says whether a process that was not read can belong to the top.
func (t *processTable) suspicious(accounted, floor float64) bool {
	busy, known := t.source.busy()
	spent := busy - t.busy
	t.busy = busy
	switch {
	case len(t.rest) == 0:
		return false
	case t.elapsed == 0:
		return false
	case !known:
		return true
	}
	if (spent-accounted)/t.elapsed <= floor {
		t.quiet /= 2
		return false
	}
	return t.cycle >= t.until
}

// search reads all the rest. A process that was not read in the run before, and may have used
// enough of its CPU since then, is watched: the next run says how much it is.
func (t *processTable) search(ctx context.Context, floor float64) {
	found := false
	alive := t.order[:0]
	for _, p := range t.order {
		if !p.read.Equal(t.now) && !t.read(ctx, p) {
			p.cycle = 0
			continue
		}
		if !p.exact && p.recent/t.elapsed > floor {
			p.watch, found = t.cycle+1, true
		}
		alive = append(alive, p)
	}
	t.order = alive
	t.quiet = min(2*t.quiet+1, longestQuiet)
	if found {
		t.quiet = 0
	}
	t.until = t.cycle + 1 + t.quiet
}

func (t *processTable) forgetEnded() {
	if len(t.known) == len(t.order) {
		return
	}
	for pid, p := range t.known {
		if p.cycle != t.cycle {
			delete(t.known, pid)
		}
	}
}

// largest returns the n processes that used most, the most first.
func largest(all []*processStat, n int, used func(*processStat) float64) []*processStat {
	top := make([]*processStat, 0, n+1)
	for _, p := range all {
		value := used(p)
		if value <= 0 || len(top) == n && value <= used(top[n-1]) {
			continue
		}
		at, _ := slices.BinarySearchFunc(top, value, func(other *processStat, value float64) int {
			if used(other) >= value { // the one with the lower id stays before
				return -1
			}
			return 1
		})
		top = slices.Insert(top, at, p)
		top = top[:min(len(top), n)]
	}
	return top
}
