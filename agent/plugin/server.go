package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pharos-obs/pharos/agent/plugin/proto"
)

// server implements the protocol over a definition.
type server struct {
	proto.UnimplementedPluginServer
	description *proto.DescribeResponse
	open        func(ctx context.Context, configJSON string) (*sources, []*proto.FieldError)
	collecting  chan struct{} // holds a token while a Collect runs

	ending context.Context // ends when the plugin is to end
	end    context.CancelFunc

	configuring sync.Mutex
	current     atomic.Pointer[sources]
}

// sources are what the settings in force have made.
type sources struct {
	metrics MetricsSource
	logs    LogSource
}

func (s *sources) close() {
	for _, one := range []any{s.metrics, s.logs} {
		if closer, ok := one.(io.Closer); ok {
			if err := closer.Close(); err != nil {
				fmt.Fprintln(os.Stderr, "close:", err)
			}
		}
	}
}

func newServer[C any](definition Definition[C]) (*server, error) {
	if !ValidName.MatchString(definition.Name) {
		return nil, fmt.Errorf("its name is %q: use lower case letters, digits, '-', '_' and '.'", definition.Name)
	}
	if definition.Version == "" {
		return nil, errors.New("it has no version")
	}
	if definition.Metrics == nil && definition.Logs == nil {
		return nil, errors.New("it gives neither metrics nor logs")
	}
	defaults := definition.Defaults
	if defaults == nil {
		defaults = func() *C { return new(C) }
	}
	configSchema, err := schema(defaults())
	if err != nil {
		return nil, err
	}
	s := &server{
		description: &proto.DescribeResponse{
			Name: definition.Name, Version: definition.Version, Description: definition.Description,
			ProtocolVersion: ProtocolVersion, ConfigSchema: configSchema,
		},
		collecting: make(chan struct{}, 1),
		open: func(ctx context.Context, text string) (*sources, []*proto.FieldError) {
			return openSources(ctx, definition, defaults(), text)
		},
	}
	s.ending, s.end = context.WithCancel(context.Background())
	if definition.Metrics != nil {
		s.description.Capabilities = append(s.description.Capabilities, proto.Capability_CAPABILITY_METRICS)
	}
	if definition.Logs != nil {
		s.description.Capabilities = append(s.description.Capabilities, proto.Capability_CAPABILITY_LOGS)
	}
	return s, nil
}

func openSources[C any](ctx context.Context, definition Definition[C], config *C, text string) (*sources, []*proto.FieldError) {
	if faults := decode(text, config); len(faults) > 0 {
		return nil, faults
	}
	if validator, ok := any(config).(interface{ Validate() error }); ok {
		if faults := fieldErrors(validator.Validate()); len(faults) > 0 {
			return nil, faults
		}
	}
	opened := &sources{}
	var err error
	if definition.Metrics != nil {
		opened.metrics, err = definition.Metrics(ctx, config)
	}
	if err == nil && definition.Logs != nil {
		opened.logs, err = definition.Logs(ctx, config)
	}
	if err != nil {
		opened.close()
		return nil, fieldErrors(err)
	}
	return opened, nil
}

// guard turns a panic of the author's code into an error, so that the plugin goes on.
func guard(call func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("the plugin has panicked: %v", cause)
		}
	}()
	return call()
}

// Describe implements proto.PluginServer.
func (s *server) Describe(context.Context, *proto.DescribeRequest) (*proto.DescribeResponse, error) {
	return s.description, nil
}

// Configure implements proto.PluginServer. Settings that are wrong leave those in force alone.
func (s *server) Configure(ctx context.Context, request *proto.ConfigureRequest) (*proto.ConfigureResponse, error) {
	s.configuring.Lock()
	defer s.configuring.Unlock()
	var next *sources
	var faults []*proto.FieldError
	err := guard(func() error {
		next, faults = s.open(context.WithoutCancel(ctx), request.GetConfigJson())
		return nil
	})
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	if len(faults) > 0 {
		return &proto.ConfigureResponse{Errors: faults}, nil
	}
	if err := s.lock(ctx); err != nil { // no Collect runs on what is closed
		return nil, err
	}
	defer s.unlock()
	if before := s.current.Swap(next); before != nil {
		before.close()
	}
	return &proto.ConfigureResponse{}, nil
}

func (s *server) lock(ctx context.Context) error {
	select {
	case s.collecting <- struct{}{}:
		return nil
	case <-ctx.Done():
		return status.FromContextError(ctx.Err()).Err()
	}
}

func (s *server) unlock() { <-s.collecting }

func (s *server) configured() (*sources, error) {
	current := s.current.Load()
	if current == nil {
		return nil, status.Error(codes.FailedPrecondition, "the plugin is not configured yet")
	}
	return current, nil
}

// Collect implements proto.PluginServer.
func (s *server) Collect(ctx context.Context, _ *proto.CollectRequest) (*proto.CollectResponse, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.unlock()
	current, err := s.configured()
	if err != nil {
		return nil, err
	}
	if current.metrics == nil {
		return nil, status.Error(codes.Unimplemented, "this plugin gives no metrics")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ending, cancel)() //nolint:contextcheck // the plugin's end ends it, too
	var metrics Metrics
	if err := guard(func() error { return current.metrics.Collect(ctx, &metrics) }); err != nil {
		return nil, status.Error(codes.Unknown, err.Error())
	}
	return metrics.response(), nil
}

// Health implements proto.PluginServer.
func (s *server) Health(ctx context.Context, _ *proto.HealthRequest) (*proto.HealthResponse, error) {
	current, err := s.configured()
	if err != nil {
		return nil, err
	}
	for _, one := range []any{current.metrics, current.logs} {
		checker, ok := one.(HealthChecker)
		if !ok {
			continue
		}
		if err := guard(func() error { return checker.Health(ctx) }); err != nil {
			return &proto.HealthResponse{Error: err.Error()}, nil //nolint:nilerr // it is the answer
		}
	}
	return &proto.HealthResponse{}, nil
}

// close ends what runs and closes the sources.
func (s *server) close() {
	s.end()
	s.configuring.Lock()
	defer s.configuring.Unlock()
	if before := s.current.Swap(nil); before != nil {
		before.close()
	}
}
