package agent

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/pharos-obs/pharos/test/server"
)

// Door stands before a server of HTTP, and lets through, refuses or swallows what comes.
type Door struct {
	// URL is where the agent sends.
	URL string

	proxy *httputil.ReverseProxy

	mu      sync.Mutex
	refusal http.HandlerFunc // nil lets requests through
	changed chan struct{}    // closed when refusal changes
	asked   int
}

// NewDoor opens a door to the server at a URL. It ends with the test. With a configuration it
// speaks TLS, and trusts a server of TLS that those trust whom it knows as clients.
func NewDoor(tb testing.TB, target string, secured *tls.Config) *Door {
	tb.Helper()
	to, err := url.Parse(target)
	if err != nil {
		tb.Fatalf("read the URL of the server: %v", err)
	}
	own := server.FreePorts(tb, 1)[0]
	d := &Door{
		URL: "http://" + own, changed: make(chan struct{}),
		proxy: httputil.NewSingleHostReverseProxy(to),
	}
	d.proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", own)
	if err != nil {
		tb.Fatalf("listen before the server: %v", err)
	}
	if secured != nil {
		d.URL = "https://localhost" + own[strings.LastIndex(own, ":"):]
		d.proxy.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: secured.ClientCAs, MinVersion: tls.VersionTLS12}}
		listener = tls.NewListener(listener, secured)
	}
	serving := &http.Server{ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: timeout, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		refusal := d.refusal
		d.asked++
		d.mu.Unlock()
		if refusal != nil {
			refusal(w, r)
			return
		}
		d.proxy.ServeHTTP(w, r)
	})}
	var running sync.WaitGroup
	running.Go(func() { _ = serving.Serve(listener) }) // it ends with Close
	tb.Cleanup(func() {
		d.Open()
		_ = serving.Close() // nothing is lost with it
		running.Wait()
	})
	return d
}

// Open lets everything through.
func (d *Door) Open() { d.set(nil) }

// Refuse answers every request with a status; an empty retryAfter leaves the header out.
func (d *Door) Refuse(status int, retryAfter string) {
	d.set(func(w http.ResponseWriter, _ *http.Request) {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		w.WriteHeader(status)
	})
}

// Swallow takes every request and answers none, as a server does that hangs.
func (d *Door) Swallow() {
	changed := make(chan struct{})
	d.setWith(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-changed:
		}
		panic(http.ErrAbortHandler) // the connection ends without an answer
	}, changed)
}

// LoseAnswers lets every request through and answers none: the server has what the agent must
// send again.
func (d *Door) LoseAnswers() {
	d.set(func(_ http.ResponseWriter, r *http.Request) {
		d.proxy.ServeHTTP(discard{http.Header{}}, r)
		panic(http.ErrAbortHandler)
	})
}

// discard is an answer that nobody reads.
type discard struct{ header http.Header }

// Header implements http.ResponseWriter.
func (d discard) Header() http.Header { return d.header }

// Write implements http.ResponseWriter.
func (discard) Write(b []byte) (int, error) { return len(b), nil }

// WriteHeader implements http.ResponseWriter.
func (discard) WriteHeader(int) {}

func (d *Door) set(refusal http.HandlerFunc) { d.setWith(refusal, make(chan struct{})) }

func (d *Door) setWith(refusal http.HandlerFunc, changed chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	close(d.changed) // what hangs ends
	d.refusal, d.changed = refusal, changed
}

// Asked is how many requests came so far.
func (d *Door) Asked() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked
}
