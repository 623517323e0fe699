package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/pharos-obs/pharos/agent/plugin/proto"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type testConfig struct {
	Name    string            `json:"name" doc:"A name."`
	Every   Duration          `json:"every"`
	Token   string            `json:"token" secret:"true"`
	Inner   innerConfig       `json:"inner"`
	Hosts   []string          `json:"hosts"`
	Labels  map[string]string `json:"labels"`
	Count   *uint8            `json:"count"`
	Ratio   float64           `json:"ratio"`
	Any     any               `json:"any"`
	Ignored func()            `json:"-"`
}

type innerConfig struct {
	On bool `json:"on" doc:"Whether."`
}

func (c *testConfig) Validate() error {
	if c.Name == "bad" {
		return errors.Join(Field("name", "is %q: use another", c.Name), errors.New("and it is late"))
	}
	return nil
}

// testSource is a source whose ways are functions.
type testSource struct {
	collect func(ctx context.Context, m *Metrics) error
	logs    func(ctx context.Context, send Send) error
	health  error
	closed  chan struct{}
}

func (s *testSource) Collect(ctx context.Context, m *Metrics) error { return s.collect(ctx, m) }
func (s *testSource) Logs(ctx context.Context, send Send) error     { return s.logs(ctx, send) }
func (s *testSource) Health(context.Context) error                  { return s.health }
func (s *testSource) Close() error                                  { close(s.closed); return errors.New("closed badly") }

// serving returns a client of a plugin with this source.
func serving(t *testing.T, source *testSource) (proto.PluginClient, *server) {
	t.Helper()
	source.closed = make(chan struct{})
	definition := Definition[testConfig]{
		Name: "test", Version: "1", Description: "Tests.",
		Defaults: func() *testConfig { return &testConfig{Name: "x", Token: "hidden", Every: Duration(time.Minute)} },
	}
	if source.collect != nil {
		definition.Metrics = func(_ context.Context, config *testConfig) (MetricsSource, error) {
			if config.Name == "refused" {
				return nil, errors.New("no such thing")
			}
			return source, nil
		}
	}
	if source.logs != nil {
		definition.Logs = func(context.Context, *testConfig) (LogSource, error) { return struct{ LogSource }{source}, nil }
	}
	s, err := newServer(definition)
	require.NoError(t, err)
	listener := bufconn.Listen(1 << 16)
	target := grpc.NewServer()
	proto.RegisterPluginServer(target, s)
	go func() { _ = target.Serve(listener) }()
	connection, err := grpc.NewClient("passthrough:test", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = connection.Close()
		target.Stop()
	})
	return proto.NewPluginClient(connection), s
}

func configure(t *testing.T, client proto.PluginClient, settings string) string {
	t.Helper()
	answer, err := client.Configure(t.Context(), &proto.ConfigureRequest{ConfigJson: settings})
	require.NoError(t, err)
	var all []string
	for _, one := range answer.GetErrors() {
		all = append(all, one.GetField()+": "+one.GetMessage())
	}
	return strings.Join(all, "; ")
}

