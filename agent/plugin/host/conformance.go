package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pharos-obs/pharos/agent/plugin/proto"
)

// Check is one thing that a plugin must do, and how it did.
type Check struct {
	// Name says what it must do.
	Name string
	// Took is how long that took.
	Took time.Duration
	// Err says why it did not, nil when it did.
	Err error
}

// Conformance is what was found out about a plugin.
type Conformance struct {
	Checks []Check
	// Description is what the plugin says of itself, nil when it does not start.
	Description *proto.DescribeResponse
	// Metrics is the first answer to Collect, nil when there is none.
	Metrics *proto.CollectResponse
	// Records are the first log records.
	Records []*proto.LogRecord
}

// Err joins what the plugin did not do.
func (c *Conformance) Err() error {
	var errs []error
	for _, one := range c.Checks {
		errs = append(errs, one.Err)
	}
	return errors.Join(errs...)
}

// unknownSetting is one that no plugin has.
const unknownSetting = "no_such_setting_1f0c"

// CheckPlugin starts a plugin and tries what every plugin must do, each within timeout. It goes
// through all of it as far as that makes sense, and leaves nothing running.
func CheckPlugin(ctx context.Context, spec Spec, settings map[string]any, timeout time.Duration) *Conformance {
	c := &conformance{timeout: timeout, settings: settings}
	if !c.try(ctx, "starts and says what it is", func(ctx context.Context) (err error) {
		c.plugin, err = Start(ctx, spec)
		return err
	}) {
		return &c.Conformance
	}
	c.Description = c.plugin.Description()
	c.try(ctx, "describes its settings as JSON Schema", c.schema)
	c.try(ctx, "refuses a setting that does not exist", c.refusesUnknown)
	if c.try(ctx, "takes its settings", c.configure) {
		if c.plugin.Gives(proto.Capability_CAPABILITY_METRICS) {
			c.metrics(ctx)
		}
		if c.plugin.Gives(proto.Capability_CAPABILITY_LOGS) {
			c.try(ctx, "opens its logs and closes them", c.logs)
		}
		c.try(ctx, "is well", c.plugin.Health)
	}
	c.try(ctx, "runs until it is asked to end", func(context.Context) error { return c.plugin.Err() })
	c.try(ctx, "ends in time", c.plugin.Stop)
	return &c.Conformance
}

type conformance struct {
	Conformance
	plugin   *Plugin
	settings map[string]any
	timeout  time.Duration
}

func (c *conformance) try(ctx context.Context, name string, check func(ctx context.Context) error) bool {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	begun := time.Now()
	err := check(ctx)
	if status.Code(err) == codes.DeadlineExceeded {
		err = fmt.Errorf("it has not answered within %s", c.timeout)
	}
	c.Checks = append(c.Checks, Check{Name: name, Took: time.Since(begun), Err: err})
	return err == nil
}

func (c *conformance) schema(context.Context) error {
	text := c.Description.GetConfigSchema()
	if text == "" {
		return nil
	}
	var schema map[string]any
	if err := json.Unmarshal([]byte(text), &schema); err != nil {
		return fmt.Errorf("the schema is no JSON object: %w", err)
	}
	return nil
}

func (c *conformance) refusesUnknown(ctx context.Context) error {
	wrong := maps.Clone(c.settings)
	if wrong == nil {
		wrong = map[string]any{}
	}
	wrong[unknownSetting] = true
	text, err := json.Marshal(wrong)
	if err != nil {
		return err
	}
	err = c.plugin.Configure(ctx, string(text))
	if _, refused := errors.AsType[*SettingsError](err); refused {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("it took the setting %q, so that a user's typing error goes unseen", unknownSetting)
}

func (c *conformance) configure(ctx context.Context) error {
	text := []byte("{}")
	if len(c.settings) > 0 {
		var err error
		if text, err = json.Marshal(c.settings); err != nil {
			return err
		}
	}
	return c.plugin.Configure(ctx, string(text))
}

func (c *conformance) metrics(ctx context.Context) {
	if !c.try(ctx, "measures", func(ctx context.Context) (err error) {
		c.Metrics, err = c.plugin.Collect(ctx)
		return err
	}) {
		return
	}
	c.try(ctx, "measures again", func(ctx context.Context) error {
		again, err := c.plugin.Collect(ctx)
		if err != nil {
			return err
		}
		return sameKinds(c.Metrics, again)
	})
	c.try(ctx, "goes on after a Collect that was cancelled", func(ctx context.Context) error {
		cancelled, cancel := context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		_, _ = c.plugin.Collect(cancelled) // whatever comes of it
		_, err := c.plugin.Collect(ctx)
		return err
	})
}

// sameKinds holds that a metric stays what it is.
func sameKinds(first, second *proto.CollectResponse) error {
	kinds := make(map[string]proto.Kind)
	for _, metric := range slices.Concat(first.GetMetrics(), second.GetMetrics()) {
		if known, ok := kinds[metric.GetName()]; ok && known != metric.GetKind() {
			return fmt.Errorf("%s is a %s first, and a %s then", Shorten(metric.GetName()), known, metric.GetKind())
		}
		kinds[metric.GetName()] = metric.GetKind()
	}
	return nil
}

// longestWait is how long is waited for a first log record: there may be none.
const longestWait = 2 * time.Second

func (c *conformance) logs(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, min(longestWait, c.timeout/2))
	defer cancel()
	stream, err := c.plugin.StreamLogs(ctx)
	if err != nil {
		return err
	}
	for {
		batch, err := stream.Recv()
		switch {
		case ctx.Err() != nil, errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return plain(err)
		}
		c.Records = append(c.Records, batch.GetRecords()...)
		if err := stream.Send(&proto.StreamLogsRequest{Sequence: batch.GetSequence()}); err != nil && !errors.Is(err, io.EOF) {
			return plain(err)
		}
	}
}
