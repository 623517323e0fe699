package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"

	"github.com/pharos-obs/pharos/agent/plugin/host"
	"github.com/pharos-obs/pharos/agent/plugin/proto"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/receivers/pluginreceiver"
)

func pluginCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "plugin",
		Short:   "Write, check and list plugins",
		Example: "  pharos-agent plugin new weather\n  pharos-agent plugin check ./pharos-plugin-weather\n  pharos-agent plugin list",
	}
	cmd.AddCommand(pluginNewCommand(), pluginCheckCommand(), pluginListCommand())
	return cmd
}

func pluginCheckCommand() *cobra.Command {
	var settings string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "check PATH",
		Short: "Start a plugin, try what every plugin must do, and print what it gives",
		Long: `Start a plugin, try what every plugin must do, and print what it gives. Nothing is sent.

It runs within the limits that a plugin has by default. --config is a YAML file with the plugin's
own settings: what stands below config: in the agent's configuration.`,
		Example: "  pharos-agent plugin check ./pharos-plugin-weather\n" +
			"  pharos-agent plugin check /usr/lib/pharos-agent/plugins/pharos-plugin-redis --config redis.yaml",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return checkPlugin(cmd.Context(), args[0], settings, timeout, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&settings, "config", "", "YAML file with the plugin's own settings")
	cmd.Flags().DurationVar(&timeout, "timeout", 10*time.Second, "how long each step may take")
	return cmd
}

// pluginDefaults are the receiver's.
func pluginDefaults() *pluginreceiver.Config {
	return pluginreceiver.NewFactory().CreateDefaultConfig().(*pluginreceiver.Config)
}

func checkPlugin(ctx context.Context, path, settings string, timeout time.Duration, out, said io.Writer) error {
	cfg := pluginDefaults()
	var err error
	if cfg.Path, err = filepath.Abs(path); err != nil {
		return fmt.Errorf("find the plugin: %w", err)
	}
	if settings != "" {
		content, err := os.ReadFile(settings)
		if err != nil {
			return errcode.New(errcode.Invalid, "read the settings: %w", err)
		}
		if err := yaml.Unmarshal(content, &cfg.Config); err != nil {
			return errcode.New(errcode.Invalid, "%s: %w", settings, err)
		}
	}
	if err := cfg.Validate(); err != nil {
		return errcode.New(errcode.Invalid, "%w", err)
	}
	file, err := host.Verify(cfg.Path, "")
	if err != nil {
		return err
	}
	sum, err := host.Checksum(file)
	if err != nil {
		return err
	}
	found := host.CheckPlugin(ctx, cfg.Spec(file, version, func(line string) { fmt.Fprintln(said, "plugin:", line) }), cfg.Config, timeout)
	printDescription(out, found.Description, file, sum)
	for _, one := range found.Checks {
		if one.Err != nil {
			fmt.Fprintf(out, "FAILED  %s: %v\n", one.Name, one.Err)
			continue
		}
		fmt.Fprintf(out, "ok      %s (%s)\n", one.Name, one.Took.Round(time.Millisecond))
	}
	if err := printData(out, found, cfg); err != nil {
		return err
	}
	if found.Err() != nil {
		return errcode.New(errcode.Unprocessable, "the plugin does not do all that a plugin must do")
	}
	return nil
}

func printDescription(out io.Writer, about *proto.DescribeResponse, file, sum string) {
	if about == nil {
		fmt.Fprintf(out, "%s\nsha256  %s\n\n", file, sum)
		return
	}
	var gives []string
	for _, capability := range about.GetCapabilities() {
		gives = append(gives, strings.ToLower(strings.TrimPrefix(capability.String(), "CAPABILITY_")))
	}
	fmt.Fprintf(out, "%s %s: %s\ngives   %s\nfile    %s\nsha256  %s\n", about.GetName(), about.GetVersion(), host.Shorten(about.GetDescription()), strings.Join(gives, ", "), file, sum)
	printSchema(out, about.GetConfigSchema())
	fmt.Fprintln(out)
}

// printData prints what the receiver would hand on, and what it would drop.
func printData(out io.Writer, found *host.Conformance, cfg *pluginreceiver.Config) error {
	if found.Metrics == nil && len(found.Records) == 0 {
		return nil
	}
	fmt.Fprintln(out)
	rows := &printer{rows: make(map[string]row)}
	if found.Metrics != nil {
		metrics, fault := pluginreceiver.Metrics(found.Metrics, cfg, found.Description.GetName())
		for _, resource := range metrics.ResourceMetrics().All() {
			for _, scope := range resource.ScopeMetrics().All() {
				for _, metric := range scope.Metrics().All() {
					rows.note("", metric)
				}
			}
		}
		for _, warning := range found.Metrics.GetWarnings() {
			fmt.Fprintln(out, "warning:", host.Shorten(warning))
		}
		if fault != nil {
			fmt.Fprintln(out, "warning:", fault)
		}
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	keys := make([]string, 0, len(rows.rows))
	for key := range rows.rows {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		one := rows.rows[key]
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", one.metric, one.attributes, one.value, one.unit)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, record := range found.Records {
		fmt.Fprintf(out, "%-5s  %s  %v\n", record.GetLevel(), host.Shorten(record.GetMessage()), record.GetAttributes())
	}
	fmt.Fprintf(out, "%d series, %d log records.\n", len(rows.rows), len(found.Records))
	return nil
}