func TestServerOfMetrics(t *testing.T) {
	started := time.Unix(1_800_000_000, 0)
	fail := errors.New("no database")
	var next error
	client, s := serving(t, &testSource{collect: func(_ context.Context, m *Metrics) error {
		m.Gauge("a", "1", "A.").Float(1.5, Attr("k", "v"), Attr("empty", ""))
		m.Counter("b", "By", "B.").Since(started).At(started.Add(time.Second)).Int(7)
		m.UpDownCounter("c", "", "C.")
		m.Gauge("a", "1", "A.").Int(2)
		if next == nil {
			m.Warn(errors.New("half of it"))
		}
		return next
	}, health: errors.New("unwell")})

	_, err := client.Collect(t.Context(), &proto.CollectRequest{})
	assert.Equal(t, codes.FailedPrecondition, status.Code(err))
	about, err := client.Describe(t.Context(), &proto.DescribeRequest{})
	require.NoError(t, err)
	assert.Equal(t, []proto.Capability{proto.Capability_CAPABILITY_METRICS}, about.GetCapabilities())
	assert.Equal(t, uint32(ProtocolVersion), about.GetProtocolVersion())

	for settings, says := range map[string]string{
		`{"nam":"x"}`:                    "nam: there is no such setting",
		`{"name":3}`:                     "name: is a number and must be a string",
		`{"name":"bad"}`:                 `name: is "bad": use another; : and it is late`,
		`{"every":"soon"}`:               `every: "soon" is no duration: write "10s"`,
		`{"every":5}`:                    `every: 5 is no duration: write "10s"`,
		`{"name":"refused"}`:             ": no such thing",
		`{} {}`:                          ": the settings are no JSON object: ",
		`[]`:                             ": the settings are no JSON object: ",
		`{"inner":{"of":true}}`:          "inner.of: there is no such setting",
		`{"inner":{"on":1},"b":1,"a":2}`: "a: there is no such setting; `pharos-agent plugin check` lists those there are; b: there is no such setting",
	} {
		assert.Contains(t, configure(t, client, settings), says)
	}
	require.Empty(t, configure(t, client, `{"every":"5s","inner":{"on":true},"count":3}`))
	answer, err := client.Collect(t.Context(), &proto.CollectRequest{})
	require.NoError(t, err)
	require.Len(t, answer.GetMetrics(), 2, "one without values is left out")
	assert.Equal(t, map[string]string{"k": "v"}, answer.GetMetrics()[0].GetPoints()[0].GetAttributes())
	assert.Len(t, answer.GetMetrics()[0].GetPoints(), 2)
	assert.Equal(t, uint64(started.UnixNano()), answer.GetMetrics()[1].GetPoints()[0].GetStartTimeUnixNano())
	assert.Equal(t, uint64(started.Add(time.Second).UnixNano()), answer.GetMetrics()[1].GetPoints()[0].GetTimeUnixNano())
	assert.Equal(t, []string{"half of it"}, answer.GetWarnings())

	next = fail
	_, err = client.Collect(t.Context(), &proto.CollectRequest{})
	assert.Equal(t, "no database", status.Convert(err).Message())
	well, err := client.Health(t.Context(), &proto.HealthRequest{})
	require.NoError(t, err)
	assert.Equal(t, "unwell", well.GetError())
	stream, err := client.StreamLogs(t.Context())
	require.NoError(t, err)
	_, err = stream.Recv()
	assert.Equal(t, codes.Unimplemented, status.Code(err))
	s.close()
}

func TestCollectsNeverOverlap(t *testing.T) {
	entered, leave := make(chan struct{}, 2), make(chan struct{})
	client, s := serving(t, &testSource{collect: func(context.Context, *Metrics) error {
		entered <- struct{}{}
		<-leave
		return nil
	}})
	require.Empty(t, configure(t, client, ""))
	first := make(chan error, 1)
	go func() {
		_, err := client.Collect(t.Context(), &proto.CollectRequest{})
		first <- err
	}()
	<-entered
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := client.Collect(ctx, &proto.CollectRequest{})
	assert.Equal(t, codes.DeadlineExceeded, status.Code(err))
	assert.Empty(t, entered)
	close(leave)
	require.NoError(t, <-first)
	s.close()
}

