package hostreceiver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	unitNameKey  = "systemd.unit.name"
	unitStateKey = "systemd.unit.state"
	// systemdTimeout is how long systemd may take to answer; it may be busy starting things.
	systemdTimeout = 5 * time.Second
	// maxUnits bounds the series of a host whose patterns fit more.
	maxUnits = 1000
)

// systemdScraper asks systemd for the state of its units: over its own socket, which is root's,
// or over the system's bus, where anybody may ask.
type systemdScraper struct {
	private, bus string
	patterns     []string
}

// unit is a row of systemd's answer; the order of the fields is its.
type unit struct {
	Name, Description, Load, Active, Sub, Following string
	Path                                            dbus.ObjectPath
	JobID                                           uint32
	JobType                                         string
	JobPath                                         dbus.ObjectPath
}

func newSystemd(cfg SystemdConfig, h *host) scrapeFunc {
	s := &systemdScraper{private: h.within("/run/systemd/private"), bus: h.within("/run/dbus/system_bus_socket"), patterns: cfg.Units}
	return s.scrape
}

func (s *systemdScraper) scrape(ctx context.Context, b *batch) error {
	ctx, cancel := context.WithTimeout(ctx, systemdTimeout)
	defer cancel()
	units, err := s.list(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("ask systemd for its units: it has not answered within %s", systemdTimeout)
	case err != nil:
		return fmt.Errorf("ask systemd for its units: %w", err)
	}
	addUnits(b, units)
	return nil
}

func (s *systemdScraper) list(ctx context.Context) ([]unit, error) {
	connection, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer connection.Close() //nolint:errcheck // the answer is there
	var units []unit
	manager := connection.Object("org.freedesktop.systemd1", "/org/freedesktop/systemd1")
	call := manager.CallWithContext(ctx, "org.freedesktop.systemd1.Manager.ListUnitsByPatterns", 0, []string{}, s.patterns)
	return units, call.Store(&units)
}

// connect opens a new connection. It lives for one question a minute.
func (s *systemdScraper) connect(ctx context.Context) (*dbus.Conn, error) {
	private, err := s.dial(ctx, s.private, false)
	if err == nil {
		return private, nil
	}
	bus, busErr := s.dial(ctx, s.bus, true)
	if busErr != nil {
		return nil, errors.Join(err, busErr)
	}
	return bus, nil
}

// dial connects to a socket. On a bus one has to introduce oneself; systemd's own is none.
func (s *systemdScraper) dial(ctx context.Context, path string, bus bool) (*dbus.Conn, error) {
	connection, err := dbus.Dial("unix:path="+dbus.EscapeBusAddressValue(path), dbus.WithContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", path, err)
	}
	err = connection.Auth([]dbus.Auth{dbus.AuthExternal(strconv.Itoa(os.Getuid()))})
	if err == nil && bus {
		err = connection.Hello()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("authenticate at %s: %w", path, err), connection.Close())
	}
	return connection, nil
}

// addUnits adds how many units are in each state, and the state of each.
func addUnits(b *batch, units []unit) {
	counts := map[string]uint64{"active": 0, "inactive": 0, "failed": 0, "activating": 0, "deactivating": 0}
	for i := range units {
		counts[units[i].Active]++
	}
	count := b.amount("systemd.unit.count", "{unit}", "Units that fit the patterns, by state.")
	for _, state := range sortedKeys(counts) {
		count.count(counts[state], text(unitStateKey, state))
	}
	state := b.amount("systemd.unit.state", "1", "1 for the state that the unit is in.")
	for i := range units[:min(len(units), maxUnits)] {
		state.count(1, text(unitNameKey, units[i].Name), text(unitStateKey, units[i].Active))
	}
}
