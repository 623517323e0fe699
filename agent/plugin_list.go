package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/otelcol"

	"github.com/pharos-obs/pharos/agent/install"
	"github.com/pharos-obs/pharos/agent/plugin/host"
	"github.com/pharos-obs/pharos/extensions/agentstatusextension"
	"github.com/pharos-obs/pharos/receivers/pluginreceiver"
)

func pluginListCommand() *cobra.Command {
	var configs []string
	var directory string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the plugins that are configured, and those in the plugins' folder",
		Long: `List the plugins that are configured, and those in the plugins' folder, with their versions,
checksums (for sha256 in the configuration) and states. Each is started for a moment and asked what
it is; one that others could have changed is not started.`,
		Example: "  pharos-agent plugin list\n  pharos-agent plugin list --config ./agent.yaml --directory ./bin/plugins",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return listPlugins(cmd.Context(), uris(configs), directory, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	addConfigFlag(cmd, &configs)
	cmd.Flags().StringVar(&directory, "directory", host.Directory, "the plugins' folder")
	return cmd
}

// listed is a line of the list.
type listed struct{ name, version, receiver, file, checksum, state string }

func listPlugins(ctx context.Context, from []string, directory string, out, notes io.Writer) error {
	var all []listed
	known := make(map[string]bool)
	cfg, err := newProgram(from, nil).Load(ctx)
	if err != nil {
		fmt.Fprintf(notes, "Only the folder is listed, since the configuration cannot be read: %v\n", err)
	} else {
		states := readStates(ctx, cfg)
		for id, part := range cfg.Receivers {
			one, ok := part.(*pluginreceiver.Config)
			if !ok {
				continue
			}
			known[one.File()] = true
			line := inspect(ctx, one)
			line.receiver = id.String()
			line.state = cmp.Or(line.state, states[line.receiver], "not running")
			all = append(all, line)
		}
	}
	names, err := host.List(directory)
	if err != nil {
		return err
	}
	for _, name := range names {
		cfg := pluginDefaults()
		cfg.Name, cfg.Directory = name, directory
		if !known[cfg.File()] {
			line := inspect(ctx, cfg)
			line.state = cmp.Or(line.state, "not configured")
			all = append(all, line)
		}
	}
	if len(all) == 0 {
		fmt.Fprintf(out, "No plugin is configured, and there is none in %s.\n", directory)
		return nil
	}
	slices.SortFunc(all, func(a, b listed) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.receiver, b.receiver))
	})
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PLUGIN\tVERSION\tRECEIVER\tFILE\tSHA256\tSTATE")
	for _, one := range all {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", one.name, cmp.Or(one.version, "-"), cmp.Or(one.receiver, "-"), one.file, cmp.Or(one.checksum, "-"), one.state)
	}
	return table.Flush()
}

// describeTimeout is how long a plugin may take to say what it is.
const describeTimeout = 10 * time.Second

// inspect says what a plugin is. A state means that it would not run.
func inspect(ctx context.Context, cfg *pluginreceiver.Config) listed {
	line := listed{name: cmp.Or(cfg.Name, strings.TrimPrefix(filepath.Base(cfg.Path), host.Prefix)), file: cfg.File()}
	file, err := host.Verify(cfg.File(), cfg.SHA256)
	if err != nil {
		line.state = "refused: " + err.Error()
		return line
	}
	if line.checksum, err = host.Checksum(file); err != nil {
		line.state = err.Error()
		return line
	}
	ctx, cancel := context.WithTimeout(ctx, describeTimeout)
	defer cancel()
	running, err := host.Start(ctx, cfg.Spec(file, version, func(string) {}))
	if err != nil {
		line.state = "refused: " + err.Error()
		return line
	}
	line.name, line.version = running.Description().GetName(), running.Description().GetVersion()
	_ = running.Stop(ctx) // one that has to be killed is for `plugin check`
	return line
}

// readStates returns how the receivers of a running agent are.
func readStates(ctx context.Context, cfg *otelcol.Config) map[string]string {
	states := make(map[string]string)
	for _, part := range cfg.Extensions {
		status, ok := part.(*agentstatusextension.Config)
		if !ok || status.File == "" {
			continue
		}
		report, err := install.ReadReport(ctx, status.File, time.Now())
		if err != nil || report.Agent == nil || report.ExitCode() == install.ExitNotRunning {
			continue
		}
		for _, one := range report.Agent.Parts {
			if one.Kind == "receiver" {
				states[one.ID] = strings.Join(strings.Fields(strings.TrimSuffix("failing: "+one.Error, ": ")), " ")
				if one.State == agentstatusextension.StateOK {
					states[one.ID] = "running"
				}
			}
		}
	}
	return states
}