func TestServerOfLogs(t *testing.T) {
	sent := make(chan error, 3)
	source := &testSource{logs: func(ctx context.Context, send Send) error {
		sent <- send(ctx)
		sent <- send(ctx, Record{Message: "one", Level: "warn", Attributes: map[string]string{"k": "v"}})
		sent <- send(ctx, Record{Message: "two"})
		<-ctx.Done()
		return ctx.Err()
	}}
	client, s := serving(t, source)
	require.Empty(t, configure(t, client, ""))
	_, err := client.Collect(t.Context(), &proto.CollectRequest{})
	assert.Equal(t, codes.Unimplemented, status.Code(err))
	stream, err := client.StreamLogs(t.Context())
	require.NoError(t, err)
	require.NoError(t, stream.Send(&proto.StreamLogsRequest{}))
	require.NoError(t, <-sent, "nothing is nothing to wait for")
	batch, err := stream.Recv()
	require.NoError(t, err)
	assert.Equal(t, "one", batch.GetRecords()[0].GetMessage())
	require.NoError(t, stream.Send(&proto.StreamLogsRequest{Sequence: batch.GetSequence(), Error: "no room"}))
	require.EqualError(t, <-sent, "the agent has not taken the log records: no room")
	batch, err = stream.Recv()
	require.NoError(t, err)
	assert.Equal(t, uint64(2), batch.GetSequence())
	require.NoError(t, stream.Send(&proto.StreamLogsRequest{Sequence: 1})) // too late
	require.NoError(t, stream.Send(&proto.StreamLogsRequest{Sequence: 2}))
	require.NoError(t, <-sent)
	s.close() // ends the stream, too
	_, err = stream.Recv()
	require.Error(t, err)
}

func TestSchema(t *testing.T) {
	text, err := schema(&testConfig{Name: "x", Token: "hidden", Every: Duration(time.Minute)})
	require.NoError(t, err)
	assert.NotContains(t, text, "hidden")
	var root struct {
		Properties map[string]map[string]any `json:"properties"`
		Additional bool                      `json:"additionalProperties"`
	}
	require.NoError(t, json.Unmarshal([]byte(text), &root))
	assert.False(t, root.Additional)
	assert.Equal(t, map[string]any{"type": "string", "description": "A name.", "default": "x"}, root.Properties["name"])
	assert.Equal(t, "1m0s", root.Properties["every"]["default"])
	assert.Equal(t, map[string]any{"type": "string", "writeOnly": true}, root.Properties["token"])
	assert.Equal(t, "boolean", root.Properties["inner"]["properties"].(map[string]any)["on"].(map[string]any)["type"])
	assert.Equal(t, map[string]any{"type": "string"}, root.Properties["hosts"]["items"])
	assert.Equal(t, map[string]any{"type": "string"}, root.Properties["labels"]["additionalProperties"])
	assert.Equal(t, map[string]any{"type": "integer", "minimum": 0.0}, root.Properties["count"])
	assert.Len(t, root.Properties, 9)
	_, err = schema(&struct{ A int }{})
	require.ErrorContains(t, err, "the field A of the settings has no json tag")
	_, err = schema(&struct {
		A chan int `json:"a"`
	}{})
	require.ErrorContains(t, err, "a: a setting cannot be a chan int")
}

func TestDefinitionsThatAreWrong(t *testing.T) {
	metrics := func(context.Context, *testConfig) (MetricsSource, error) { return nil, nil }
	for says, definition := range map[string]Definition[testConfig]{
		`its name is "A b"`:                 {Name: "A b", Version: "1", Metrics: metrics},
		"it has no version":                 {Name: "a", Metrics: metrics},
		"it gives neither metrics nor logs": {Name: "a", Version: "1"},
	} {
		_, err := newServer(definition)
		require.ErrorContains(t, err, says)
	}
}

func TestPanics(t *testing.T) {
	client, s := serving(t, &testSource{collect: func(context.Context, *Metrics) error { panic("oh") }})
	require.Empty(t, configure(t, client, ""))
	_, err := client.Collect(t.Context(), &proto.CollectRequest{})
	assert.Equal(t, "the plugin has panicked: oh", status.Convert(err).Message())
	_, err = client.Health(t.Context(), &proto.HealthRequest{})
	require.NoError(t, err, "it goes on")
	s.close()
}

func TestValues(t *testing.T) {
	var m Metrics
	m.Gauge("a", "", "").Int(1, Attr("x", "1"), Attr("b", "2")).Float(2.5)
	assert.Equal(t, map[string]float64{"a{b:2 x:1}": 1, "a": 2.5}, m.Values())
}
