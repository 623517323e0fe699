package syslogreceiver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/hostidentity"
)

const (
	// gather is how long datagrams are waited for that go with the first.
	gather = 100 * time.Millisecond
	// batchMessages and batchBytes bound what is handed over at once.
	batchMessages = 500
	batchBytes    = 256 << 10
	socketBuffer  = 1 << 20
)

type syslogReceiver struct {
	cfg       *Config
	set       receiver.Settings
	next      consumer.Logs
	telemetry *telemetry
	resource  pcommon.Resource

	listener net.Listener
	packets  []net.PacketConn
	stop     context.CancelFunc
	running  sync.WaitGroup
	slots    chan struct{}

	mu          sync.Mutex
	connections map[net.Conn]bool
}

func newReceiver(set receiver.Settings, cfg *Config, next consumer.Logs) (*syslogReceiver, error) {
	counts, err := newTelemetry(set.MeterProvider)
	if err != nil {
		return nil, fmt.Errorf("make the receiver's own metrics: %w", err)
	}
	return &syslogReceiver{
		cfg: cfg, set: set, next: next, telemetry: counts, slots: make(chan struct{}, cfg.MaxConnections), connections: map[net.Conn]bool{},
	}, nil
}

// Start implements component.Component.
func (r *syslogReceiver) Start(ctx context.Context, _ component.Host) (err error) {
	r.resource = pcommon.NewResource()
	if err := hostidentity.Describe(ctx, "", r.cfg.HostName, r.resource.Attributes()); err != nil {
		return err
	}
	if err := r.listen(ctx); err != nil {
		return errors.Join(err, r.close())
	}
	receiving, stop := context.WithCancel(context.WithoutCancel(ctx))
	r.stop = stop
	for _, socket := range r.packets {
		r.running.Go(func() { r.datagrams(socket) })
	}
	if r.listener != nil {
		r.running.Go(func() { r.accept(receiving) })
	}
	return nil
}

func (r *syslogReceiver) listen(ctx context.Context) error {
	var config net.ListenConfig
	if r.cfg.UDP != "" {
		socket, err := config.ListenPacket(ctx, "udp", r.cfg.UDP)
		if err != nil {
			return fmt.Errorf("udp: %w", err)
		}
		r.packets = append(r.packets, socket)
	}
	if r.cfg.Unix != "" {
		if info, err := os.Lstat(r.cfg.Unix); err == nil && info.Mode()&os.ModeSocket != 0 {
			_ = os.Remove(r.cfg.Unix) // of a process that died
		}
		socket, err := config.ListenPacket(ctx, "unixgram", r.cfg.Unix)
		if err != nil {
			return fmt.Errorf("unix: %w", err)
		}
		r.packets = append(r.packets, socket)
		if err := os.Chmod(r.cfg.Unix, 0o666); err != nil { //nolint:gosec // every program may log
			return fmt.Errorf("unix: %w", err)
		}
	}
	for _, socket := range r.packets {
		if buffered, ok := socket.(interface{ SetReadBuffer(bytes int) error }); ok {
			_ = buffered.SetReadBuffer(socketBuffer) // the system may allow less
		}
	}
	if r.cfg.TCP == "" {
		return nil
	}
	listener, err := config.Listen(ctx, "tcp", r.cfg.TCP)
	if err != nil {
		return fmt.Errorf("tcp: %w", err)
	}
	if r.listener, err = r.cfg.TLS.wrap(listener); err != nil {
		return errors.Join(fmt.Errorf("tls: %w", err), listener.Close())
	}
	return nil
}

// Shutdown implements component.Component.
func (r *syslogReceiver) Shutdown(context.Context) error {
	if r.stop == nil {
		return nil
	}
	r.stop()
	err := r.close()
	r.running.Wait()
	r.stop = nil
	return err
}

