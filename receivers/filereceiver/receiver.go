package filereceiver

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/agentstate"
	"github.com/pharos-obs/pharos/internal/hostidentity"
	"github.com/pharos-obs/pharos/internal/logparse"
)

// files is the receiver.
type files struct {
	cfg       *Config
	set       receiver.Settings
	next      consumer.Logs
	parser    *logparse.Parser
	splitter  *splitter
	telemetry *telemetry
	host      component.Host
	resource  pcommon.Resource

	journal  *journal
	files    []*tracked
	gone     map[uint64]*lost
	deferred map[inode]*deferral
	changed  []*tracked // not what they were before
	turn     int
	buffer   []byte
	opened   int

	discoverNow bool
	discovered  bool // once
	faults      map[string]string
	faulty      bool

	stop    context.CancelFunc
	running sync.WaitGroup
}

func newReceiver(set receiver.Settings, cfg *Config, next consumer.Logs) (*files, error) {
	parser, err := logparse.New(cfg.Config)
	if err != nil {
		return nil, err
	}
	cutter, err := newSplitter(cfg)
	if err != nil {
		return nil, fmt.Errorf("multiline: %w", err)
	}
	counts, err := newTelemetry(set.MeterProvider)
	if err != nil {
		return nil, fmt.Errorf("make the receiver's own metrics: %w", err)
	}
	return &files{
		cfg: cfg, set: set, next: next, parser: parser, splitter: cutter, telemetry: counts,
		gone: map[uint64]*lost{}, deferred: map[inode]*deferral{}, faults: map[string]string{},
	}, nil
}

// Start implements component.Component.
func (r *files) Start(ctx context.Context, host component.Host) (err error) {
	r.host = host
	r.resource = pcommon.NewResource()
	if err := hostidentity.Describe(ctx, "", r.cfg.HostName, r.resource.Attributes()); err != nil {
		return err
	}
	if r.journal, err = openJournal(filepath.Join(r.cfg.Directory, agentstate.FileName(r.set.ID)+".offsets")); err != nil {
		return fmt.Errorf("directory: %w", err)
	}
	if err := r.journal.compact(); err != nil {
		return errors.Join(fmt.Errorf("directory: %w", err), r.journal.close())
	}
	if r.journal.open != nil {
		for i := range r.journal.open.Spans {
			part := &r.journal.open.Spans[i]
			if one := r.journal.files[part.File]; one != nil {
				one.ahead = &part.To
			}
		}
	}
	for _, one := range r.journal.files {
		if one.Gone == 0 {
			r.files = append(r.files, &tracked{known: *one, news: true, rotated: one.Path != one.Origin || one.Gzip})
		} else {
			r.gone[one.ID] = &lost{known: *one, searched: one.Finished}
		}
	}
	r.buffer = make([]byte, tailBytes+int(r.cfg.MaxBatchBytes)+int(r.cfg.MaxRecordBytes)+1)
	reading, stop := context.WithCancel(context.WithoutCancel(ctx))
	r.stop = stop
	r.running.Go(func() { r.run(reading) })
	return nil
}

// Shutdown implements component.Component. A batch that nobody took is read again at the next
// start.
func (r *files) Shutdown(context.Context) error {
	if r.stop == nil {
		return nil
	}
	r.stop()
	r.running.Wait()
	r.stop = nil
	for _, t := range r.files {
		r.closeFile(t)
	}
	return errors.Join(r.journal.close(), r.telemetry.stop())
}

// run is the life of the receiver.
func (r *files) run(ctx context.Context) {
	r.discover(time.Now())
	if r.journal.open != nil && !r.again(ctx, *r.journal.open) {
		return
	}
	next := time.Now().Add(r.cfg.DiscoverInterval)
	for {
		now := time.Now()
		if r.discoverNow || now.After(next) {
			r.discover(now)
			next = now.Add(r.cfg.DiscoverInterval)
		}
		b := r.newBatch(r.journal.Batch + 1)
		more := r.pass(b, now)
		if !r.deliver(ctx, b) {
			return
		}
		r.settle(now)
		if !more && !pause(ctx, r.cfg.PollInterval) || ctx.Err() != nil {
			return
		}
	}
}

// settle acts on what a pass has found: files that were truncated, and those that are over.
func (r *files) settle(now time.Time) {
	for _, t := range r.changed {
		r.displace(t, now)
	}
	r.changed = r.changed[:0]
	for i := 0; i < len(r.files); i++ {
		if t := r.files[i]; t.done {
			r.finish(t, now)
			i--
		}
	}
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

// complain notes that a file or folder cannot be read.
func (r *files) complain(path string, err error) {
	if r.faults[path] == err.Error() {
		return
	}
	r.faults[path] = err.Error()
	r.faulty = true
	r.set.Logger.Warn("A file cannot be read", zap.String("file", path), zap.Error(err))
	componentstatus.ReportStatus(r.host, componentstatus.NewRecoverableErrorEvent(fmt.Errorf("read %s: %w", path, err)))
}

// fine notes that a file can be read.
func (r *files) fine(path string) {
	if !r.faulty {
		return
	}
	delete(r.faults, path)
	if len(r.faults) == 0 {
		r.faulty = false
		componentstatus.ReportStatus(r.host, componentstatus.NewEvent(componentstatus.StatusOK))
	}
}
