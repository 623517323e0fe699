package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pharos-obs/pharos/agent/plugin/proto"
)

// Record is a log record.
type Record struct {
	// Time is when it happened; the zero time means now.
	Time time.Time
	// Level is trace, debug, info, warn, error or fatal; empty means unknown.
	Level string
	// Message is the text.
	Message string
	// Attributes are what can be searched for beside it.
	Attributes map[string]string
}

func (r Record) message() *proto.LogRecord {
	return &proto.LogRecord{TimeUnixNano: nanoseconds(r.Time), Level: r.Level, Message: r.Message, Attributes: r.Attributes}
}

// logStream sends one batch at a time and waits for the agent's answer.
type logStream struct {
	stream grpc.BidiStreamingServer[proto.StreamLogsRequest, proto.StreamLogsResponse]

	mu       sync.Mutex // one batch at a time
	sequence uint64
	answers  chan *proto.StreamLogsRequest
}

// read takes the agent's answers until the stream ends, and says why it ended.
func (s *logStream) read(ctx context.Context) error {
	for {
		answer, err := s.stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if answer.GetSequence() == 0 {
			continue // it opens the stream
		}
		select {
		case s.answers <- answer:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// send implements Send. ctx is the caller's; the stream has its own.
func (s *logStream) send(ctx context.Context, records ...Record) error {
	if len(records) == 0 {
		return nil
	}
	batch := make([]*proto.LogRecord, len(records))
	for i, one := range records {
		batch[i] = one.message()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sequence++
	if err := s.stream.Send(&proto.StreamLogsResponse{Sequence: s.sequence, Records: batch}); err != nil {
		return fmt.Errorf("send log records: %w", err)
	}
	for {
		select {
		case answer := <-s.answers:
			switch {
			case answer.GetSequence() < s.sequence: // of a batch whose sender has given up
			case answer.GetError() != "":
				return fmt.Errorf("the agent has not taken the log records: %s", answer.GetError())
			default:
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		case <-s.stream.Context().Done():
			return s.stream.Context().Err()
		}
	}
}

// StreamLogs implements proto.PluginServer.
func (s *server) StreamLogs(stream grpc.BidiStreamingServer[proto.StreamLogsRequest, proto.StreamLogsResponse]) error {
	current, err := s.configured()
	if err != nil {
		return err
	}
	if current.logs == nil {
		return status.Error(codes.Unimplemented, "this plugin gives no logs")
	}
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	logs := &logStream{stream: stream, answers: make(chan *proto.StreamLogsRequest, 1)}
	go func() {
		// The agent ends the stream: so does the source.
		_ = logs.read(ctx)
		cancel()
	}()
	stop := context.AfterFunc(s.ending, cancel)
	defer stop()
	if err := guard(func() error { return current.logs.Logs(ctx, logs.send) }); err != nil && ctx.Err() == nil {
		return status.Error(codes.Unknown, err.Error())
	}
	return nil
}
