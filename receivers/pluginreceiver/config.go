package pluginreceiver

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/alecthomas/units"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/pharos-obs/pharos/agent/plugin"
	"github.com/pharos-obs/pharos/agent/plugin/host"
	"github.com/pharos-obs/pharos/internal/errcode"
)

// Config sets up one plugin.
type Config struct {
	// Name is the plugin's name: the file is DIRECTORY/pharos-plugin-NAME.
	Name string `mapstructure:"name"`
	// Directory is where plugins are.
	Directory string `mapstructure:"directory"`
	// Path is the plugin's file, absolute, instead of Directory and Name.
	Path string `mapstructure:"path"`
	// SHA256 is the checksum that the file must have; empty allows any. `pharos-agent plugin list`
	// shows it.
	SHA256 string `mapstructure:"sha256"`
	// Args are arguments of the program.
	Args []string `mapstructure:"args"`
	// Environment is what the plugin gets of variables beside PATH, HOME, USER, LANG, LC_ALL, TZ and
	// TMPDIR. It does not get the agent's.
	Environment map[string]configopaque.String `mapstructure:"environment"`
	// Config is what the plugin itself is set to. `pharos-agent plugin check` shows what there is.
	Config map[string]any `mapstructure:"config"`
	// CollectionInterval is how often the plugin measures.
	CollectionInterval time.Duration `mapstructure:"collection_interval"`
	// ServiceName is the service.name of what the plugin gives; empty means the second half of the
	// receiver's id (plugin/orders-db), or else the plugin's name.
	ServiceName string `mapstructure:"service_name"`
	// HostName replaces the host's own name, as in the host receiver.
	HostName string `mapstructure:"host_name"`
	// Limits bound what the plugin uses, with its children, and what it gives.
	Limits LimitsConfig `mapstructure:"limits"`
	// Timeouts bound how long the plugin may take.
	Timeouts TimeoutsConfig `mapstructure:"timeouts"`
	// Restart says when a plugin that has ended is started again. There is no end to it.
	Restart RestartConfig `mapstructure:"restart"`
}

// LimitsConfig bounds a plugin. A plugin that uses too much memory or CPU is killed and started
// again (where the agent has control groups, one that uses too much CPU is slowed); what it gives too much of is dropped and counted.
type LimitsConfig struct {
	// Memory is the most RAM; 0 means no limit.
	Memory units.Base2Bytes `mapstructure:"memory"`
	// CPU is the most CPU time, in cores, on average over CPUWindow; 0 means no limit.
	CPU float64 `mapstructure:"cpu"`
	// CPUWindow is what CPU is averaged over.
	CPUWindow time.Duration `mapstructure:"cpu_window"`
	// Nice lowers the plugin's priority: 0 is the agent's, 19 the lowest.
	Nice int `mapstructure:"nice"`
	// Message is the longest answer to a Collect, and the longest batch of log records.
	Message units.Base2Bytes `mapstructure:"message"`
	// Points is the most data points of a Collect.
	Points int `mapstructure:"points"`
	// LogRecords is the most log records a second. The plugin has to wait; none is dropped.
	LogRecords int `mapstructure:"log_records"`
	// OutputLines is how many lines a second that the plugin prints go to the agent's log.
	OutputLines int `mapstructure:"output_lines"`

	watch time.Duration // how often memory and CPU are looked at
}

// TimeoutsConfig bounds how long a plugin may take.
type TimeoutsConfig struct {
	// Start is from starting the program until it has its settings.
	Start time.Duration `mapstructure:"start"`
	// Collect is for one Collect. A plugin that is late three times in a row is started again.
	Collect time.Duration `mapstructure:"collect"`
	// Stop is from asking the plugin to end until it is killed.
	Stop time.Duration `mapstructure:"stop"`
}

// RestartConfig says when to start a plugin again.
type RestartConfig struct {
	// Initial is the first pause; each further one is twice as long, give or take a quarter.
	Initial time.Duration `mapstructure:"initial"`
	// Max is the longest pause. A plugin that has run for longer begins with Initial again.
	Max time.Duration `mapstructure:"max"`
}

var _ component.Config = (*Config)(nil)

func defaultConfig() *Config {
	return &Config{
		Directory:          host.Directory,
		CollectionInterval: 10 * time.Second,
		Limits: LimitsConfig{
			Memory: 128 * units.MiB, CPU: 0.5, CPUWindow: 30 * time.Second, Nice: 5,
			Message: 4 * units.MiB, Points: 20_000, LogRecords: 2_000, OutputLines: 10, watch: time.Second,
		},
		Timeouts: TimeoutsConfig{Start: 15 * time.Second, Collect: 10 * time.Second, Stop: 5 * time.Second},
		Restart:  RestartConfig{Initial: time.Second, Max: 5 * time.Minute},
	}
}

