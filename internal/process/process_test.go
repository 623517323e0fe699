package process

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/internal/errcode"
)

func TestListenKeepsTheSocket(t *testing.T) {
	p := New()
	first, err := p.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	addr := first.Addr().String()
	// The socket is held under the address it was asked for.
	accepted := make(chan error, 1)
	go func() {
		_, err := first.Accept()
		accepted <- err
	}()
	require.NoError(t, first.Close())
	require.ErrorIs(t, <-accepted, net.ErrClosed)

	// A client that comes between two configurations waits instead of being refused.
	client, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer client.Close()

	second, err := p.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	conn, err := second.Accept()
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	require.NoError(t, second.Close())
	require.NoError(t, p.Release())
	_, err = net.Dial("tcp", addr)
	require.Error(t, err)
}

func TestListenTwice(t *testing.T) {
	p := New()
	first, err := p.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	_, err = p.Listen(t.Context(), "127.0.0.1:0")
	require.ErrorContains(t, err, "used twice")

	_, err = New().Listen(t.Context(), first.Addr().String())
	assert.Equal(t, errcode.Conflict, errcode.Of(err))
	require.ErrorContains(t, err, "choose another address")
	require.NoError(t, first.Close())
	require.NoError(t, p.Release())
}

func TestReady(t *testing.T) {
	p := New()
	_, err := p.Ready(t.Context())
	assert.Equal(t, errcode.Unavailable, errcode.Of(err))
	away := errors.New("away")
	for _, tt := range []struct {
		dependencies []Dependency
		says         string
	}{
		{nil, ""},
		{[]Dependency{{Name: "store", Required: true}, {Name: "cache"}}, ""},
		{[]Dependency{{Name: "store", Required: true}, {Name: "cache", Err: away}}, ""},
		{[]Dependency{{Name: "store", Required: true, Err: away}, {Name: "cache", Err: away}}, "store: away"},
	} {
		p.SetReady(func(context.Context) []Dependency { return tt.dependencies })
		got, err := p.Ready(t.Context())
		assert.Equal(t, tt.dependencies, got)
		if tt.says == "" {
			require.NoError(t, err)
		} else {
			require.EqualError(t, err, tt.says)
		}
	}
	p.SetReady(nil)
	_, err = p.Ready(t.Context())
	require.Error(t, err)
}

func TestGather(t *testing.T) {
	p := New()
	families, err := p.Gather()
	require.NoError(t, err)
	assert.Empty(t, families)

	registry := prometheus.NewRegistry()
	registry.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "up"}))
	p.SetGatherer(registry)
	families, err = p.Gather()
	require.NoError(t, err)
	assert.Len(t, families, 1)
	part := prometheus.NewRegistry()
	part.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "queries"}))
	remove := p.AddRegistry(part)
	families, err = p.Gather()
	require.NoError(t, err)
	assert.Len(t, families, 2)
	remove()
	families, err = p.Gather()
	require.NoError(t, err)
	assert.Len(t, families, 1)
}
