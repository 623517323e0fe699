package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/component"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// Stamped by the linker: -X main.version=... (see the Makefile).
var (
	version = "0.1.0-dev"
	commit  = "unknown"
	date    = "unknown"
)

// Exit codes.
const (
	exitFailure = 1 // the program ran and failed
	exitUsage   = 2 // the command line or the configuration is wrong
	exitInUse   = 3 // a port or the data folder is in use
	exitPending = 4 // `migrate status`: a database has to be migrated
)

func exitCode(err error) int {
	if errors.Is(err, errPending) {
		return exitPending
	}
	switch errcode.Of(err) {
	case errcode.Invalid:
		return exitUsage
	case errcode.Conflict:
		return exitInUse
	default:
		return exitFailure
	}
}

func buildInfo() component.BuildInfo {
	return component.BuildInfo{Command: "pharos", Description: "Metrics, logs and traces of a fleet in one program", Version: version}
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "pharos",
		Short: "Metrics, logs and traces of a fleet, its alerts and its dashboards, in one program",
		Example: `  pharos up                                        everything on this machine, no configuration
  pharos run --config role:all-in-one --config site.yaml
  pharos validate --config role:all-in-one --config site.yaml`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return errcode.New(errcode.Invalid, "%w; `%s --help` shows the flags", err, cmd.CommandPath())
	})
	root.AddCommand(upCommand(), runCommand(), validateCommand(), migrateCommand(), adminCommand(), versionCommand())
	return root
}

// execute runs a command line. What fails before a command runs is an error of use.
func execute(ctx context.Context, root *cobra.Command) error {
	ran := false
	root.PersistentPreRun = func(*cobra.Command, []string) { ran = true }
	err := root.ExecuteContext(ctx)
	if err != nil && !ran && errcode.Of(err) == errcode.Internal {
		return errcode.New(errcode.Invalid, "%w; `%s --help` shows what there is", err, root.Name())
	}
	return err
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print version, commit and build date",
		Example: "  pharos version",
		Args:    cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) {
			fmt.Fprintf(cmd.OutOrStdout(), "pharos %s (commit %s, built %s)\n", version, commit, date)
		},
	}
}

func runCommand() *cobra.Command {
	var configs []string
	cmd := &cobra.Command{
		Use:   "run --config URI [--config URI ...]",
		Short: "Run a role with your own configuration",
		Long: `Run a role with your own configuration.

A URI is role:NAME, a file, yaml:TEXT or env:NAME; later ones overlay earlier ones. SIGHUP reads
them again: a configuration that is wrong is refused with the reason, and the old one goes on.`,
		Example: "  pharos run --config role:all-in-one --config site.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return newServer(configs).Run(cmd.Context(), nil)
		},
	}
	addConfigFlag(cmd, &configs)
	return cmd
}

func validateCommand() *cobra.Command {
	var configs []string
	cmd := &cobra.Command{
		Use:     "validate --config URI [--config URI ...]",
		Short:   "Check a configuration without running it",
		Example: "  pharos validate --config role:all-in-one --config site.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := loadConfig(cmd.Context(), configs); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), "The configuration is valid.")
			return nil
		},
	}
	addConfigFlag(cmd, &configs)
	return cmd
}

// addConfigFlag adds --config, which must be given.
func addConfigFlag(cmd *cobra.Command, configs *[]string) {
	cmd.Flags().StringArrayVarP(configs, "config", "c", nil, "configuration: role:NAME, a file, yaml:TEXT or env:NAME; repeat to overlay")
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if len(*configs) == 0 {
			return errcode.InvalidField("--config", "is missing", "name a configuration, for example --config role:all-in-one")
		}
		return nil
	}
}
