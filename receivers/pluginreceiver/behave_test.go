package pluginreceiver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	goplugin "github.com/hashicorp/go-plugin"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"google.golang.org/grpc"

	"github.com/pharos-obs/pharos/agent/plugin"
	"github.com/pharos-obs/pharos/agent/plugin/host"
	"github.com/pharos-obs/pharos/agent/plugin/proto"
)

const (
	modeVariable = "PHAROS_TEST_PLUGIN"
	noteVariable = "PHAROS_TEST_NOTE" // a file for what a test has to know
)

// settings are those of the test plugin.
type settings struct {
	Greeting string `json:"greeting" doc:"What to say."`
}

// Validate refuses one word.
func (s *settings) Validate() error {
	if s.Greeting == "rude" {
		return plugin.Field("greeting", "is rude: say hello")
	}
	return nil
}

// good is a plugin that does what it should; the hooks make it misbehave.
type good struct {
	config  *settings
	count   int64
	collect func(ctx context.Context, m *plugin.Metrics) error
	logs    func(ctx context.Context, send plugin.Send) error
}

// Collect implements plugin.MetricsSource.
func (g *good) Collect(ctx context.Context, m *plugin.Metrics) error {
	g.count++
	m.Counter("test.collects", "{collect}", "How often it was asked.").Int(g.count, plugin.Attr("greeting", g.config.Greeting))
	m.Gauge("test.half", "1", "A half.").Float(0.5)
	if g.collect != nil {
		return g.collect(ctx, m)
	}
	return nil
}

// Logs implements plugin.LogSource.
func (g *good) Logs(ctx context.Context, send plugin.Send) error {
	if g.logs != nil {
		return g.logs(ctx, send)
	}
	for i := 0; ; i++ {
		record := plugin.Record{Level: "warn", Message: "record " + strconv.Itoa(i), Attributes: map[string]string{"a": "b"}}
		for send(ctx, record) != nil {
			if !wait(ctx, 10*time.Millisecond) {
				return nil
			}
		}
		if !wait(ctx, 20*time.Millisecond) {
			return nil
		}
	}
}

func serve(g *good) {
	plugin.Serve(plugin.Definition[settings]{
		Name: "test", Version: "1.2.3", Description: "Tests.",
		Defaults: func() *settings { return &settings{Greeting: "hello"} },
		Metrics: func(_ context.Context, config *settings) (plugin.MetricsSource, error) {
			g.config = config
			return g, nil
		},
		Logs: func(_ context.Context, config *settings) (plugin.LogSource, error) { return g, nil },
	})
}

func collecting(collect func(ctx context.Context, m *plugin.Metrics) error) {
	serve(&good{collect: collect})
}

// raw answers what it likes, without the SDK.
type raw struct {
	proto.UnimplementedPluginServer
	describe *proto.DescribeResponse
	answer   func() (*proto.CollectResponse, error)
}

func (r *raw) Describe(context.Context, *proto.DescribeRequest) (*proto.DescribeResponse, error) {
	return r.describe, nil
}

func (r *raw) Configure(context.Context, *proto.ConfigureRequest) (*proto.ConfigureResponse, error) {
	return &proto.ConfigureResponse{}, nil
}

func (r *raw) Collect(ctx context.Context, request *proto.CollectRequest) (*proto.CollectResponse, error) {
	if r.answer == nil {
		return r.UnimplementedPluginServer.Collect(ctx, request)
	}
	return r.answer()
}

type rawPlugin struct {
	goplugin.NetRPCUnsupportedPlugin
	server proto.PluginServer
}

func (p *rawPlugin) GRPCServer(_ *goplugin.GRPCBroker, target *grpc.Server) error {
	proto.RegisterPluginServer(target, p.server)
	return nil
}

func (p *rawPlugin) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.ErrUnsupported
}

