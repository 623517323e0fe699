//go:build !linux

package hostreceiver

func fakeClock() scrapeFunc { return nil }

func fakeUnitStates() scrapeFunc { return nil }