func (r *syslogReceiver) close() error {
	var errs []error
	for _, socket := range r.packets {
		errs = append(errs, socket.Close())
	}
	if r.listener != nil {
		errs = append(errs, r.listener.Close())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for connection := range r.connections {
		_ = connection.SetReadDeadline(time.Now()) // what was read is handed over first
	}
	return errors.Join(errs...)
}

// datagrams takes messages from a socket, and drops what the next part does not take.
func (r *syslogReceiver) datagrams(socket net.PacketConn) {
	b, err := r.newBatch()
	if err != nil {
		r.set.Logger.Error("Reading datagrams has ended", zap.Error(err))
		return
	}
	buffer := make([]byte, 64<<10)
	for {
		_ = socket.SetReadDeadline(time.Time{}) // an error shows at the next read
		for b.room() {
			n, from, err := socket.ReadFrom(buffer)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				if errors.Is(err, net.ErrClosed) {
					r.offer(b)
					return
				}
				r.set.Logger.Warn("A datagram cannot be read", zap.Error(err))
				continue
			}
			if b.empty() {
				_ = socket.SetReadDeadline(time.Now().Add(gather))
			}
			message, cut := buffer[:n], false
			if n > int(r.cfg.MaxMessageBytes) {
				message, cut = buffer[:r.cfg.MaxMessageBytes], true
			}
			b.add(message, cut, from)
		}
		r.offer(b)
	}
}

// offer hands messages over that cannot be asked for again.
func (r *syslogReceiver) offer(b *batch) {
	if b.empty() {
		return
	}
	if err := r.next.ConsumeLogs(context.Background(), b.build()); err != nil {
		r.telemetry.drop("refused", len(b.messages))
		r.set.Logger.Warn("The next part does not take messages; they are dropped", zap.Int("messages", len(b.messages)), zap.Error(err))
	} else {
		r.telemetry.take(len(b.messages), b.cuts)
	}
	b.reset()
}

// accept takes connections.
func (r *syslogReceiver) accept(ctx context.Context) {
	for {
		connection, err := r.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			r.set.Logger.Warn("A connection cannot be taken", zap.Error(err))
			if !pause(ctx, time.Second) {
				return
			}
			continue
		}
		select {
		case r.slots <- struct{}{}:
		default:
			r.telemetry.refuse()
			_ = connection.Close()
			continue
		}
		r.mu.Lock()
		r.connections[connection] = true
		r.mu.Unlock()
		r.running.Go(func() {
			err := r.serve(ctx, connection)
			if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) && ctx.Err() == nil {
				r.set.Logger.Debug("A connection has ended", zap.Stringer("from", connection.RemoteAddr()), zap.Error(err))
			}
			r.mu.Lock()
			delete(r.connections, connection)
			r.mu.Unlock()
			_ = connection.Close()
			<-r.slots
		})
	}
}

// serve takes messages from a connection until it ends.
func (r *syslogReceiver) serve(ctx context.Context, connection net.Conn) error {
	b, err := r.newBatch()
	if err != nil {
		return err
	}
	messages := newFramer(connection, int(r.cfg.MaxMessageBytes))
	for ctx.Err() == nil {
		if err := connection.SetReadDeadline(time.Now().Add(r.cfg.IdleTimeout)); err != nil {
			return err
		}
		message, cut, err := messages.next()
		if err == nil {
			b.add(message, cut, connection.RemoteAddr())
		}
		if (err != nil || messages.waits() || !b.room()) && !r.insist(ctx, b) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// insist hands messages over until they are taken; false means that the context ended first.
func (r *syslogReceiver) insist(ctx context.Context, b *batch) bool {
	pauses := &backoff.ExponentialBackOff{InitialInterval: 100 * time.Millisecond, RandomizationFactor: 0.5, Multiplier: 1.5, MaxInterval: 10 * time.Second}
	pauses.Reset()
	for !b.empty() {
		err := r.next.ConsumeLogs(context.WithoutCancel(ctx), b.build())
		switch {
		case err == nil:
			r.telemetry.take(len(b.messages), b.cuts)
			b.reset()
		case consumererror.IsPermanent(err):
			r.telemetry.drop("refused", len(b.messages))
			r.set.Logger.Error("The next part refuses messages for good; they are dropped", zap.Int("messages", len(b.messages)), zap.Error(err))
			b.reset()
		case !pause(ctx, pauses.NextBackOff()):
			r.telemetry.drop("shutdown", len(b.messages))
			return false
		}
	}
	return true
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
