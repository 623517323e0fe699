package storageextension

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/storage/local/logs"
)

const (
	// crashFile takes what the runtime says of a panic that ends the process.
	crashFile = "crash.log"
	// logEngine is in what the runtime says when the log engine has panicked.
	logEngine = "VictoriaLogs/lib/logstorage"
	// panicked is the exit code of a Go program that ends by a panic.
	panicked = 2
)

// watchCrashes lets the runtime write a panic to a file in the data folder, and says whether one
// of the log engine has ended the process before this one.
func (e *Extension) watchCrashes() (bool, error) {
	path := filepath.Join(e.cfg.Directory, crashFile)
	before, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("read the file of crashes: %w", err)
	}
	if len(before) > 0 {
		kept := filepath.Join(e.cfg.Directory, "crash-"+time.Now().UTC().Format("20060102T150405.000")+".log")
		if err := os.Rename(path, kept); err != nil {
			return false, fmt.Errorf("keep the file of crashes: %w", err)
		}
		e.logger.Error("the process before has panicked; please report it with the file", zap.String("file", kept))
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return false, fmt.Errorf("open the file of crashes: %w", err)
	}
	defer file.Close() //nolint:errcheck // the runtime has a handle of its own
	if err := debug.SetCrashOutput(file, debug.CrashOptions{}); err != nil {
		return false, fmt.Errorf("set the file of crashes: %w", err)
	}
	return bytes.Contains(before, []byte(logEngine)), nil
}

// unwatchCrashes ends what watchCrashes began.
func (e *Extension) unwatchCrashes() error { return debug.SetCrashOutput(nil, debug.CrashOptions{}) }

// readDay runs this program to read a day of logs.
func (e *Extension) readDay(ctx context.Context, day string) error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	command := exec.CommandContext(ctx, program, "admin", "read-logs", "--data-dir", e.cfg.Directory, "--day", day) //nolint:gosec // this program
	output, err := command.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit) && exit.ExitCode() == panicked && bytes.Contains(output, []byte(logEngine)):
		reason, _, _ := strings.Cut(string(output), "\n")
		return fmt.Errorf("%w: %s", logs.ErrUnreadable, reason)
	}
	return fmt.Errorf("read a day of logs: %w: %s", err, bytes.TrimSpace(output))
}

// ReadDay reads every log record of a day in a data folder that no server has open. It panics,
// in goroutines that nobody can recover, where the day is damaged.
func ReadDay(ctx context.Context, directory, day string) error {
	return logs.ReadDay(ctx, filepath.Join(directory, "logs"), day, logs.DefaultConfig())
}
