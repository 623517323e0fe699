package journaldreceiver

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/agentstate"
	"github.com/pharos-obs/pharos/internal/hostidentity"
	"github.com/pharos-obs/pharos/internal/logparse"
	"github.com/pharos-obs/pharos/internal/recordid"
)

const (
	scopeName    = "github.com/pharos-obs/pharos/receivers/journaldreceiver"
	batchEntries = 500
	// gather is how long entries are waited for that go with the first.
	gather = 200 * time.Millisecond
	// againWait is how long the entries of a batch that was open are waited for.
	againWait = 30 * time.Second
	// steady is how long journalctl runs before its end is no longer its start's.
	steady = time.Minute
)

type journald struct {
	cfg       *Config
	set       receiver.Settings
	next      consumer.Logs
	parser    *logparse.Parser
	telemetry *telemetry
	host      component.Host
	resource  pcommon.Resource

	state   *state
	fresh   bool
	first   time.Duration // pause before journalctl is run again
	stop    context.CancelFunc
	running sync.WaitGroup
}

func newReceiver(set receiver.Settings, cfg *Config, next consumer.Logs) (*journald, error) {
	parser, err := logparse.New(cfg.parsing())
	if err != nil {
		return nil, err
	}
	counts, err := newTelemetry(set.MeterProvider)
	if err != nil {
		return nil, fmt.Errorf("make the receiver's own metrics: %w", err)
	}
	return &journald{cfg: cfg, set: set, next: next, parser: parser, telemetry: counts, first: time.Second}, nil
}

// Start implements component.Component. Without journalctl the receiver is unhealthy, and tries
// again.
func (r *journald) Start(ctx context.Context, host component.Host) (err error) {
	r.host = host
	r.resource = pcommon.NewResource()
	if err := hostidentity.Describe(ctx, "", r.cfg.HostName, r.resource.Attributes()); err != nil {
		return err
	}
	if r.state, r.fresh, err = openState(filepath.Join(r.cfg.Directory, agentstate.FileName(r.set.ID)+".cursor")); err != nil {
		return fmt.Errorf("directory: %w", err)
	}
	reading, stop := context.WithCancel(context.WithoutCancel(ctx))
	r.stop = stop
	r.running.Go(func() { r.run(reading) })
	return nil
}

// Shutdown implements component.Component.
func (r *journald) Shutdown(context.Context) error {
	if r.stop != nil {
		r.stop()
		r.running.Wait()
		r.stop = nil
	}
	return nil
}

// run reads the journal, and begins again when journalctl ends.
func (r *journald) run(ctx context.Context) {
	pauses := &backoff.ExponentialBackOff{InitialInterval: r.first, RandomizationFactor: 0.5, Multiplier: 2, MaxInterval: time.Minute}
	pauses.Reset()
	for ctx.Err() == nil {
		began := time.Now()
		err := r.session(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = fmt.Errorf("%s has ended", r.cfg.Journalctl)
		}
		r.set.Logger.Warn("The journal is not read; it is tried again", zap.Error(err))
		componentstatus.ReportStatus(r.host, componentstatus.NewRecoverableErrorEvent(err))
		if strings.Contains(err.Error(), "cursor") && r.state.Time > 0 {
			r.state.Cursor = "" // the journal does not know it: the time is used
		}
		if time.Since(began) > steady {
			pauses.Reset()
		}
		if !pause(ctx, pauses.NextBackOff()) {
			return
		}
	}
}

