package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// measure starts a server, drives a load, stops the server and measures what is on disk.
func measure(ctx context.Context, o *options, overlay string, prepare func(*server) load) (r result, err error) {
	s, err := startServer(ctx, o, overlay)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.remove()) }()
	l := prepare(s)
	m, err := s.startMeter()
	if err != nil {
		return r, errors.Join(err, s.stop())
	}
	d, err := drive(ctx, l, o.senders, o.duration)
	if err != nil {
		return r, errors.Join(err, s.stop())
	}
	if d.elapsed < o.duration*9/10 {
		return r, errors.Join(errWindow, s.stop())
	}
	cpu, peak, err := m.read()
	if err := errors.Join(err, s.stop()); err != nil {
		return r, err
	}
	r.fill(d, l.items, cpu, peak)
	return r, r.fillDisk(s.dir, m.disk)
}

const idleTime = 10 * time.Second

// runStart measures how soon a fresh server answers, and what it costs when nobody uses it.
func runStart(ctx context.Context, o *options) (r result, err error) {
	begun := time.Now()
	s, err := startServer(ctx, o, "")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.stop(), s.remove()) }()
	r.ReadySeconds = round(s.ready.Seconds(), 3)
	if o.peer.command == "" {
		if err := s.awaitSample(ctx); err != nil {
			return r, err
		}
		r.FirstSampleSeconds = round(time.Since(begun).Seconds(), 3)
	}
	m, err := s.startMeter()
	if err != nil {
		return r, err
	}
	select {
	case <-ctx.Done():
		return r, ctx.Err()
	case <-time.After(idleTime):
	}
	cpu, peak, err := m.read()
	if err != nil {
		return r, err
	}
	resident, err := memory(s.pid(), "VmRSS")
	if err != nil {
		return r, err
	}
	r.IdleBytes, r.PeakBytes = resident, peak
	r.IdleCPUPercent = round(100*cpu.Seconds()/idleTime.Seconds(), 2)
	return r, nil
}

// awaitSample waits until a sample of this host can be queried.
func (s *server) awaitSample(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	query := s.base + "/api/v1/query?query=" + url.QueryEscape("count(system_cpu_time_seconds_total)")
	for {
		_, body, err := get(ctx, query, s.key)
		if _, found := parseNumber(body); err == nil && found {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for a sample of this host: %w (last answer: %.200q)", ctx.Err(), body)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
