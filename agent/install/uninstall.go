package install

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// Uninstaller takes the agent away from a host.
type Uninstaller struct {
	// Purge removes configuration, key, queue and user too.
	Purge bool
	// Root is where the host's files are; empty means /.
	Root string
	// Out takes a line for each step.
	Out io.Writer
}

// Run stops the agent and removes what install has put there. What is gone already is no error.
func (u *Uninstaller) Run(ctx context.Context) error {
	if u.Root == "" && os.Geteuid() != 0 {
		return &Error{"uninstall", errors.New("this needs the rights of root"), "run it with sudo", ExitRights}
	}
	f := files{root: u.Root}
	runs := booted(u.Root)
	if runs && exists(f.at(wantsFolder+"/"+Unit)) {
		if err := systemctl(ctx, "stop", Unit); err != nil {
			return &Error{"stop the service", err, "", ExitService}
		}
		u.say("service", "stopped")
	}
	remove := []string{wantsFolder + "/" + Unit, program}
	if ours(f.at(unitFolder + "/" + Unit)) {
		remove = append(remove, unitFolder+"/"+Unit)
	}
	if u.Purge {
		remove = append(remove, ConfigFolder, StateFolder)
	}
	for _, path := range remove {
		if !exists(f.at(path)) {
			continue
		}
		if err := os.RemoveAll(f.at(path)); err != nil {
			return &Error{"remove " + path, err, "", ExitFiles}
		}
		u.say("removed", "%s", path)
	}
	if runs {
		if err := systemctl(ctx, "daemon-reload"); err != nil {
			return &Error{"tell systemd", err, "", ExitService}
		}
	}
	if u.Purge {
		if err := u.removeAccount(ctx, &f); err != nil {
			return err
		}
	} else if exists(f.at(ConfigFolder)) {
		u.say("kept", "%s and %s; --purge removes them too", ConfigFolder, StateFolder)
	}
	if exists(f.at(packaged)) {
		u.say("kept", "%s is of a package: apt or dnf removes it", packaged)
	}
	return nil
}

func (u *Uninstaller) removeAccount(ctx context.Context, f *files) error {
	if _, err := findAccount(f.at("/etc/passwd")); err != nil {
		return nil //nolint:nilerr // there is none to remove
	}
	var args []string
	if u.Root != "" {
		args = append(args, "--prefix", u.Root)
	}
	output, err := exec.CommandContext(ctx, "userdel", append(args, userName)...).CombinedOutput() //nolint:gosec // the arguments are ours
	if err != nil {
		return &Error{"remove the user " + userName, fmt.Errorf("userdel: %w: %s", err, strings.TrimSpace(string(output))), "", ExitRights}
	}
	u.say("removed", "user %s", userName)
	return nil
}

func (u *Uninstaller) say(step, format string, args ...any) {
	fmt.Fprintf(u.Out, "%-9s %s\n", step, fmt.Sprintf(format, args...))
}
