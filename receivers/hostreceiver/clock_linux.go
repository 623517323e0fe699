package hostreceiver

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// newClock asks the kernel how good its clock is, which chrony, ntpd and timesyncd tell it.
func newClock(adjust func(*unix.Timex) (state int, err error)) scrapeFunc {
	return func(_ context.Context, b *batch) error {
		var t unix.Timex // asks, changes nothing
		state, err := adjust(&t)
		if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSYS) {
			return nil // a sandbox that forbids the call
		}
		if err != nil {
			return fmt.Errorf("read the state of the clock: %w", err)
		}
		addClock(b, &t, state)
		return nil
	}
}

func addClock(b *batch, t *unix.Timex, state int) {
	unit := 1e-6 // seconds
	if t.Status&unix.STA_NANO != 0 {
		unit = 1e-9
	}
	synchronized := uint64(1)
	if state == unix.TIME_ERROR || t.Status&unix.STA_UNSYNC != 0 {
		synchronized = 0
	}
	b.amount("system.clock.synchronized", "1", "1 while something keeps the clock right, 0 otherwise.").count(synchronized)
	b.gauge("system.clock.offset", "s", "What is still to be corrected of the clock; of little use while it is not synchronized.").float(float64(t.Offset) * unit)
	b.gauge("system.clock.error.maximum", "s", "How wrong the clock may be at most.").float(float64(t.Maxerror) * 1e-6)
	b.gauge("system.clock.error.estimated", "s", "How wrong the clock is thought to be.").float(float64(t.Esterror) * 1e-6)
	// The kernel counts in parts per million with 16 bits after the point.
	b.gauge("system.clock.frequency.adjustment", "1", "By what part of itself the clock is made faster.").float(float64(t.Freq) / 65536 / 1e6)
}
