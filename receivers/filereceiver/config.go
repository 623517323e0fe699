package filereceiver

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"time"

	"github.com/alecthomas/units"
	"github.com/bmatcuk/doublestar/v4"
	"go.opentelemetry.io/collector/component"

	"github.com/pharos-obs/pharos/internal/agentstate"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/logparse"
)

// Config configures the receiver.
type Config struct {
	// Include are patterns of absolute paths: * and ? within a name, ** for folders.
	Include []string `mapstructure:"include"`
	// Exclude are patterns of paths that are left out.
	Exclude []string `mapstructure:"exclude"`
	// StartAt says where to begin in files that are there at the very first start: beginning or
	// end. Files that come later are read from their beginning.
	StartAt string `mapstructure:"start_at"`
	// Service is the service.name of the records; empty means the file's name without extension.
	Service string `mapstructure:"service"`
	// HostName replaces the host's own name, as in the host receiver.
	HostName string `mapstructure:"host_name"`
	// Config says how lines are read.
	logparse.Config `mapstructure:",squash"`
	// Multiline joins lines to records.
	Multiline MultilineConfig `mapstructure:"multiline"`
	// Directory keeps how far the files were read, in a file for each receiver of this kind.
	Directory string `mapstructure:"directory"`
	// PollInterval is how often files that grow are looked at.
	PollInterval time.Duration `mapstructure:"poll_interval"`
	// DiscoverInterval is how often the patterns are searched, and files that have not grown for a
	// while are looked at.
	DiscoverInterval time.Duration `mapstructure:"discover_interval"`
	// RotateWait is how long a file that was renamed away from the patterns, or deleted, is still
	// read after it last grew.
	RotateWait time.Duration `mapstructure:"rotate_wait"`
	// MaxRecordBytes bounds a record; longer ones are cut into several, and counted.
	MaxRecordBytes units.Base2Bytes `mapstructure:"max_record_bytes"`
	// MaxBatchBytes bounds what is read before it is handed over.
	MaxBatchBytes units.Base2Bytes `mapstructure:"max_batch_bytes"`
	// MaxOpenFiles bounds the files that are held open; others are opened when they grow.
	MaxOpenFiles int `mapstructure:"max_open_files"`
}

// MultilineConfig joins lines to records. At most one of Preset, Start and End is given.
type MultilineConfig struct {
	// Preset is stacktrace: indented lines, `Caused by:` and the like belong to the line before;
	// it knows Java, Python and Go. Or container: the parts into which a container runtime cuts a
	// long line.
	Preset string `mapstructure:"preset"`
	// Start matches the first line of a record.
	Start string `mapstructure:"start"`
	// End matches the last line of a record.
	End string `mapstructure:"end"`
	// Flush is how long to wait for further lines.
	Flush time.Duration `mapstructure:"flush"`
}

const (
	startAtBeginning = "beginning"
	startAtEnd       = "end"
	presetStacktrace = "stacktrace"
	presetContainer  = "container"
)

func defaultConfig() *Config {
	return &Config{
		StartAt:          startAtEnd,
		Config:           logparse.Config{Format: logparse.Auto},
		Multiline:        MultilineConfig{Flush: 2 * time.Second},
		Directory:        agentstate.Folder("files"),
		PollInterval:     500 * time.Millisecond,
		DiscoverInterval: 2 * time.Second,
		RotateWait:       time.Minute,
		MaxRecordBytes:   128 * units.KiB,
		MaxBatchBytes:    256 * units.KiB,
		MaxOpenFiles:     512,
	}
}

// Validate implements xconfmap.Validator.
func (c *Config) Validate() error {
	errs := []error{c.Config.Validate()}
	if len(c.Include) == 0 {
		errs = append(errs, errcode.InvalidField("include", "is empty", "name files, for example [/var/log/nginx/*.log]"))
	}
	for name, patterns := range map[string][]string{"include": c.Include, "exclude": c.Exclude} {
		for _, pattern := range patterns {
			if !filepath.IsAbs(pattern) || !doublestar.ValidatePathPattern(pattern) {
				errs = append(errs, errcode.InvalidField(name, fmt.Sprintf("has %q", pattern), "use absolute paths, with *, ?, ** and [] as patterns"))
			}
		}
	}
	if c.StartAt != startAtBeginning && c.StartAt != startAtEnd {
		errs = append(errs, errcode.InvalidField("start_at", fmt.Sprintf("is %q", c.StartAt), "use beginning or end"))
	}
	if c.Directory == "" {
		errs = append(errs, errcode.InvalidField("directory", "is empty", "name a folder, for example /var/lib/pharos-agent/files"))
	}
	for name, value := range map[string]time.Duration{"poll_interval": c.PollInterval, "discover_interval": c.DiscoverInterval, "rotate_wait": c.RotateWait} {
		if value < time.Millisecond {
			errs = append(errs, errcode.InvalidField(name, fmt.Sprintf("is %s", value), "use at least 1ms"))
		}
	}
	if c.MaxRecordBytes < 1024 || c.MaxRecordBytes > units.MiB {
		errs = append(errs, errcode.InvalidField("max_record_bytes", fmt.Sprintf("is %s", c.MaxRecordBytes), "use from 1KiB to 1MiB"))
	}
	if c.MaxBatchBytes < 4096 || c.MaxBatchBytes > 8*units.MiB {
		errs = append(errs, errcode.InvalidField("max_batch_bytes", fmt.Sprintf("is %s", c.MaxBatchBytes), "use from 4KiB to 8MiB"))
	}
	if c.MaxOpenFiles < 1 {
		errs = append(errs, errcode.InvalidField("max_open_files", fmt.Sprintf("is %d", c.MaxOpenFiles), "use at least 1"))
	}
	return errors.Join(errs...)
}

// Validate implements xconfmap.Validator.
func (c *MultilineConfig) Validate() error {
	given := 0
	for _, one := range []string{c.Preset, c.Start, c.End} {
		if one != "" {
			given++
		}
	}
	if given > 1 {
		return errcode.InvalidField("preset", "is not the only one of preset, start and end", "keep one of them")
	}
	if c.Preset != "" && c.Preset != presetStacktrace && c.Preset != presetContainer {
		return errcode.InvalidField("preset", fmt.Sprintf("is %q", c.Preset), "use stacktrace or container, or start or end with a regular expression")
	}
	for name, pattern := range map[string]string{"start": c.Start, "end": c.End} {
		if _, err := regexp.Compile(pattern); err != nil {
			return errcode.InvalidField(name, "is no regular expression: "+err.Error(), "see https://pkg.go.dev/regexp/syntax")
		}
	}
	if c.Flush <= 0 {
		return errcode.InvalidField("flush", fmt.Sprintf("is %s", c.Flush), "use some seconds")
	}
	return nil
}

var _ component.Config = (*Config)(nil)
