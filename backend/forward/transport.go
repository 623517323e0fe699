package forward

import (
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// dialTimeout is how long a backend may take to accept a connection: backends are near.
	dialTimeout = 3 * time.Second
	// idlePerBackend is how many connections to a backend are kept for later.
	idlePerBackend = 256
	// copyBuffer is what one answer on its way takes of memory.
	copyBuffer = 32 << 10
)

// newTransport speaks HTTP/1.1 to backends, one request a connection at a time: WebSockets need
// it, and a connection that breaks takes one request with it.
func newTransport(cfg Config) *http.Transport {
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}
	var config *tls.Config
	if cfg.TLS != nil {
		config = cfg.TLS.Clone()
	} else {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		DialContext:           dialer.DialContext,
		TLSClientConfig:       config,
		TLSHandshakeTimeout:   dialTimeout,
		Protocols:             protocols,
		DisableCompression:    true, // client and backend agree on it themselves
		MaxIdleConnsPerHost:   idlePerBackend,
		IdleConnTimeout:       time.Minute, // less than a backend's two, so that it never closes first
		ResponseHeaderTimeout: cfg.Timeout,
		ExpectContinueTimeout: time.Second,
	}
}

// bufferPool lends the buffers through which answers go.
type bufferPool struct{ pool sync.Pool }

func newBufferPool() *bufferPool {
	return &bufferPool{sync.Pool{New: func() any { return new([copyBuffer]byte) }}}
}

// Get implements httputil.BufferPool.
func (p *bufferPool) Get() []byte {
	buffer, ok := p.pool.Get().(*[copyBuffer]byte)
	if !ok {
		buffer = new([copyBuffer]byte)
	}
	return buffer[:]
}

// Put implements httputil.BufferPool.
func (p *bufferPool) Put(buffer []byte) {
	if len(buffer) == copyBuffer {
		p.pool.Put((*[copyBuffer]byte)(buffer))
	}
}
