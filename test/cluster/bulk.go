package cluster

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Refusal is how Elasticsearch refuses a document of a bulk request.
type Refusal struct {
	Status       int
	Type, Reason string
}

// Bulk stands before Elasticsearch and refuses what a test wants refused, in the way that
// Elasticsearch does it under load or when a document does not fit its mapping.
type Bulk struct {
	// Address is where the program connects, as host:port.
	Address string

	target string
	proxy  *httputil.ReverseProxy

	mu     sync.Mutex
	busy   int
	refuse func(document []byte) *Refusal
	served int // requests that were answered with 429
	denied int // documents that were refused
}

// newBulk opens a way to Elasticsearch. It ends with the test.
func newBulk(tb testing.TB, target string) *Bulk {
	tb.Helper()
	to, err := url.Parse(target)
	if err != nil {
		tb.Fatalf("read the address of Elasticsearch: %v", err)
	}
	b := &Bulk{target: target, proxy: httputil.NewSingleHostReverseProxy(to)}
	b.proxy.ErrorLog = nil
	b.proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) {
		w.WriteHeader(http.StatusBadGateway) // the server or the client is gone
	}
	var config net.ListenConfig
	listener, err := config.Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("listen before Elasticsearch: %v", err)
	}
	b.Address = listener.Addr().String()
	server := &http.Server{Handler: b, ReadHeaderTimeout: time.Minute}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener) // it was closed
	}()
	tb.Cleanup(func() {
		_ = server.Close() // nothing is lost with it
		<-ended
	})
	return b
}

// Busy answers the next bulk requests with 429.
func (b *Bulk) Busy(requests int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.busy = requests
}

// Refuse asks a function about each document of each bulk request from now on; nil ends that.
func (b *Bulk) Refuse(refuse func(document []byte) *Refusal) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refuse = refuse
}

// Counts returns how many requests were answered with 429, and how many documents were refused.
func (b *Bulk) Counts() (requests, documents int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.served, b.denied
}

// ServeHTTP implements http.Handler.
func (b *Bulk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/_bulk") {
		b.proxy.ServeHTTP(w, r)
		return
	}
	b.mu.Lock()
	refuse := b.refuse
	busy := b.busy > 0
	if busy {
		b.busy--
		b.served++
	}
	b.mu.Unlock()
	switch {
	case busy:
		respond(w, http.StatusTooManyRequests, []byte(`{"error":{"type":"es_rejected_execution_exception","reason":"the queue is full"},"status":429}`))
	case refuse == nil:
		b.proxy.ServeHTTP(w, r)
	default:
		if err := b.partly(w, r, refuse); err != nil {
			respond(w, http.StatusBadGateway, fmt.Appendf(nil, `{"error":{"type":"proxy","reason":%q}}`, err.Error()))
		}
	}
}

func respond(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) //nolint:gosec // JSON; the client may be gone
}

// item is one operation of a bulk request: its action and its document.
type item struct{ action, document []byte }

// partly forwards what is not refused, and joins both in one answer.
func (b *Bulk) partly(w http.ResponseWriter, r *http.Request, refuse func([]byte) *Refusal) error {
	items, err := readItems(r)
	if err != nil {
		return err
	}
	refusals := make(map[int]*Refusal)
	var rest bytes.Buffer
	for i, one := range items {
		if refusals[i] = refuse(one.document); refusals[i] == nil {
			delete(refusals, i)
			fmt.Fprintf(&rest, "%s\n%s\n", one.action, one.document)
		}
	}
	b.mu.Lock()
	b.denied += len(refusals)
	b.mu.Unlock()
	var answer struct {
		Took   int               `json:"took"`
		Errors bool              `json:"errors"`
		Items  []json.RawMessage `json:"items"`
	}
	if rest.Len() > 0 {
		status, body, err := b.forward(r, &rest)
		if err != nil {
			return err
		}
		if status != http.StatusOK {
			respond(w, status, body)
			return nil
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
	}
	stored := answer.Items
	answer.Items = nil
	for i, one := range items {
		if refusal := refusals[i]; refusal != nil {
			answer.Errors = true
			answer.Items = append(answer.Items, refusal.answer(one.action))
			continue
		}
		answer.Items, stored = append(answer.Items, stored[0]), stored[1:]
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, body)
	return nil
}

// answer is how a refused operation is answered.
func (r *Refusal) answer(action []byte) json.RawMessage {
	var operation map[string]struct {
		Index string `json:"_index"`
		ID    string `json:"_id"`
	}
	_ = json.Unmarshal(action, &operation) // Elasticsearch would refuse the request
	for name, target := range operation {
		return fmt.Appendf(nil, `{%q:{"_index":%q,"_id":%q,"status":%s,"error":{"type":%q,"reason":%q}}}`,
			name, target.Index, target.ID, strconv.Itoa(r.Status), r.Type, r.Reason)
	}
	return json.RawMessage(`{}`)
}

func readItems(r *http.Request) ([]item, error) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, fmt.Errorf("unpack the request: %w", err)
		}
		body = unpacked
	}
	content, err := io.ReadAll(body)
	if err != nil {
		return nil, fmt.Errorf("read the request: %w", err)
	}
	lines := bytes.Split(bytes.TrimSuffix(content, []byte("\n")), []byte("\n"))
	if len(lines)%2 != 0 {
		return nil, fmt.Errorf("the request has %d lines", len(lines))
	}
	var items []item
	for i := 0; i < len(lines); i += 2 {
		items = append(items, item{lines[i], lines[i+1]})
	}
	return items, nil
}

// forward sends what is left of a request to Elasticsearch.
func (b *Bulk) forward(r *http.Request, body io.Reader) (int, []byte, error) {
	request, err := http.NewRequestWithContext(r.Context(), r.Method, b.target+r.URL.RequestURI(), body) //nolint:gosec // the server of the test
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/x-ndjson")
	response, err := http.DefaultClient.Do(request) //nolint:gosec // the server of the test
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close() //nolint:errcheck // it was only read
	content, err := io.ReadAll(response.Body)
	return response.StatusCode, content, err
}
