package journaldreceiver

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/component"

	"github.com/pharos-obs/pharos/internal/agentstate"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/logparse"
)

// Config configures the receiver.
type Config struct {
	// Units are those whose entries are read, with * as a pattern; empty means all entries.
	Units []string `mapstructure:"units"`
	// Priority is the least severe priority that is read: emerg, alert, crit, err, warning,
	// notice, info or debug.
	Priority string `mapstructure:"priority"`
	// StartAt says where to begin at the very first start: beginning or end.
	StartAt string `mapstructure:"start_at"`
	// Service is the service.name of the records; empty means the unit, or the program.
	Service string `mapstructure:"service"`
	// HostName replaces the host's own name, as in the host receiver.
	HostName string `mapstructure:"host_name"`
	// Format says how messages are read, as in the files receiver.
	Format string `mapstructure:"format"`
	// JournalDirectory is the folder of another journal than this host's.
	JournalDirectory string `mapstructure:"journal_directory"`
	// Journalctl is the program.
	Journalctl string `mapstructure:"journalctl"`
	// Directory keeps how far the journal was read, in a file for each receiver of this kind.
	Directory string `mapstructure:"directory"`
}

const (
	startAtBeginning = "beginning"
	startAtEnd       = "end"
)

func defaultConfig() *Config {
	return &Config{
		Priority: "info", StartAt: startAtEnd, Format: logparse.Auto, Journalctl: "journalctl", Directory: agentstate.Folder("journald"),
	}
}

// Validate implements xconfmap.Validator.
func (c *Config) Validate() error {
	parsing := c.parsing()
	errs := []error{parsing.Validate()}
	if c.Format == logparse.Regex {
		errs = append(errs, errcode.InvalidField("format", "is regex", "use another one; messages of the journal come from many programs"))
	}
	for _, unit := range c.Units {
		if unit == "" || strings.HasPrefix(unit, "-") {
			errs = append(errs, errcode.InvalidField("units", fmt.Sprintf("has %q", unit), "use names such as nginx.service"))
		}
	}
	priorities := []string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}
	if !slices.Contains(priorities, c.Priority) {
		errs = append(errs, errcode.InvalidField("priority", fmt.Sprintf("is %q", c.Priority), "use one of "+strings.Join(priorities, ", ")))
	}
	if c.StartAt != startAtBeginning && c.StartAt != startAtEnd {
		errs = append(errs, errcode.InvalidField("start_at", fmt.Sprintf("is %q", c.StartAt), "use beginning or end"))
	}
	if c.JournalDirectory != "" && !filepath.IsAbs(c.JournalDirectory) {
		errs = append(errs, errcode.InvalidField("journal_directory", fmt.Sprintf("is %q", c.JournalDirectory), "use an absolute path"))
	}
	if c.Journalctl == "" {
		errs = append(errs, errcode.InvalidField("journalctl", "is empty", "use journalctl, or the path of the program"))
	}
	if c.Directory == "" {
		errs = append(errs, errcode.InvalidField("directory", "is empty", "name a folder, for example /var/lib/pharos-agent/journald"))
	}
	return errors.Join(errs...)
}

func (c *Config) parsing() logparse.Config { return logparse.Config{Format: c.Format} }

// filters are the arguments of journalctl that choose entries.
func (c *Config) filters() []string {
	arguments := []string{"--priority=" + c.Priority}
	for _, unit := range c.Units {
		arguments = append(arguments, "--unit="+unit)
	}
	if c.JournalDirectory != "" {
		arguments = append(arguments, "--directory="+c.JournalDirectory)
	}
	return arguments
}

var _ component.Config = (*Config)(nil)
