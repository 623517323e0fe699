package install

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// systemctl runs systemctl; an error has in it what that prints.
func systemctl(ctx context.Context, args ...string) error {
	output, err := exec.CommandContext(ctx, "systemctl", args...).CombinedOutput() //nolint:gosec // the arguments are ours
	text := strings.TrimSpace(string(output))
	if err != nil {
		return fmt.Errorf("systemctl %s: %w: %s", strings.Join(args, " "), err, text)
	}
	return nil
}

// booted says whether systemd runs this system.
func booted(root string) bool {
	f := files{root: root}
	_, err := exec.LookPath("systemctl")
	return err == nil && exists(f.at(bootedBy))
}

// active is the unit's state in systemd's word: active, inactive, failed, activating.
func active(ctx context.Context) string {
	state, _ := exec.CommandContext(ctx, "systemctl", "is-active", Unit).Output() // a code of its own for each state
	return strings.TrimSpace(string(state))
}

// journal is what the unit has logged last; empty when it cannot be read.
func journal(ctx context.Context) string {
	output, err := exec.CommandContext(ctx, "journalctl", "--unit", Unit, "--lines", "5", "--output", "cat", "--no-pager").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(output))
}

// stateActive is systemd's word for a unit that runs.
const stateActive = "active"
