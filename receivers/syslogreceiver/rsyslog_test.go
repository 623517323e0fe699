package syslogreceiver

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What rsyslog forwards arrives in each of its framings and formats, where it is installed.
func TestRsyslog(t *testing.T) {
	daemon, err := exec.LookPath("rsyslogd")
	logger, err2 := exec.LookPath("logger")
	if err != nil || err2 != nil {
		t.Log("there is no rsyslog on this system: nothing to try")
		return
	}
	r, taken := start(t, func(c *Config) { c.UDP, c.TCP = "127.0.0.1:0", "127.0.0.1:0" })
	_, tcp, _ := net.SplitHostPort(r.listener.Addr().String())
	_, udp, _ := net.SplitHostPort(r.packets[0].LocalAddr().String())
	dir := t.TempDir()
	socket, config := filepath.Join(dir, "in"), filepath.Join(dir, "conf")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket=%q)
action(type="omfwd" target="127.0.0.1" port=%q protocol="tcp" TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format")
action(type="omfwd" target="127.0.0.1" port=%q protocol="tcp" template="RSYSLOG_TraditionalForwardFormat")
action(type="omfwd" target="127.0.0.1" port=%q protocol="udp" template="RSYSLOG_ForwardFormat")
`, socket, tcp, tcp, udp), 0o600))
	command := exec.CommandContext(t.Context(), daemon, "-n", "-i", filepath.Join(dir, "pid"), "-f", config)
	require.NoError(t, command.Start())
	soon(t, func() bool { _, err := os.Stat(socket); return err == nil })
	for n := range 50 {
		output, err := exec.CommandContext(t.Context(), logger, "--socket", socket, "--tag", "relayed", "--priority", "daemon.err", fmt.Sprintf("number %d", n)).CombinedOutput()
		require.NoError(t, err, string(output))
	}
	times := func() map[string]int {
		taken.mu.Lock()
		defer taken.mu.Unlock()
		found := map[string]int{}
		for _, body := range taken.bodies {
			found[body]++
		}
		return found
	}
	soon(t, func() bool {
		all := 0
		for _, n := range times() {
			all += n
		}
		return all >= 150
	})
	for body, n := range times() {
		assert.Equal(t, 3, n, body)
		assert.Equal(t, "err", taken.level[body])
		assert.Contains(t, taken.hosts[body], " relayed")
	}
	require.NoError(t, command.Process.Signal(syscall.SIGTERM))
	require.NoError(t, command.Wait())
}
