package pluginreceiver

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pharos-obs/pharos/agent/plugin/host"
	"github.com/pharos-obs/pharos/agent/plugin/proto"
)

const (
	// patience is how often in a row a plugin may be late before it is started again.
	patience = 3
	// houseKeeping is how often usage is recorded; every third time the plugin is asked how it is.
	houseKeeping = 10 * time.Second
	healthEvery  = 3
)

// session is the work with a plugin from its start to its end.
type session struct {
	receiver *pluginReceiver
	plugin   *host.Plugin
	resource pcommon.Map
	hung     context.CancelCauseFunc
}

// offers says whether the plugin gives a signal that it is in a pipeline for.
func (s *session) offers(capability proto.Capability, signal string) bool {
	if s.plugin.Gives(capability) {
		return true
	}
	s.receiver.faults.set(faultOffers, fmt.Errorf("the plugin gives no %s: take %s out of the pipeline of %s", signal, s.receiver.set.ID, signal))
	return false
}

// works ends the fault of a plugin that had ended: it has answered, or has run for a while.
func (s *session) works() { s.receiver.faults.set(faultProcess, nil) }

// supervise records what the plugin uses and asks how it is.
func (s *session) supervise(ctx context.Context) {
	own, faults := s.receiver.own, s.receiver.faults
	ticker := time.NewTicker(houseKeeping)
	defer ticker.Stop()
	late := 0
	for round := 1; ; round++ {
		select {
		case <-ctx.Done():
			faults.set(faultHealth, nil)
			return
		case <-ticker.C:
		}
		s.works()
		own.used(ctx, s.plugin.Usage())
		if round%healthEvery != 0 {
			continue
		}
		err := s.call(ctx, s.plugin.Health)
		if ctx.Err() != nil {
			continue
		}
		if status.Code(err) == codes.Unimplemented {
			err = nil
		}
		if late = s.countLate(late, err); err != nil {
			err = fmt.Errorf("the plugin is not well: %w", err)
		}
		faults.set(faultHealth, err)
	}
}

// call gives a call the time that a Collect has.
func (s *session) call(ctx context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.receiver.cfg.Timeouts.Collect)
	defer cancel()
	return call(ctx)
}

// countLate ends a plugin that has been late too often in a row.
func (s *session) countLate(late int, err error) int {
	if status.Code(err) != codes.DeadlineExceeded {
		return 0
	}
	late++
	if late == patience {
		s.hung(fmt.Errorf("%w: it was late %d times in a row (timeouts::collect is %s)", errHangs, patience, s.receiver.cfg.Timeouts.Collect))
	}
	return late
}

// collectLoop collects until ctx ends.
func (s *session) collectLoop(ctx context.Context) {
	ticker := time.NewTicker(s.receiver.cfg.CollectionInterval)
	defer ticker.Stop()
	late := 0
	for {
		late = s.countLate(late, s.collect(ctx))
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// collect asks once, sends what it gets, and reports what is wrong with it. It returns what the
// plugin answered instead of metrics.
func (s *session) collect(ctx context.Context) error {
	r := s.receiver
	begun := time.Now()
	var answer *proto.CollectResponse
	err := s.call(ctx, func(ctx context.Context) (err error) {
		answer, err = s.plugin.Collect(ctx)
		return err
	})
	if ctx.Err() != nil || s.plugin.Err() != nil {
		return nil //nolint:nilerr // the end of the plugin is reported, with its reason
	}
	r.own.collected(ctx, time.Since(begun), err)
	if status.Code(err) != codes.DeadlineExceeded {
		s.works()
	}
	if err != nil {
		r.faults.set(faultCollect, s.explain(ctx, err))
		return err
	}
	var warnings error
	for i, one := range answer.GetWarnings() {
		if i == mostWarnings {
			break
		}
		warnings = errors.Join(warnings, errors.New(host.Shorten(one)))
	}
	r.faults.set(faultCollect, warnings)
	converted := newConversion(time.Now(), r.cfg.Limits.Points, s.resource)
	metrics := converted.metrics(answer)
	r.own.dropped(ctx, "points", converted.dropped)
	r.faults.set(faultPoints, converted.fault())
	if points := metrics.DataPointCount(); points > 0 {
		err := r.metrics.ConsumeMetrics(ctx, metrics)
		if err != nil {
			r.own.dropped(ctx, "points", map[string]int{"refused": points})
			err = fmt.Errorf("the pipeline has refused the metrics: %w", err)
		}
		r.faults.set(faultMetricsOut, err)
	}
	return nil
}

// mostWarnings is how many warnings of one Collect are shown.
const mostWarnings = 5

// explain says what an answer that is an error means.
func (s *session) explain(ctx context.Context, err error) error {
	own := s.receiver.own
	switch code := status.Code(err); {
	case code == codes.DeadlineExceeded:
		return fmt.Errorf("the plugin has not answered within %s (timeouts::collect)", s.receiver.cfg.Timeouts.Collect)
	case code == codes.Unimplemented:
		return errors.New("the plugin says that it gives metrics, and refuses to: that is a fault of the plugin")
	case code == codes.ResourceExhausted && strings.Contains(err.Error(), "larger than max"):
		own.dropped(ctx, "points", map[string]int{dropTooLong: 1})
		return fmt.Errorf("the plugin's answer is longer than %s (limits::message)", s.receiver.cfg.Limits.Message)
	case code == codes.Internal:
		own.dropped(ctx, "points", map[string]int{dropUndecodable: 1})
		return fmt.Errorf("the plugin's answer cannot be read: %w", err)
	}
	return fmt.Errorf("the plugin cannot measure: %w", err)
}