// serveRaw serves a server; version is what the handshake says.
func serveRaw(version uint, server *raw, tlsProvider func() (*tls.Config, error)) {
	if server.describe == nil {
		server.describe = &proto.DescribeResponse{
			Name: "test", Version: "1", ProtocolVersion: 1, Capabilities: []proto.Capability{proto.Capability_CAPABILITY_METRICS},
		}
	}
	handshake := plugin.Handshake()
	handshake.ProtocolVersion = version
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: handshake, Plugins: goplugin.PluginSet{plugin.SetName: &rawPlugin{server: server}},
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server { return grpc.NewServer(options...) }, TLSProvider: tlsProvider,
	})
}

func otlp(build func(resource pmetric.ResourceMetrics)) func() (*proto.CollectResponse, error) {
	return func() (*proto.CollectResponse, error) {
		metrics := pmetric.NewMetrics()
		build(metrics.ResourceMetrics().AppendEmpty())
		bytes, err := pmetricotlp.NewExportRequestFromMetrics(metrics).MarshalProto()
		return &proto.CollectResponse{OtlpMetrics: bytes}, err
	}
}

func gauge(resource pmetric.ResourceMetrics, name string, value float64, at time.Time) {
	metric := resource.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	metric.SetName(name)
	point := metric.SetEmptyGauge().DataPoints().AppendEmpty()
	point.SetDoubleValue(value)
	if !at.IsZero() {
		point.SetTimestamp(pcommon.NewTimestampFromTime(at))
	}
}

