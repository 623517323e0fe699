package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"
)

// seeder sends the shop's data in chunks of a minute, and notes in the server how far it came.
type seeder struct {
	client *client
	seed   uint64
	hosts  int
	env    string // deployment.environment.name
	out    io.Writer
	now    func() time.Time

	shop  *shop
	until time.Time // all steps before it have been sent
	total tally
}

// run is the name of all runs that continue each other.
func (s *seeder) run() string {
	name := strconv.FormatUint(s.seed, 10)
	if s.env != defaultEnvironment {
		name += "-" + s.env
	}
	return name
}

// chunk is how much time one request covers.
const chunk = time.Minute

// fill sends what the server does not have of the last duration.
func (s *seeder) fill(ctx context.Context, duration time.Duration) error {
	end := s.now().Truncate(chunk)
	start, until, err := s.client.progress(ctx, s.run(), duration+time.Hour)
	switch {
	case errors.Is(err, errForbidden):
		s.say("The key may not query, so what was sent before is not known; the hour is counted from the clock's.\n")
		start = end.Add(-duration).Truncate(time.Hour)
		until = end.Add(-duration)
	case err != nil:
		return err
	case start.IsZero():
		start = end.Add(-duration)
		until = start
	}
	s.shop = newShop(s.seed, start, s.hosts, s.env)
	s.until = until
	s.shop.advance(until)
	began := s.now()
	if err := s.sendUntil(ctx, end, isTerminal(s.out)); err != nil {
		return err
	}
	if s.total.points == 0 {
		s.say("Nothing to do: the data reaches to %s.\n", until.Local().Format(time.TimeOnly))
		return nil
	}
	s.say("Accepted %d data points (%d samples) and %d log lines in %s, from %s to %s; rejected %d.\n",
		s.total.points, s.total.samples, s.total.lines, s.now().Sub(began).Round(time.Millisecond),
		until.Local().Format(time.TimeOnly), end.Local().Format(time.TimeOnly), s.total.rejected)
	if from, to, found := s.shop.incidentIn(until, end); found {
		s.say("Look at the service payments from %s to %s.\n", from.Local().Format(time.TimeOnly), to.Local().Format(time.TimeOnly))
	}
	if s.total.rejected > 0 {
		return fmt.Errorf("%d items were rejected: %s", s.total.rejected, s.total.reason)
	}
	return nil
}

// follow sends each step when its time has come.
func (s *seeder) follow(ctx context.Context) error {
	s.say("Sending on; interrupt to end.\n")
	ticker := time.NewTicker(step)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if err := s.sendUntil(ctx, s.now().Truncate(step), false); err != nil {
				s.say("Trying again in %s because %s\n", step, err)
			}
		}
	}
}

func (s *seeder) sendUntil(ctx context.Context, end time.Time, progress bool) error {
	began := s.until
	for s.until.Before(end) {
		next := s.until.Truncate(chunk).Add(chunk)
		if next.After(end) {
			next = end
		}
		if err := s.send(ctx, next); err != nil {
			return err
		}
		if progress {
			s.say("\r%3.0f %%", 100*s.until.Sub(began).Seconds()/end.Sub(began).Seconds())
		}
	}
	if progress {
		s.say("\r")
	}
	return nil
}

// send sends the steps from s.until to end: the metrics, the logs, the hosts, and then that it did so. The
// same chunk has the same key, so that one sent again is not stored again.
func (s *seeder) send(ctx context.Context, end time.Time) error {
	ahead := s.shop.clone() // a chunk that fails is made again from the same state
	metrics, logs := ahead.emit(s.until, end)
	key := fmt.Sprintf("seed-%s-%d-%d-%d", s.run(), s.shop.start.Unix(), s.until.Unix(), end.Unix())
	counted, err := s.client.sendMetrics(ctx, key, metrics)
	if err != nil {
		return err
	}
	lines, err := s.client.sendLogs(ctx, key, logs)
	if err != nil {
		return err
	}
	if err := s.sendHosts(ctx, key, end); err != nil {
		return err
	}
	if _, err := s.client.sendMetrics(ctx, key+"-progress", progressMetrics(s.run(), s.shop.start, end)); err != nil {
		return err
	}
	s.total.add(counted)
	s.total.add(lines)
	s.shop, s.until = ahead, end
	return nil
}

// hostsInRequest keeps requests small, however large the fleet is.
const hostsInRequest = 25

// sendHosts sends what the hosts report from s.until to end.
func (s *seeder) sendHosts(ctx context.Context, key string, end time.Time) error {
	for n, some := range slices.Collect(slices.Chunk(s.shop.machines, hostsInRequest)) {
		metrics := s.shop.emitHosts(some, s.until, end)
		if metrics.DataPointCount() == 0 {
			continue
		}
		counted, err := s.client.sendMetrics(ctx, fmt.Sprintf("%s-hosts-%d-%d", key, s.hosts, n), metrics)
		if err != nil {
			return err
		}
		s.total.add(counted)
	}
	return nil
}

// isTerminal says whether somebody watches; a file needs no progress.
func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// say tells whoever watches. That nobody listens is no reason to stop.
func (s *seeder) say(format string, args ...any) { _, _ = fmt.Fprintf(s.out, format, args...) }

// tally counts what was accepted.
type tally struct {
	points, samples, lines, rejected int
	reason                           string // of the first rejection
}

func (t *tally) add(other tally) {
	t.points += other.points
	t.samples += other.samples
	t.lines += other.lines
	t.rejected += other.rejected
	if t.reason == "" {
		t.reason = other.reason
	}
}
