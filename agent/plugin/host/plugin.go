package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/pharos-obs/pharos/agent/plugin"
	"github.com/pharos-obs/pharos/agent/plugin/proto"
)

// Spec says what to start, and within which limits.
type Spec struct {
	// Path is the program, as Verify has returned it.
	Path string
	// Args are its arguments.
	Args []string
	// Env is its environment, as KEY=VALUE, beside the few variables every program needs. It does
	// not get the agent's, which holds the agent's key.
	Env []string
	// Name is what it must call itself; empty allows any name.
	Name string
	// AgentVersion is told to it.
	AgentVersion string
	// Limits bound what it uses.
	Limits Limits
	// Output takes what it writes to its standard output and error, line by line.
	Output func(line string)
}

// Limits bound what a plugin uses, with its children. Zero means no limit.
type Limits struct {
	// Memory is the most memory, in bytes of RAM.
	Memory int64
	// CPU is the most CPU time a second, in cores, averaged over CPUWindow.
	CPU       float64
	CPUWindow time.Duration
	// Nice lowers the priority: 0 to 19.
	Nice int
	// MessageBytes is the longest answer, in bytes.
	MessageBytes int
	// OutputLines is how many lines a second go to Output.
	OutputLines int
	// Watch is how often memory and CPU are looked at.
	Watch time.Duration
}

// Usage is what a plugin and its children use.
type Usage struct {
	Memory    int64         // bytes of RAM
	CPU       time.Duration // since the start
	Processes int
}

// Plugin is a running plugin. Its methods may be called at the same time.
type Plugin struct {
	spec        Spec
	process     *process
	client      *goplugin.Client
	rpc         proto.PluginClient
	description *proto.DescribeResponse

	watching sync.WaitGroup
	mu       sync.Mutex
	usage    Usage
}

// Start starts a plugin and returns it once it has described itself. ctx bounds the start; the
// plugin lives until Stop, and must be stopped also when it has ended.
func Start(ctx context.Context, spec Spec) (*Plugin, error) {
	running, err := newProcess(&spec)
	if err != nil {
		return nil, err
	}
	p := &Plugin{spec: spec, process: running}
	if p.client, err = newClient(&spec, running); err != nil {
		running.clean()
		return nil, err
	}
	release := context.AfterFunc(ctx, func() { running.kill(errors.New("the plugin did not start in time")) })
	err = p.connect(ctx)
	if !release() {
		err = errors.Join(ctx.Err(), err)
	}
	if err != nil {
		ended := running.err()
		running.kill(err)
		p.client.Kill()
		running.clean()
		return nil, p.startError(ctx, err, ended)
	}
	_ = lowerPriority(running.pid(), spec.Limits.Nice) // where it can be done
	p.watching.Go(p.watch)
	return p, nil
}

func newClient(spec *Spec, running *process) (*goplugin.Client, error) {
	identity, certificate, err := newIdentity()
	if err != nil {
		return nil, err
	}
	return goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig:  plugin.Handshake(),
		VersionedPlugins: plugin.Set(),
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		// It is what AutoMTLS does, with a curve that every language's TLS knows.
		TLSConfig:   identity,
		SkipHostEnv: true,
		// The context of Start kills it before.
		StartTimeout: time.Hour,
		Logger:       hclog.NewNullLogger(),
		SyncStdout:   running.output,
		SyncStderr:   running.output,
		RunnerFunc: func(_ hclog.Logger, command *exec.Cmd, folder string) (runner.Runner, error) {
			running.folder = folder // paths of sockets are short, about 100 bytes: no folder of ours around it
			running.command.Env = slices.Concat(baseEnvironment(spec.Limits.Memory), spec.Env, command.Env, []string{"PLUGIN_CLIENT_CERT=" + certificate})
			return running, nil
		},
		GRPCDialOptions: []grpc.DialOption{grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(spec.Limits.MessageBytes))},
	}), nil
}

// baseEnvironment is what of the agent's environment is a plugin's business.
func baseEnvironment(memory int64) []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "TEMP", "SYSTEMROOT"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	if memory > 0 {
		env = append(env, fmt.Sprintf("GOMEMLIMIT=%d", memory/10*9)) // a plugin in Go collects garbage before it is killed
	}
	return env
}

// connect shakes hands and asks for the description.
func (p *Plugin) connect(ctx context.Context) error {
	protocol, err := p.client.Client()
	if err != nil {
		return err
	}
	dispensed, err := protocol.Dispense(plugin.SetName)
	if err != nil {
		return err
	}
	p.rpc = dispensed.(proto.PluginClient)
	if p.description, err = p.rpc.Describe(ctx, &proto.DescribeRequest{AgentVersion: p.spec.AgentVersion}); err != nil {
		return fmt.Errorf("ask the plugin what it is: %w", plain(err))
	}
	return p.checkDescription()
}

func (p *Plugin) checkDescription() error {
	about := p.description
	switch {
	case about.GetProtocolVersion() != plugin.ProtocolVersion:
		return fmt.Errorf("the plugin speaks version %d of the protocol after it has agreed to %d: build it anew with a version of the SDK that fits this agent",
			about.GetProtocolVersion(), plugin.ProtocolVersion)
	case !plugin.ValidName.MatchString(about.GetName()):
		return fmt.Errorf("the plugin calls itself %q: a name has lower case letters, digits, '-', '_' and '.'", Shorten(about.GetName()))
	case p.spec.Name != "" && about.GetName() != p.spec.Name:
		return fmt.Errorf("the plugin calls itself %q and not %q: set name to that, or path alone", about.GetName(), p.spec.Name)
	case about.GetVersion() == "" || len(about.GetVersion()) > 100:
		return fmt.Errorf("the plugin says that its version is %q", Shorten(about.GetVersion()))
	case !p.Gives(proto.Capability_CAPABILITY_METRICS) && !p.Gives(proto.Capability_CAPABILITY_LOGS):
		return errors.New("the plugin says that it gives neither metrics nor logs")
	}
	return nil
}

