package cluster

import (
	"bufio"
	"context"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// echo answers every line with itself.
func echo(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				lines := bufio.NewReader(connection)
				for {
					line, err := lines.ReadBytes('\n')
					if err != nil {
						return
					}
					if _, err := connection.Write(line); err != nil {
						return
					}
				}
			}()
		}
	}()
	return listener.Addr().String()
}

func TestLink(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	link := NewLink(t, echo(t))
	var dialer net.Dialer
	connect := func() net.Conn {
		connection, err := dialer.DialContext(t.Context(), "tcp", link.Address)
		require.NoError(t, err)
		t.Cleanup(func() { _ = connection.Close() })
		return connection
	}
	say := func(connection net.Conn) error {
		if _, err := connection.Write([]byte("hello\n")); err != nil {
			return err
		}
		answer := make([]byte, 6)
		_, err := connection.Read(answer)
		return err
	}
	first := connect()
	require.NoError(t, say(first))

	link.Hang()
	require.NoError(t, first.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	require.ErrorIs(t, say(first), os.ErrDeadlineExceeded)
	link.Restore()
	require.NoError(t, first.SetReadDeadline(time.Now().Add(time.Minute)))
	answer := make([]byte, 6)
	_, err := first.Read(answer)
	require.NoError(t, err, "what was said meanwhile arrives")
	assert.Equal(t, "hello\n", string(answer))

	address := link.Address
	link.Cut()
	require.Error(t, say(first))
	_, err = dialer.DialContext(context.Background(), "tcp", address)
	var refused *net.OpError
	require.ErrorAs(t, err, &refused)
	link.Restore()
	assert.Equal(t, address, link.Address)
	require.NoError(t, say(connect()))
}
