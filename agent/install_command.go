package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/pharos-obs/pharos/agent/install"
	"github.com/pharos-obs/pharos/configs"
	"github.com/pharos-obs/pharos/internal/errcode"
)

func installCommand() *cobra.Command {
	one := install.Installer{Config: configs.Agent, Check: checkFolder}
	var keyFile string
	var noStart bool
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Install the agent on this host as a systemd service",
		Long: `Install the agent on this host as a systemd service.

It asks the server first: whether it answers, whether its certificate is the right one, and whether
the key may send. Then it makes the user pharos-agent, writes /etc/pharos-agent and the unit, starts
it, and waits for the first sample to be stored. What was changed before a step that does not work
is put back.

The key is read from the terminal without showing it, or from --key-file. Run again, it changes what
is given, keeps the rest, and restarts the agent when something differs; agent.yaml and conf.d stay
as they are.

Exit codes: 2 wrong use, 10 not root, 11 the server does not answer, 12 its certificate is not
trusted, 13 the key is refused, 14 a file cannot be written, 15 the configuration is wrong, 16 the
service does not start, 17 nothing has arrived in time.`,
		Example: `  sudo pharos-agent install --url https://pharos.example.org:8080 --ca-sha256 4fd7...
  sudo pharos-agent install --url https://pharos.example.org:8080 --key-file - < key
  pharos-agent install --root /mnt/image --url https://pharos.example.org:8080 --key-file key`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			one.Out = cmd.OutOrStdout()
			one.Start = !noStart && one.Root == ""
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM) // what was changed is put back
			defer stop()
			one.Key = func(installed bool) (string, error) {
				return readKey(ctx, cmd.InOrStdin(), cmd.ErrOrStderr(), keyFile, installed)
			}
			if one.Root, err = absolute(one.Root); err != nil {
				return err
			}
			if one.Program, err = executable(); err != nil {
				return err
			}
			return one.Run(ctx)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&one.URL, "url", "", "the server, for example https://pharos.example.org:8080")
	flags.StringVar(&keyFile, "key-file", "", "file with the API key, which needs the scope ingest; - reads standard input")
	flags.StringVar(&one.CASHA256, "ca-sha256", "", "SHA-256 of the CA that signs the server's certificate, as `pharos up --public NAME` prints it")
	flags.StringVar(&one.CAFile, "ca-file", "", "file with the CA that signs the server's certificate, in place of --ca-sha256")
	flags.BoolVar(&one.Force, "force", false, "replace agent.yaml by the built-in one; the old one becomes agent.yaml.bak")
	flags.BoolVar(&noStart, "no-start", false, "do not start the agent now")
	flags.StringVar(&one.Root, "root", "", "folder that holds the host's files, for images and chroots; starts nothing")
	flags.DurationVar(&one.Wait, "wait", time.Minute, "how long to wait for the first sample")
	return cmd
}

func uninstallCommand() *cobra.Command {
	var one install.Uninstaller
	cmd := &cobra.Command{
		Use:     "uninstall",
		Short:   "Stop the agent and take it away from this host",
		Long:    "Stop the agent and take it away from this host. Configuration and queue stay, unless --purge is given.",
		Example: "  sudo pharos-agent uninstall\n  sudo pharos-agent uninstall --purge",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			one.Out = cmd.OutOrStdout()
			var err error
			if one.Root, err = absolute(one.Root); err != nil {
				return err
			}
			return one.Run(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&one.Purge, "purge", false, "remove configuration, key, queue and user too; what has not been sent is lost")
	cmd.Flags().StringVar(&one.Root, "root", "", "folder that holds the host's files, for images and chroots")
	return cmd
}

func statusCommand() *cobra.Command {
	var file string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say how the agent on this host is",
		Long: `Say how the agent on this host is: whether it runs, which parts fail and why, and what waits for the
server.

Exit codes: 0 healthy, 1 unhealthy, 3 not running, 10 no rights to read it.`,
		Example: "  sudo pharos-agent status\n  sudo pharos-agent status --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			now := time.Now()
			report, err := install.ReadReport(cmd.Context(), file, now)
			if err != nil {
				return err
			}
			if asJSON {
				err = report.PrintJSON(cmd.OutOrStdout())
			} else {
				err = report.Print(cmd.OutOrStdout(), now)
			}
			if code := report.ExitCode(); err == nil && code != 0 {
				err = quietError{code}
			}
			return err
		},
	}
	state := os.Getenv("PHAROS_AGENT_STATE")
	if state == "" {
		state = install.StateFolder
	}
	cmd.Flags().StringVar(&file, "file", filepath.Join(state, install.StatusFile), "file that the agent writes, as agent_status::file names it")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

// quietError ends the program with a code; everything was said already.
type quietError struct{ code int }

// Error implements error.
func (e quietError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// executable is the file of this program.
func executable() (string, error) {
	path, err := os.Executable()
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return "", fmt.Errorf("find the file of this program: %w", err)
	}
	return path, nil
}

// checkFolder says what is wrong with the configuration in a folder.
func checkFolder(ctx context.Context, folder string) error {
	_, err := newProgram(uris([]string{folder}), nil).Load(ctx)
	return err
}

// absolute is the whole path of a root that is not /.
func absolute(root string) (string, error) {
	if root == "" {
		return "", nil
	}
	path, err := filepath.Abs(root)
	if err != nil {
		return "", errcode.InvalidField("--root", err.Error(), "name a folder")
	}
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return "", errcode.InvalidField("--root", path+" is no folder", "name the folder that holds the host's files")
	}
	if path == "/" {
		return "", nil
	}
	return path, nil
}

// readKey reads the key from a file, from standard input, or from a terminal without showing it.
// It is empty when one is installed and no other is given.
func readKey(ctx context.Context, in io.Reader, prompt io.Writer, file string, installed bool) (string, error) {
	terminal, isFile := in.(*os.File)
	var content []byte
	var err error
	switch {
	case file == "-":
		const most = 64 << 10
		content, err = io.ReadAll(io.LimitReader(in, most))
	case file != "":
		content, err = os.ReadFile(file)
	case installed:
		return "", nil
	case isFile && term.IsTerminal(int(terminal.Fd())):
		fmt.Fprint(prompt, "API key (it is not shown): ")
		content, err = readHidden(ctx, int(terminal.Fd()))
		fmt.Fprintln(prompt)
	default:
		err = errors.New("there is no terminal to ask for the key")
	}
	if err != nil {
		return "", errcode.InvalidField("--key-file", err.Error(), "name a file with the API key, or - for standard input")
	}
	return strings.TrimSpace(string(content)), nil
}

// readHidden reads a line of the terminal without showing it. A terminal that is left by Ctrl+C
// shows again what is typed.
func readHidden(ctx context.Context, terminal int) ([]byte, error) {
	before, err := term.GetState(terminal)
	if err != nil {
		return nil, err
	}
	type line struct {
		text []byte
		err  error
	}
	read := make(chan line, 1)
	go func() {
		text, err := term.ReadPassword(terminal)
		read <- line{text, err}
	}()
	select {
	case one := <-read:
		return one.text, one.err
	case <-ctx.Done():
		return nil, errors.Join(errors.New("interrupted"), term.Restore(terminal, before))
	}
}