// session is one run of journalctl.
func (r *journald) session(ctx context.Context) error {
	if r.fresh {
		if err := r.begin(ctx); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	found := make(chan *entry, batchEntries)
	ended := make(chan error, 1)
	r.running.Go(func() {
		err := r.follow(ctx, r.arguments(), found)
		close(found)
		ended <- err
	})
	healthy := time.AfterFunc(2*time.Second, func() {
		componentstatus.ReportStatus(r.host, componentstatus.NewEvent(componentstatus.StatusOK))
	})
	defer healthy.Stop()
	for r.deliver(ctx, r.take(ctx, found)) {
	}
	cancel()
	for range found { // the sender may wait
	}
	return <-ended
}

// begin notes where the journal ends, so that the very first start loses nothing after it.
func (r *journald) begin(ctx context.Context) error {
	if r.cfg.StartAt == startAtEnd {
		arguments := []string{"--output=json", "--output-fields=MESSAGE", "--lines=1", "--no-pager", "--quiet"}
		if r.cfg.JournalDirectory != "" {
			arguments = append(arguments, "--directory="+r.cfg.JournalDirectory)
		}
		output, err := exec.CommandContext(ctx, r.cfg.Journalctl, arguments...).Output() //nolint:gosec // the operator names the program
		if err != nil {
			return fmt.Errorf("run %s: %w", r.cfg.Journalctl, err)
		}
		if line := bytes.TrimSpace(output); len(line) > 0 {
			last, err := readEntry(line, len(line) > maxLine)
			if err != nil {
				return fmt.Errorf("read the output of %s: %w", r.cfg.Journalctl, err)
			}
			r.state.Cursor, r.state.Time = last.Cursor, last.at().Unix()
		}
	}
	if err := r.state.write(); err != nil {
		return err
	}
	r.fresh = false
	return nil
}

// arguments are those of journalctl.
func (r *journald) arguments() []string {
	arguments := append([]string{"--output=json", "--output-fields=" + fields, "--all", "--follow", "--no-pager", "--quiet"}, r.cfg.filters()...)
	switch {
	case r.state.Cursor != "":
		return append(arguments, "--lines=all", "--after-cursor="+r.state.Cursor)
	case r.state.Time > 0:
		return append(arguments, "--lines=all", "--since=@"+strconv.FormatInt(r.state.Time, 10))
	}
	return append(arguments, "--lines=all")
}

// take returns the next entries: those of the open batch, or those that come together; none when
// the context or journalctl has ended.
func (r *journald) take(ctx context.Context, found <-chan *entry) []*entry {
	limit, patience, last := batchEntries, gather, ""
	if open := r.state.Open; open != nil {
		limit, patience, last = open.Entries, againWait, open.Last
	}
	var all []*entry
	select {
	case one, ok := <-found:
		if !ok {
			return nil
		}
		all = append(all, one)
	case <-ctx.Done():
		return nil
	}
	enough := time.NewTimer(patience)
	defer enough.Stop()
	for len(all) < limit && all[len(all)-1].Cursor != last {
		select {
		case one, ok := <-found:
			if !ok {
				if last != "" {
					return nil // it is read again
				}
				return all
			}
			all = append(all, one)
		case <-enough.C:
			return all
		case <-ctx.Done():
			return nil
		}
	}
	return all
}

// deliver hands entries over until they are taken; false means that there are none, or that the
// context ended first.
func (r *journald) deliver(ctx context.Context, entries []*entry) bool {
	if len(entries) == 0 {
		return false
	}
	last := entries[len(entries)-1]
	if r.state.Open == nil {
		r.state.Batch++
	}
	r.state.Open = &intent{Last: last.Cursor, Entries: len(entries)}
	return r.persist(ctx) && r.insist(ctx, entries) && r.taken(ctx, last)
}

// taken notes that somebody else has everything up to an entry.
func (r *journald) taken(ctx context.Context, last *entry) bool {
	r.state.Open, r.state.Cursor = nil, last.Cursor
	if at := last.at(); !at.IsZero() {
		r.state.Time = at.Unix()
	}
	return r.persist(ctx)
}

// persist writes the state, and tries until it is written.
func (r *journald) persist(ctx context.Context) bool {
	pauses := newPauses()
	for {
		err := r.state.write()
		if err == nil {
			return true
		}
		r.set.Logger.Error("The progress cannot be written down; reading waits", zap.Error(err))
		if !pause(ctx, pauses.NextBackOff()) {
			return false
		}
	}
}

func newPauses() *backoff.ExponentialBackOff {
	pauses := &backoff.ExponentialBackOff{InitialInterval: 100 * time.Millisecond, RandomizationFactor: 0.5, Multiplier: 1.5, MaxInterval: 10 * time.Second}
	pauses.Reset()
	return pauses
}

func (r *journald) insist(ctx context.Context, entries []*entry) bool {
	pauses := newPauses()
	for {
		err := r.next.ConsumeLogs(context.WithoutCancel(ctx), r.build(entries))
		switch {
		case err == nil:
			r.telemetry.take(len(entries))
			return true
		case consumererror.IsPermanent(err):
			r.telemetry.drop(len(entries))
			r.set.Logger.Error("The next part refuses entries for good; they are left out", zap.Int("entries", len(entries)), zap.Error(err))
			return true
		case !pause(ctx, pauses.NextBackOff()):
			return false
		}
	}
}

// build makes records, a resource for each service.
func (r *journald) build(entries []*entry) plog.Logs {
	logs, now := plog.NewLogs(), time.Now()
	targets := map[string]plog.LogRecordSlice{}
	for _, one := range entries {
		service := r.cfg.Service
		if service == "" {
			service = one.service()
		}
		target, ok := targets[service]
		if !ok {
			resource := logs.ResourceLogs().AppendEmpty()
			r.resource.CopyTo(resource.Resource())
			resource.Resource().Attributes().PutStr("service.name", service)
			scope := resource.ScopeLogs().AppendEmpty()
			scope.Scope().SetName(scopeName)
			target = scope.LogRecords()
			targets[service] = target
		}
		one.fill(r.parser, now, target.AppendEmpty())
	}
	recordid.Identify(logs, r.state.batchID)
	return logs
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
