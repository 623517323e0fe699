package elasticsearch

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"
	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// object is a piece of JSON that the store sends.
type object = map[string]any

// client sends requests to the nodes. Unlike Elastic's own it asks for no header that names the
// product, so that OpenSearch is as good.
type client struct {
	transport *elastictransport.Client
	pool      *http.Transport
	timeout   time.Duration
}

func newClient(cfg Config) (*client, error) {
	options := []elastictransport.Option{elastictransport.WithUserAgent("pharos")}
	urls := make([]*url.URL, len(cfg.Endpoints))
	for i, endpoint := range cfg.Endpoints {
		var err error
		if urls[i], err = parseEndpoint(endpoint); err != nil {
			return nil, err
		}
	}
	options = append(options, elastictransport.WithURLs(urls...))
	if len(urls) == 1 {
		options = append(options, elastictransport.WithDisableRetry()) // the callers decide
	} else {
		// Another node may answer when this one does not.
		options = append(options, elastictransport.WithMaxRetries(len(urls)-1),
			elastictransport.WithRetryOnError(func(request *http.Request, _ error) bool { return request.Context().Err() == nil }))
	}
	switch {
	case cfg.APIKey != "":
		options = append(options, elastictransport.WithAPIKey(cfg.APIKey))
	case cfg.Username != "":
		options = append(options, elastictransport.WithBasicAuth(cfg.Username, cfg.Password))
	}
	encryption, err := cfg.TLS.Load()
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}
	pool := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, TLSClientConfig: encryption,
		TLSHandshakeTimeout: 10 * time.Second, ForceAttemptHTTP2: true,
		MaxIdleConnsPerHost: 16, IdleConnTimeout: 90 * time.Second,
	}
	transport, err := elastictransport.NewClient(append(options, elastictransport.WithTransport(pool))...)
	if err != nil {
		return nil, fmt.Errorf("connect to Elasticsearch: %w", err)
	}
	return &client{transport, pool, cfg.Timeout}, nil
}

func (c *client) close() { c.pool.CloseIdleConnections() }

// do sends a request and reads the answer into a value, which may be nil.
func (c *client) do(ctx context.Context, request esapi.Request, into any) error {
	status, body, err := c.send(ctx, request)
	if err != nil {
		return err
	}
	if status > 299 {
		return explainStatus(status, body)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		return unavailable("read the answer of Elasticsearch: %w", err)
	}
	return nil
}

// send returns the answer to a request, whatever its status.
func (c *client) send(ctx context.Context, request esapi.Request) (int, []byte, error) {
	timed, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	response, err := request.Do(timed, c.transport)
	if err != nil {
		return 0, nil, explainTransport(ctx, err)
	}
	defer response.Body.Close() //nolint:errcheck // it was read to its end, or the error is there already
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, nil, explainTransport(ctx, err)
	}
	return response.StatusCode, body, nil
}

// body makes a request body.
func body(value any) (io.Reader, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("write a request to Elasticsearch: %w", err)
	}
	return bytes.NewReader(text), nil
}
