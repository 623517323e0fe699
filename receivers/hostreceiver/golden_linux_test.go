package hostreceiver

import (
	"context"

	"golang.org/x/sys/unix"
)

// fakeClock is a clock that NTP keeps.
func fakeClock() scrapeFunc {
	return newClock(func(t *unix.Timex) (int, error) {
		*t = unix.Timex{Offset: -250_000, Freq: 65536 * 12, Maxerror: 4000, Esterror: 150, Status: unix.STA_PLL | unix.STA_NANO}
		return unix.TIME_OK, nil
	})
}

// fakeUnitStates is what systemd would say; TestSystemd asks it.
func fakeUnitStates() scrapeFunc {
	return func(_ context.Context, b *batch) error {
		addUnits(b, fakeUnits([]string{"*"}))
		return nil
	}
}
