package pluginreceiver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pharos-obs/pharos/agent/plugin/proto"
)

// logLoop takes log records until ctx ends. A stream that ends is opened again after a while.
func (s *session) logLoop(ctx context.Context) {
	r := s.receiver
	pause := r.cfg.Restart.Initial
	for {
		begun := time.Now()
		err := s.stream(ctx)
		if ctx.Err() != nil || s.plugin.Err() != nil {
			return
		}
		r.faults.set(faultLogs, err)
		if time.Since(begun) > r.cfg.Restart.Max {
			pause = r.cfg.Restart.Initial
		}
		if !wait(ctx, jitter(pause)) {
			return
		}
		pause = min(2*pause, r.cfg.Restart.Max)
	}
}

// stream reads one stream to its end. Each batch is answered when the pipeline has it.
func (s *session) stream(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := s.plugin.StreamLogs(ctx)
	if err != nil {
		return fmt.Errorf("ask the plugin for logs: %w", err)
	}
	for {
		batch, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return errors.New("the plugin has ended its logs")
		case status.Code(err) == codes.Unimplemented:
			return errors.New("the plugin says that it gives logs, and refuses to: that is a fault of the plugin")
		case err != nil:
			return fmt.Errorf("read the plugin's logs: %w", err)
		}
		answer := &proto.StreamLogsRequest{Sequence: batch.GetSequence()}
		records, err := s.deliver(ctx, batch)
		if err != nil {
			answer.Error = err.Error()
		}
		// The plugin waits for as long as its records are worth.
		if !wait(ctx, time.Duration(records)*time.Second/time.Duration(s.receiver.cfg.Limits.LogRecords)) {
			return ctx.Err()
		}
		if err := stream.Send(answer); err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("answer the plugin: %w", err)
		}
	}
}

// deliver hands a batch to the pipeline.
func (s *session) deliver(ctx context.Context, batch *proto.StreamLogsResponse) (int, error) {
	r := s.receiver
	converted := newConversion(time.Now(), r.cfg.Limits.Points, s.resource)
	logs := converted.logs(batch)
	r.own.dropped(ctx, "records", converted.dropped)
	r.faults.set(faultRecords, converted.fault())
	records := logs.LogRecordCount()
	if records == 0 {
		return 0, nil
	}
	err := r.logs.ConsumeLogs(ctx, logs)
	if err != nil {
		err = fmt.Errorf("the pipeline has refused the log records: %w", err)
	}
	r.faults.set(faultLogsOut, err)
	if err == nil {
		s.works()
		r.faults.set(faultLogs, nil)
	}
	return records, err
}
