package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pharos-obs/pharos/agent/install"
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
)

func exitCode(err error) int {
	if quiet, ok := errors.AsType[quietError](err); ok {
		return quiet.code
	}
	if code, known := install.ExitCode(err); known {
		return code
	}
	if errcode.Of(err) == errcode.Invalid {
		return exitUsage
	}
	return exitFailure
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "pharos-agent",
		Short:         "Collect metrics and logs of this host and send them to Pharos",
		Example:       "  pharos-agent run --config /etc/pharos-agent",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return errcode.New(errcode.Invalid, "%w; `%s --help` shows the flags", err, cmd.CommandPath())
	})
	root.AddCommand(runCommand(), testCommand(), validateCommand(), installCommand(), uninstallCommand(), statusCommand(), pluginCommand(), versionCommand())
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

func runCommand() *cobra.Command {
	var configs []string
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Collect and send until a signal",
		Long: `Collect and send until a signal.

SIGHUP reads the configuration again: one that is wrong is refused with the reason, and the old
one goes on.`,
		Example: "  pharos-agent run\n  pharos-agent run --config ./agent.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return newProgram(uris(configs), nil).Run(cmd.Context(), trimWhileRunning)
		},
	}
	addConfigFlag(cmd, &configs)
	return cmd
}

func validateCommand() *cobra.Command {
	var configs []string
	cmd := &cobra.Command{
		Use:     "validate",
		Short:   "Check a configuration without running it",
		Example: "  pharos-agent validate --config /etc/pharos-agent",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := newProgram(uris(configs), nil).Load(cmd.Context()); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), "The configuration is valid.")
			return nil
		},
	}
	addConfigFlag(cmd, &configs)
	return cmd
}

// defaultFolder holds the configuration that `pharos-agent install` writes.
const defaultFolder = install.ConfigFolder

// addConfigFlag adds --config.
func addConfigFlag(cmd *cobra.Command, configs *[]string) {
	cmd.Flags().StringArrayVarP(configs, "config", "c", []string{defaultFolder}, "configuration: a folder with agent.yaml and conf.d, a file, yaml:TEXT or env:NAME; repeat to overlay")
}

func uris(configs []string) []string {
	all := make([]string, len(configs))
	for i, one := range configs {
		all[i] = configURI(one)
	}
	return all
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print version, commit and build date",
		Example: "  pharos-agent version",
		Args:    cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) {
			fmt.Fprintf(cmd.OutOrStdout(), "pharos-agent %s (commit %s, built %s)\n", version, commit, date)
		},
	}
}