// startError says why a plugin did not start, in our words where we know better than go-plugin.
func (p *Plugin) startError(ctx context.Context, err, ended error) error {
	text := err.Error()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("start the plugin: it has not answered in time: %w", ctx.Err())
	case ended != nil:
		return fmt.Errorf("start the plugin: %w", ended)
	case strings.Contains(text, "plugin exited before"):
		return errors.New("start the plugin: it has ended before it answered")
	case strings.Contains(text, "incompatible API version"):
		return fmt.Errorf("start the plugin: it was built for another version of the protocol than %d: build it anew with a version of the SDK that fits this agent", plugin.ProtocolVersion)
	case strings.Contains(text, "Unrecognized remote plugin message"), strings.Contains(text, "core protocol"), strings.Contains(text, "core API"):
		return fmt.Errorf("start the plugin: what it says on its standard output is not the handshake of a plugin: %q", Shorten(strings.TrimPrefix(text, "Unrecognized remote plugin message: ")))
	}
	return fmt.Errorf("start the plugin: %w", err)
}

const longestText = 300

// Shorten keeps what a plugin says from filling our log.
func Shorten(text string) string {
	text = printable([]byte(strings.Join(strings.Fields(text), " ")))
	if runes := []rune(text); len(runes) > longestText {
		return string(runes[:longestText]) + "…"
	}
	return text
}

// plain takes gRPC's wrapping off an error, and keeps its code for status.Code.
func plain(err error) error {
	if err == nil {
		return nil
	}
	return &rpcError{status: status.Convert(err)}
}

// rpcError is what a plugin answered instead of what was asked for.
type rpcError struct{ status *status.Status }

// Error implements error.
func (e *rpcError) Error() string { return Shorten(e.status.Message()) }

// GRPCStatus lets status.Code find the code.
func (e *rpcError) GRPCStatus() *status.Status { return e.status }

// Description is what the plugin says it is.
func (p *Plugin) Description() *proto.DescribeResponse { return p.description }

// Gives says whether the plugin says that it can do something.
func (p *Plugin) Gives(capability proto.Capability) bool {
	return slices.Contains(p.description.GetCapabilities(), capability)
}

// Configure gives the plugin its settings, a JSON object. The faults of the settings are errors
// that name them.
func (p *Plugin) Configure(ctx context.Context, settings string) error {
	answer, err := p.rpc.Configure(ctx, &proto.ConfigureRequest{ConfigJson: settings})
	if err != nil {
		return fmt.Errorf("configure the plugin: %w", plain(err))
	}
	var faults []error
	for _, one := range answer.GetErrors() {
		where := "config"
		if one.GetField() != "" {
			where += "." + Shorten(one.GetField())
		}
		faults = append(faults, fmt.Errorf("%s: %s", where, Shorten(one.GetMessage())))
	}
	if len(faults) > 0 {
		return &SettingsError{Faults: faults}
	}
	return nil
}

// SettingsError says that the plugin does not take its settings.
type SettingsError struct{ Faults []error }

// Error implements error.
func (e *SettingsError) Error() string { return errors.Join(e.Faults...).Error() }

// Collect asks the plugin to measure.
func (p *Plugin) Collect(ctx context.Context) (*proto.CollectResponse, error) {
	answer, err := p.rpc.Collect(ctx, &proto.CollectRequest{})
	return answer, plain(err)
}

// StreamLogs opens a stream of log records. It ends with ctx.
func (p *Plugin) StreamLogs(ctx context.Context) (grpc.BidiStreamingClient[proto.StreamLogsRequest, proto.StreamLogsResponse], error) {
	stream, err := p.rpc.StreamLogs(ctx)
	if err != nil {
		return nil, plain(err)
	}
	if err := stream.Send(&proto.StreamLogsRequest{}); err != nil && !errors.Is(err, io.EOF) {
		return nil, plain(err)
	}
	return stream, nil
}

// Health asks the plugin whether it can do its work, and returns why not.
func (p *Plugin) Health(ctx context.Context) error {
	answer, err := p.rpc.Health(ctx, &proto.HealthRequest{})
	if err != nil {
		return plain(err)
	}
	if answer.GetError() != "" {
		return errors.New(Shorten(answer.GetError()))
	}
	return nil
}

// Done is closed when the plugin has ended.
func (p *Plugin) Done() <-chan struct{} { return p.process.exited }

// Err returns why the plugin has ended, nil while it runs.
func (p *Plugin) Err() error { return p.process.err() }

// PID is the plugin's process.
func (p *Plugin) PID() int { return p.process.pid() }

// Usage is what the plugin used when it was last looked at.
func (p *Plugin) Usage() Usage {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.usage
}

// Kill ends the plugin and its children at once, for a reason that Err will return.
func (p *Plugin) Kill(reason error) { p.process.kill(reason) }

// Stop asks the plugin to end, kills it with its children when it has not until ctx ends, and frees
// what belongs to it. It returns an error when the plugin had to be killed.
func (p *Plugin) Stop(ctx context.Context) error {
	err := p.process.ask(ctx)
	p.client.Kill()
	p.watching.Wait()
	p.process.clean()
	return err
}
