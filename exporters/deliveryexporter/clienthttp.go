package deliveryexporter

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 10

type httpClient struct {
	client  *http.Client
	url     string
	signal  string
	headers http.Header
	keys    *keySource
	known   bool // as a server of OTLP: it has taken a request
}

// newClient returns the client of the configured protocol.
func newClient(cfg *Config, signal string, build component.BuildInfo) (client, error) {
	keys, err := newKeySource(cfg)
	if err != nil {
		return nil, err
	}
	if cfg.Protocol == protocolGRPC {
		return newGRPCClient(cfg, signal, build, keys)
	}
	headers := http.Header{"Content-Type": {"application/x-protobuf"}, "User-Agent": {userAgent(build)}}
	for name, value := range cfg.Headers {
		headers.Set(name, string(value))
	}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		// One request at a time needs no HTTP/2, whose connections outlive requests that time out:
		// where the network swallows packets each further one would time out too.
		TLSNextProto:        map[string]func(string, *tls.Conn) http.RoundTripper{},
		MaxIdleConnsPerHost: 1, IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 10 * time.Second,
		ReadBufferSize: 4 << 10, WriteBufferSize: 8 << 10,
	}
	if section := cfg.tls(); section != nil {
		loaded, err := section.Load()
		if err != nil {
			return nil, err
		}
		transport.TLSClientConfig = loaded
	}
	return &httpClient{
		client: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // a key is for one server only
		}},
		url: strings.TrimSuffix(cfg.URL, "/") + "/v1/" + signal, signal: signal, headers: headers, keys: keys,
	}, nil
}

func userAgent(build component.BuildInfo) string { return build.Command + "/" + build.Version }

func (c *httpClient) close() error {
	c.client.CloseIdleConnections()
	return nil
}

func (c *httpClient) send(ctx context.Context, compressed codec, body []byte) (result outcome, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return result, err
	}
	request.Header = c.headers.Clone()
	if key := c.keys.key(); key != "" {
		request.Header.Set("X-API-Key", key)
	}
	if encoding := compressed.encoding(); encoding != "" {
		request.Header.Set("Content-Encoding", encoding)
	}
	response, err := c.client.Do(request)
	if err != nil {
		return result, err
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	err = errors.Join(err, response.Body.Close())
	switch {
	case response.StatusCode == http.StatusOK && err != nil:
		return result, fmt.Errorf("read the server's answer: %w", err)
	case response.StatusCode == http.StatusOK:
		result, err = partial(c.signal, answer)
		c.known = c.known || err == nil
		return result, err
	}
	err = fmt.Errorf("%s answers %s%s", c.url, response.Status, detail(response.Header, answer))
	if permanent(response.StatusCode) && c.believed(response, answer) {
		return result, &refusedError{err}
	}
	return result, &laterError{err: err, after: retryAfter(response.Header.Get("Retry-After"))}
}

// permanent says whether the same request can never succeed. A key that is refused, and a path
// that is not there, are for the operator to mend: the data waits.
func permanent(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusLengthRequired, http.StatusRequestEntityTooLarge,
		http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// believed says whether a refusal is that of a server of OTLP, which has looked at the data. One
// that expects TLS answers 400 as well, and so does whatever else a wrong url leads to: then the
// data waits until the url is mended. OTLP wants errors in the encoding of the request
// (https://opentelemetry.io/docs/specs/otlp/#failures-1); not every server holds to it.
func (c *httpClient) believed(response *http.Response, answer []byte) bool {
	if response.StatusCode != http.StatusBadRequest {
		return true
	}
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if strings.HasSuffix(kind, "protobuf") || strings.HasSuffix(kind, "json") {
		return true
	}
	text := string(answer)
	return c.known && !strings.Contains(text, "HTTPS") && !strings.Contains(text, "SSL")
}

// detail is what the server's problem document says, or the beginning of another text.
func detail(header http.Header, answer []byte) string {
	kind, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	switch kind {
	case "application/problem+json":
		var document struct{ Detail, Fix string }
		if json.Unmarshal(answer, &document) == nil && document.Detail != "" {
			if document.Fix != "" {
				return ": " + document.Detail + " (" + document.Fix + ")"
			}
			return ": " + document.Detail
		}
	case "text/plain", "application/json", "":
		if len(answer) == 0 {
			return ""
		}
		return ": " + string(answer[:min(len(answer), 200)])
	}
	return ""
}

// retryAfter reads a header's seconds or date; 0 when there is none.
func retryAfter(value string) time.Duration {
	if seconds, err := strconv.Atoi(value); err == nil && seconds >= 0 {
		return min(time.Duration(seconds)*time.Second, time.Hour)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(time.Until(at), 0), time.Hour)
	}
	return 0
}

// partial reads what the server has refused of a request that it took.
func partial(signal string, answer []byte) (outcome, error) {
	switch signal {
	case "metrics":
		response := pmetricotlp.NewExportResponse()
		err := response.UnmarshalProto(answer)
		return outcome{int(response.PartialSuccess().RejectedDataPoints()), response.PartialSuccess().ErrorMessage()}, unread(err)
	case "logs":
		response := plogotlp.NewExportResponse()
		err := response.UnmarshalProto(answer)
		return outcome{int(response.PartialSuccess().RejectedLogRecords()), response.PartialSuccess().ErrorMessage()}, unread(err)
	}
	response := ptraceotlp.NewExportResponse()
	err := response.UnmarshalProto(answer)
	return outcome{int(response.PartialSuccess().RejectedSpans()), response.PartialSuccess().ErrorMessage()}, unread(err)
}

// unread names an answer that is not OTLP's: something else than a server for it took the request.
func unread(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the server's answer is not of OTLP; is the url right? %w", err)
}
