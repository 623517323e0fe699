package process

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// socket is a TCP socket that is lent to one listener at a time.
type socket struct {
	tcp    *net.TCPListener
	leased atomic.Bool
}

func (s *socket) lease() (net.Listener, error) {
	if !s.leased.CompareAndSwap(false, true) {
		return nil, fmt.Errorf("listen on %s: the address is used twice in the configuration", s.tcp.Addr())
	}
	if err := s.tcp.SetDeadline(time.Time{}); err != nil {
		s.leased.Store(false)
		return nil, fmt.Errorf("listen on %s: %w", s.tcp.Addr(), err)
	}
	return &lease{socket: s}, nil
}

// lease is a net.Listener whose Close gives the socket back.
type lease struct {
	socket *socket
	closed atomic.Bool
}

// Accept implements net.Listener.
func (l *lease) Accept() (net.Conn, error) {
	conn, err := l.socket.tcp.Accept()
	if err == nil && l.closed.Load() {
		// It was accepted while Close ran. The client sees a reset and tries again.
		_ = conn.Close()
		return nil, net.ErrClosed
	}
	if err != nil && l.closed.Load() && errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, net.ErrClosed
	}
	return conn, err
}

// Close implements net.Listener. A deadline in the past wakes a waiting Accept without closing
// the socket.
func (l *lease) Close() error {
	if l.closed.Swap(true) {
		return nil
	}
	err := l.socket.tcp.SetDeadline(time.Unix(1, 0))
	l.socket.leased.Store(false)
	return err
}

// Addr implements net.Listener.
func (l *lease) Addr() net.Addr { return l.socket.tcp.Addr() }
