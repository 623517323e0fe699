package host

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// withoutRights runs start on a thread without ambient capabilities, which a process would inherit:
// the agent may read the files of others, and a plugin may not.
func withoutRights(start func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var had []uintptr
	for capability := uintptr(0); capability <= unix.CAP_LAST_CAP; capability++ {
		if set, err := unix.PrctlRetInt(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_IS_SET, capability, 0, 0); err == nil && set == 1 {
			had = append(had, capability)
		}
	}
	if len(had) == 0 {
		return start()
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return err
	}
	defer func() {
		for _, capability := range had {
			_ = unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, capability, 0, 0) // it was there
		}
	}()
	return start()
}
