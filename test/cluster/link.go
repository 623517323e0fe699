package cluster

import (
	"context"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/pharos-obs/pharos/test/server"
)

// Link stands between the program and a server, and forwards what both say.
type Link struct {
	// Address is where the program connects, as host:port.
	Address string

	tb     testing.TB
	target string

	mu       sync.Mutex
	listener net.Listener
	held     *sync.Cond // on mu; woken when hung ends
	hung     bool
	open     map[net.Conn]struct{}
	running  sync.WaitGroup
}

// NewLink opens a link to a server. It ends with the test.
func NewLink(tb testing.TB, target string) *Link {
	tb.Helper()
	l := &Link{tb: tb, target: target, Address: server.FreePorts(tb, 1)[0], open: make(map[net.Conn]struct{})}
	l.held = sync.NewCond(&l.mu)
	l.Restore()
	tb.Cleanup(func() {
		l.Cut()
		l.running.Wait()
	})
	return l
}

// Restore lets the program connect again after Cut, and ends Hang.
func (l *Link) Restore() {
	l.tb.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hung = false
	l.held.Broadcast()
	if l.listener != nil {
		return
	}
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", l.Address)
	if err != nil {
		l.tb.Fatalf("listen for the program: %v", err)
	}
	l.listener = listener
	l.running.Go(func() { l.accept(listener) })
}

// Cut ends all connections and refuses new ones, as a server does whose process is gone.
func (l *Link) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listener != nil {
		_ = l.listener.Close() // nothing is lost with it
		l.listener = nil
	}
	l.hung = false
	l.held.Broadcast()
	for connection := range l.open {
		_ = connection.Close() // its copying ends with it
	}
}

// Hang keeps all connections and takes new ones, but says nothing, as a server does that swaps
// or whose network swallows packets.
func (l *Link) Hang() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hung = true
}

func (l *Link) accept(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return // it was cut
		}
		l.running.Go(func() { l.serve(connection) })
	}
}

func (l *Link) serve(program net.Conn) {
	defer l.drop(program)
	if !l.keep(program) {
		return
	}
	var dialer net.Dialer
	server, err := dialer.DialContext(context.Background(), "tcp", l.target)
	if err != nil {
		return // the server is away: the program sees its connection end
	}
	defer l.drop(server)
	if !l.keep(server) {
		return
	}
	var both sync.WaitGroup
	for from, to := range map[net.Conn]net.Conn{program: server, server: program} {
		both.Go(func() {
			defer l.drop(to)
			_, _ = io.Copy(gate{to, l}, from) // either side may end it
		})
	}
	both.Wait()
}

// keep remembers a connection, unless the link is cut.
func (l *Link) keep(connection net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listener == nil {
		return false
	}
	l.open[connection] = struct{}{}
	return true
}

func (l *Link) drop(connection net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, connection)
	_ = connection.Close() // it may be closed already
}

// gate writes to a connection while the link does not hang.
type gate struct {
	to   io.Writer
	link *Link
}

// Write implements io.Writer.
func (g gate) Write(data []byte) (int, error) {
	g.link.mu.Lock()
	for g.link.hung {
		g.link.held.Wait()
	}
	g.link.mu.Unlock()
	return g.to.Write(data)
}

// through replaces the address in the URL of a server by that of a link to it.
func through(tb testing.TB, server string, link *Link) string {
	tb.Helper()
	address, err := url.Parse(server)
	if err != nil {
		tb.Fatalf("read the address of a server: %v", err)
	}
	return strings.Replace(server, address.Host, link.Address, 1)
}
