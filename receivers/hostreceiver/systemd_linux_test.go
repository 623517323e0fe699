package hostreceiver

import (
	"bufio"
	"encoding/binary"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// fakeSystemd answers at a socket below a root; on a bus it expects Hello first.
func fakeSystemd(t *testing.T, socket string, bus bool) (root string) {
	t.Helper()
	root, err := os.MkdirTemp("", "d") //nolint:usetesting // a path of a socket must be short
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	path := filepath.Join(root, socket)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", path)
	require.NoError(t, err)
	ended := make(chan struct{})
	t.Cleanup(func() {
		_ = listener.Close()
		<-ended
	})
	go func() {
		defer close(ended)
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			serve(connection, bus)
		}
	}()
	return root
}

// serve speaks D-Bus on one connection until it is closed.
func serve(connection net.Conn, bus bool) {
	defer connection.Close()
	in := bufio.NewReader(connection)
	for { // the words before the messages
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.Trim(line, "\x00\r\n")
		if line == "BEGIN" {
			break
		}
		reply := "ERROR\r\n"
		switch line {
		case "AUTH":
			reply = "REJECTED EXTERNAL\r\n"
		case "AUTH EXTERNAL":
			reply = "DATA\r\n" // who it is, the socket says
		case "DATA":
			reply = "OK 0123456789abcdef0123456789abcdef\r\n"
		}
		_, _ = connection.Write([]byte(reply))
	}
	introduced := !bus
	for {
		message, err := dbus.DecodeMessage(in)
		if err != nil {
			return
		}
		reply := &dbus.Message{Type: dbus.TypeMethodReply, Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldReplySerial: dbus.MakeVariant(message.Serial()),
		}}
		member, _ := message.Headers[dbus.FieldMember].Value().(string)
		switch {
		case member == "Hello":
			introduced = true
			reply.Body = []any{":1.7"}
		case member == "ListUnitsByPatterns" && introduced:
			reply.Body = []any{fakeUnits(message.Body[1].([]string))}
		default:
			reply.Type = dbus.TypeError
			reply.Headers[dbus.FieldErrorName] = dbus.MakeVariant("org.freedesktop.DBus.Error.AccessDenied")
		}
		if len(reply.Body) > 0 {
			reply.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(reply.Body...))
		}
		if reply.EncodeTo(connection, binary.LittleEndian) != nil {
			return
		}
	}
}

func fakeUnits(patterns []string) []unit {
	var units []unit
	for _, u := range [][2]string{{"ssh.service", "active"}, {"backup.service", "failed"}, {"tmp.mount", "active"}} {
		for _, pattern := range patterns {
			if matched, _ := filepath.Match(pattern, u[0]); matched {
				units = append(units, unit{Name: u[0], Load: "loaded", Active: u[1], Path: "/", JobPath: "/"})
			}
		}
	}
	return units
}

func TestSystemd(t *testing.T) {
	for socket, bus := range map[string]bool{"run/systemd/private": false, "run/dbus/system_bus_socket": true} {
		t.Run(socket, func(t *testing.T) {
			h := &host{root: fakeSystemd(t, socket, bus)}
			cfg := defaultConfig().Scrapers
			assert.False(t, cfg.Systemd.Enabled, "off by default")
			got := run(t, h, newSystemd(cfg.Systemd, h), fakeNow)
			assert.Equal(t, `# systemd.unit.count amount {unit} Units that fit the patterns, by state.
systemd.unit.count{systemd.unit.state=activating} 0
systemd.unit.count{systemd.unit.state=active} 1
systemd.unit.count{systemd.unit.state=deactivating} 0
systemd.unit.count{systemd.unit.state=failed} 1
systemd.unit.count{systemd.unit.state=inactive} 0
# systemd.unit.state amount 1 1 for the state that the unit is in.
systemd.unit.state{systemd.unit.name=ssh.service,systemd.unit.state=active} 1
systemd.unit.state{systemd.unit.name=backup.service,systemd.unit.state=failed} 1
`, got)
		})
	}
}

func TestSystemdIsAway(t *testing.T) {
	scrape := newSystemd(SystemdConfig{Units: []string{"*"}}, &host{root: t.TempDir()})
	err := scrape(t.Context(), newBatch(pmetric.NewMetricSlice(), fakeNow, time.Time{}, newFiles()))
	require.ErrorContains(t, err, "ask systemd for its units: connect to")
	require.ErrorContains(t, err, "system_bus_socket")
}
