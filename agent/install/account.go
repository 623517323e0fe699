package install

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// account makes the user that the agent runs as, when there is none.
func account(ctx context.Context, root string) (owner, error) {
	const step = "make the user " + userName
	f := files{root: root}
	who, err := findAccount(f.at("/etc/passwd"))
	if err == nil {
		return who, nil
	}
	if !errors.Is(err, errNoUser) && !errors.Is(err, os.ErrNotExist) {
		return owner{}, &Error{step, err, "", ExitRights}
	}
	args := []string{"--system", "--user-group", "--no-create-home", "--home-dir", StateFolder, "--shell", "/usr/sbin/nologin"}
	if root != "" {
		args = append(args, "--prefix", root)
	}
	output, err := exec.CommandContext(ctx, "useradd", append(args, userName)...).CombinedOutput() //nolint:gosec // the arguments are ours
	if err != nil {
		return owner{}, &Error{step, fmt.Errorf("useradd: %w: %s", err, strings.TrimSpace(string(output))), "make a system user " + userName + " with a group of that name, and run this again", ExitRights}
	}
	if who, err = findAccount(f.at("/etc/passwd")); err != nil {
		return owner{}, &Error{step, err, "", ExitRights}
	}
	return who, nil
}

var errNoUser = errors.New("there is no such user")

// findAccount reads the user and its group from a password file.
func findAccount(passwd string) (owner, error) {
	file, err := os.Open(passwd)
	if err != nil {
		return owner{}, err
	}
	defer file.Close() //nolint:errcheck // it was only read
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), ":")
		if len(fields) < 4 || fields[0] != userName {
			continue
		}
		uid, err := strconv.Atoi(fields[2])
		gid, gidErr := strconv.Atoi(fields[3])
		return owner{uid, gid}, errors.Join(err, gidErr)
	}
	return owner{}, errors.Join(errNoUser, lines.Err())
}
