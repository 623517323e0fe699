package install

import "errors"

// Exit codes of `pharos-agent install` and `uninstall`, by what did not work. 0, 1 and 2 are those
// of every command.
const (
	ExitRights      = 10 // not root, or no user can be made
	ExitServer      = 11 // the server does not answer, or is none
	ExitCertificate = 12 // the server's certificate is not trusted, or not the pinned one
	ExitKey         = 13 // the key is unknown, or may not send
	ExitFiles       = 14 // a file cannot be written
	ExitConfig      = 15 // the configuration that is there is wrong
	ExitService     = 16 // systemd does not start the agent
	ExitNoSample    = 17 // the agent runs, and nothing has reached the server in time
)

// Exit codes of `pharos-agent status`.
const (
	ExitUnhealthy  = 1
	ExitNotRunning = 3
)

// Error is a step that did not work.
type Error struct {
	Step string // what was being done
	Err  error  // the cause
	Fix  string // what to do about it
	Code int    // exit code
}

// Error implements error.
func (e *Error) Error() string {
	text := e.Step + ": " + e.Err.Error()
	if e.Fix != "" {
		text += "\n  Fix: " + e.Fix
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ExitCode is the exit code for err; false when it says none.
func ExitCode(err error) (int, bool) {
	if failed, ok := errors.AsType[*Error](err); ok {
		return failed.Code, true
	}
	return 0, false
}