// File returns the file of the plugin.
func (c *Config) File() string {
	if c.Path != "" {
		return c.Path
	}
	return host.File(c.Directory, c.Name)
}

// Settings returns the plugin's own settings as a JSON object.
func (c *Config) Settings() (string, error) {
	if len(c.Config) == 0 {
		return "{}", nil
	}
	text, err := json.Marshal(c.Config)
	if err != nil {
		return "", errcode.InvalidField("config", err.Error(), "use maps with text as keys, lists, text, numbers, true and false")
	}
	return string(text), nil
}

// Spec returns how to start the plugin whose file was verified.
func (c *Config) Spec(file, agentVersion string, output func(line string)) host.Spec {
	spec := host.Spec{
		Path: file, Args: c.Args, Name: c.Name, AgentVersion: agentVersion, Output: output,
		Limits: host.Limits{
			Memory: int64(c.Limits.Memory), CPU: c.Limits.CPU, CPUWindow: c.Limits.CPUWindow, Nice: c.Limits.Nice,
			MessageBytes: int(c.Limits.Message), OutputLines: c.Limits.OutputLines, Watch: c.Limits.watch,
		},
	}
	for name, value := range c.Environment {
		spec.Env = append(spec.Env, name+"="+string(value))
	}
	return spec
}

// Validate checks the configuration.
func (c *Config) Validate() error {
	var errs []error
	invalid := func(field, message, fix string) { errs = append(errs, errcode.InvalidField(field, message, fix)) }
	switch {
	case c.Name == "" && c.Path == "":
		invalid("name", "is empty", "name the plugin, or give its file as path")
	case c.Name != "" && !plugin.ValidName.MatchString(c.Name):
		invalid("name", fmt.Sprintf("is %q", c.Name), "use lower case letters, digits, '-', '_' and '.'")
	}
	if c.Path != "" && !filepath.IsAbs(c.Path) {
		invalid("path", fmt.Sprintf("is %q", c.Path), "use an absolute path")
	}
	if c.Path == "" && !filepath.IsAbs(c.Directory) {
		invalid("directory", fmt.Sprintf("is %q", c.Directory), "use an absolute path")
	}
	if sum, err := hex.DecodeString(c.SHA256); c.SHA256 != "" && (err != nil || len(sum) != 32) {
		invalid("sha256", fmt.Sprintf("is %q", c.SHA256), "use the 64 hexadecimal digits that sha256sum prints")
	}
	for name := range c.Environment {
		if name == "" || strings.ContainsAny(name, "=\x00") {
			invalid("environment", fmt.Sprintf("has the name %q", name), "use the name of a variable")
		}
	}
	if _, err := c.Settings(); err != nil {
		errs = append(errs, err)
	}
	if c.CollectionInterval < 100*time.Millisecond {
		invalid("collection_interval", fmt.Sprintf("is %s", c.CollectionInterval), "use at least 100ms")
	}
	return errors.Join(append(errs, c.Limits.validate(), c.Timeouts.validate(), c.Restart.validate())...)
}

func (c *LimitsConfig) validate() error {
	var errs []error
	at := func(wrong bool, field string, value any, fix string) {
		if wrong {
			errs = append(errs, errcode.InvalidField("limits::"+field, fmt.Sprintf("is %v", value), fix))
		}
	}
	at(c.Memory != 0 && c.Memory < 16*units.MiB, "memory", c.Memory, "use at least 16MiB, or 0 for no limit")
	at(c.CPU < 0, "cpu", c.CPU, "use a number of cores, or 0 for no limit")
	at(c.CPUWindow < time.Second, "cpu_window", c.CPUWindow, "use at least 1s")
	at(c.Nice < 0 || c.Nice > 19, "nice", c.Nice, "use 0 to 19")
	at(c.Message < 64<<10 || c.Message > 64<<20, "message", c.Message, "use from 64KiB to 64MiB")
	at(c.Points < 1, "points", c.Points, "use at least 1")
	at(c.LogRecords < 1, "log_records", c.LogRecords, "use at least 1")
	at(c.OutputLines < 1, "output_lines", c.OutputLines, "use at least 1")
	return errors.Join(errs...)
}

func (c *TimeoutsConfig) validate() error {
	var errs []error
	for field, value := range map[string]time.Duration{"start": c.Start, "collect": c.Collect, "stop": c.Stop} {
		if value < 100*time.Millisecond {
			errs = append(errs, errcode.InvalidField("timeouts::"+field, fmt.Sprintf("is %s", value), "use some seconds"))
		}
	}
	return errors.Join(errs...)
}

func (c *RestartConfig) validate() error {
	if c.Initial < 10*time.Millisecond || c.Max < c.Initial {
		return errcode.InvalidField("restart", fmt.Sprintf("is from %s to %s", c.Initial, c.Max), "use a second or more, and max at least as long as initial")
	}
	return nil
}