// behave is the test plugin in one of its ways.
func behave(mode string) {
	forEver := make(chan struct{})
	ways := map[string]func(){
		"good":           func() { serve(&good{}) },
		"crash at start": func() { os.Exit(3) },
		"crash in collect": func() {
			collecting(func(context.Context, *plugin.Metrics) error {
				os.Exit(4)
				return nil
			})
		},
		"hang at start": func() { <-forEver },
		"hang in collect": func() {
			collecting(func(context.Context, *plugin.Metrics) error {
				<-forEver
				return nil
			})
		},
		"panic": func() {
			collecting(func(context.Context, *plugin.Metrics) error { panic("at the disco") })
		},
		"error": func() { collecting(func(context.Context, *plugin.Metrics) error { return errors.New("no database") }) },
		"ignore SIGTERM": func() {
			signal.Ignore(syscall.SIGTERM)
			note(os.Getpid())
			serveRaw(1, &raw{answer: otlp(func(r pmetric.ResourceMetrics) { gauge(r, "test.half", 0.5, time.Time{}) })}, nil)
			<-forEver
		},
		"flood points": func() {
			collecting(func(_ context.Context, m *plugin.Metrics) error {
				for i := range 5000 {
					m.Gauge("test.flood", "", "").Int(1, plugin.Attr("i", strconv.Itoa(i)))
				}
				return nil
			})
		},
		"flood bytes": func() {
			collecting(func(_ context.Context, m *plugin.Metrics) error {
				m.Gauge("test.flood", "", strings.Repeat("x", 1<<20)).Int(1)
				return nil
			})
		},
		"flood output": func() {
			flood := []byte(strings.Repeat("noise ", 20) + "\n")
			for _, to := range []*os.File{os.Stdout, os.Stderr} {
				go func() {
					time.Sleep(200 * time.Millisecond) // the handshake comes first
					for {
						_, _ = to.Write(flood)
					}
				}()
			}
			serve(&good{})
		},
		"leak": func() {
			collecting(func(context.Context, *plugin.Metrics) error {
				var kept [][]byte
				for {
					block := make([]byte, 16<<20)
					for i := 0; i < len(block); i += 4096 {
						block[i] = 1
					}
					kept = append(kept, block)
					time.Sleep(time.Duration(len(kept)) * time.Millisecond)
				}
			})
		},
		"burn": func() {
			go func() {
				for i := 0; ; i++ {
					_ = i * i
				}
			}()
			serve(&good{})
		},
		"garbage":       func() { fmt.Println("Hello, I am a plugin!"); <-forEver },
		"other version": func() { serveRaw(2, &raw{}, nil) },
		"lying version": func() {
			serveRaw(1, &raw{describe: &proto.DescribeResponse{Name: "test", Version: "1", ProtocolVersion: 7}}, nil)
		},
		"other name": func() {
			serveRaw(1, &raw{describe: &proto.DescribeResponse{Name: "mimic", Version: "1", ProtocolVersion: 1, Capabilities: []proto.Capability{1}}}, nil)
		},
		"nothing to give": func() {
			serveRaw(1, &raw{describe: &proto.DescribeResponse{Name: "test", Version: "1", ProtocolVersion: 1}}, nil)
		},
		"only logs": func() {
			serveRaw(1, &raw{describe: &proto.DescribeResponse{Name: "test", Version: "1", ProtocolVersion: 1, Capabilities: []proto.Capability{2}}}, nil)
		},
		"refuses collect": func() { serveRaw(1, &raw{}, nil) },
		"undecodable": func() {
			serveRaw(1, &raw{answer: func() (*proto.CollectResponse, error) {
				return &proto.CollectResponse{OtlpMetrics: []byte("\x0a\xffnot OTLP")}, nil
			}}, nil)
		},
		"not UTF-8": func() {
			serveRaw(1, &raw{answer: func() (*proto.CollectResponse, error) {
				return &proto.CollectResponse{Metrics: []*proto.Metric{{Name: "a\xff", Kind: 1}}}, nil
			}}, nil)
		},
		"future": func() {
			serveRaw(1, &raw{answer: otlp(func(r pmetric.ResourceMetrics) { gauge(r, "test.future", 1, time.Now().Add(time.Hour)) })}, nil)
		},
		"not a number": func() {
			serveRaw(1, &raw{answer: otlp(func(r pmetric.ResourceMetrics) { gauge(r, "test.nan", math.NaN(), time.Time{}) })}, nil)
		},
		"other service": func() {
			serveRaw(1, &raw{answer: otlp(func(r pmetric.ResourceMetrics) {
				r.Resource().Attributes().PutStr("service.name", "checkout")
				r.Resource().Attributes().PutStr("host.name", "elsewhere")
				gauge(r, "test.mine", 1, time.Time{})
			})}, nil)
		},
		"child": func() {
			child := exec.Command("sleep", "600")
			child.Stdout, child.Stderr = os.Stdout, os.Stderr // it holds the pipes open
			if err := child.Start(); err != nil {
				panic(err)
			}
			note(child.Process.Pid)
			os.Exit(5)
		},
		"agent": func() { // it starts a plugin and is killed
			cfg := defaultConfig()
			cfg.Path, _ = os.Executable()
			cfg.Environment = map[string]configopaque.String{modeVariable: "good"}
			running, err := host.Start(context.Background(), cfg.Spec(cfg.Path, "1", func(string) {}))
			if err != nil {
				panic(err)
			}
			note(running.PID())
			<-forEver
		},
		"with child": func() {
			child := exec.Command("sleep", "600")
			if err := child.Start(); err != nil {
				panic(err)
			}
			note(child.Process.Pid)
			serve(&good{})
		},
		"no TLS": func() {
			_ = os.Unsetenv("PLUGIN_CLIENT_CERT")
			serveRaw(1, &raw{}, nil)
		},
		"elsewhere": func() { fmt.Println("1|1|tcp|192.0.2.1:443|grpc|"); <-forEver },
	}
	way, ok := ways[mode]
	if !ok {
		panic("no way " + mode)
	}
	way()
}

// note tells the test a number.
func note(number int) {
	if err := os.WriteFile(os.Getenv(noteVariable), []byte(strconv.Itoa(number)), 0o600); err != nil {
		panic(err)
	}
}
