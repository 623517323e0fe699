// Package plugin is the SDK for plugins of the agent: a program that measures something, or reads
// logs, and that the agent starts, asks and stops. A whole plugin:
//
//	func main() {
//		plugin.Serve(plugin.Definition[Config]{
//			Name: "clock", Version: "1.0.0", Description: "Tells the time.",
//			Metrics: func(_ context.Context, config *Config) (plugin.MetricsSource, error) { return &clock{config}, nil },
//		})
//	}
//
//	type clock struct{ config *Config }
//
//	func (c *clock) Collect(_ context.Context, m *plugin.Metrics) error {
//		m.Gauge("clock.time", "s", "Unix time.").Int(time.Now().Unix(), plugin.Attr("zone", c.config.Zone))
//		return nil
//	}
//
// `pharos-agent plugin new` writes one that compiles, and `pharos-agent plugin check` tries it.
// The package knows nothing of the agent and of the Collector: a plugin links gRPC and no more.
package plugin

import (
	"context"
	"fmt"
	"os"
	"regexp"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/pharos-obs/pharos/agent/plugin/proto"
)

// Definition says what a plugin is. C is the type of its settings, a struct whose fields have json
// tags; doc:"..." describes a field to people, and secret:"true" marks what must not be shown. When
// *C has a method Validate() error, it is asked before the settings come into force; Field gives
// errors that name a setting.
type Definition[C any] struct {
	// Name is the plugin's name: lower case letters, digits, '-', '_' and '.'. The agent looks for
	// the file pharos-plugin-NAME.
	Name string
	// Version is the plugin's own.
	Version string
	// Description is one sentence for people.
	Description string
	// Defaults returns the settings before the user's come over them; nil means zero values.
	Defaults func() *C
	// Metrics makes what measures; nil when the plugin gives no metrics. It must not wait for what
	// it measures: connect in Collect.
	Metrics func(ctx context.Context, config *C) (MetricsSource, error)
	// Logs makes what reads logs; nil when the plugin gives none. It must not wait either.
	Logs func(ctx context.Context, config *C) (LogSource, error)
}

// MetricsSource measures. When it is an io.Closer too, it is closed before the plugin ends and
// before new settings come into force; when it is a HealthChecker too, the agent asks it.
type MetricsSource interface {
	// Collect measures once. Calls never overlap. ctx ends when the agent waits no longer. An error
	// means that nothing was measured; what was measured in part is sent with metrics.Warn.
	Collect(ctx context.Context, metrics *Metrics) error
}

// LogSource reads logs. It may be an io.Closer and a HealthChecker, as a MetricsSource.
type LogSource interface {
	// Logs sends records until ctx ends, and then returns. An error ends the stream; the agent
	// opens it again after a while.
	Logs(ctx context.Context, send Send) error
}

// Send hands records to the agent and returns once the agent keeps them: what was sent survives
// the agent's death, so that the place up to which was read may be remembered. An error means that
// the agent has not got them: send them again, or return the error.
type Send func(ctx context.Context, records ...Record) error

// HealthChecker says whether a source can do its work.
type HealthChecker interface {
	// Health returns why it cannot, or nil.
	Health(ctx context.Context) error
}

// ValidName is what a plugin may be called.
var ValidName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)

// Serve serves the plugin until the agent ends it, or has died, and then ends the program. It is
// the last thing in main.
func Serve[C any](definition Definition[C]) {
	server, err := newServer(definition)
	if err != nil {
		fmt.Fprintln(os.Stderr, "This plugin is wrong:", err)
		os.Exit(1)
	}
	if os.Getenv(CookieKey) != CookieValue {
		fmt.Fprintf(os.Stderr, "%s %s is a plugin of pharos-agent: it is started by the agent.\nTry it: pharos-agent plugin check %s\n",
			definition.Name, definition.Version, os.Args[0])
		os.Exit(1)
	}
	go endWithAgent(server)
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: Handshake(),
		Plugins:         goplugin.PluginSet{SetName: &service{server: server}},
		GRPCServer:      func(options []grpc.ServerOption) *grpc.Server { return grpc.NewServer(options...) },
		Logger:          hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: os.Stderr}),
	})
	server.close()
}

// service tells go-plugin what to serve.
type service struct {
	goplugin.NetRPCUnsupportedPlugin
	server proto.PluginServer
}

// GRPCServer implements goplugin.GRPCPlugin.
func (s *service) GRPCServer(_ *goplugin.GRPCBroker, target *grpc.Server) error {
	proto.RegisterPluginServer(target, s.server)
	return nil
}

// GRPCClient implements goplugin.GRPCPlugin. The agent has its own.
func (s *service) GRPCClient(_ context.Context, _ *goplugin.GRPCBroker, connection *grpc.ClientConn) (any, error) {
	return proto.NewPluginClient(connection), nil
}
