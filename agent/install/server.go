package install

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// requestTimeout bounds each request to the server.
const requestTimeout = 15 * time.Second

// server is the one that data goes to.
type server struct {
	url    *url.URL
	key    string // empty until it is known
	ca     []byte // PEM of whom to trust; nil means those of the system
	client *http.Client
}

// parseURL checks the address of a server.
func parseURL(text string) (*url.URL, error) {
	parsed, err := url.Parse(strings.TrimSuffix(text, "/"))
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return nil, errcode.InvalidField("--url", fmt.Sprintf("is %q", text), "use https:// and a host, for example https://pharos.example.org:8080")
	}
	if parsed.User != nil || parsed.RawQuery != "" || parsed.Fragment != "" {
		return nil, errcode.InvalidField("--url", fmt.Sprintf("is %q", parsed.Redacted()), "leave out user, query and fragment")
	}
	return parsed, nil
}

// parsePin reads a fingerprint as it is printed by us, openssl or a browser.
func parsePin(text string) ([]byte, error) {
	plain := strings.ToLower(strings.NewReplacer(":", "", " ", "").Replace(text))
	pin, err := hex.DecodeString(strings.TrimPrefix(plain, "sha256"))
	if err != nil || len(pin) != sha256.Size {
		return nil, errcode.InvalidField("--ca-sha256", fmt.Sprintf("is %q", text), "give the 64 hexadecimal digits that `pharos up --public NAME` prints")
	}
	return pin, nil
}

// connect finds out whom to trust, and that a Pharos server answers.
func connect(ctx context.Context, address *url.URL, pin, ca []byte) (*server, error) {
	s := &server{url: address, ca: ca}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	switch {
	case pin != nil:
		config.InsecureSkipVerify = true // VerifyConnection does it, by the fingerprint
		config.VerifyConnection = func(state tls.ConnectionState) (err error) {
			s.ca, err = verifyPinned(state.PeerCertificates, pin, address.Hostname())
			return err
		}
	case ca != nil:
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(ca) {
			return nil, &Error{"read the CA", errors.New("there is no certificate in it"), "give a file of PEM", ExitCertificate}
		}
	}
	s.client = &http.Client{
		Timeout:       requestTimeout,
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: config, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return s, s.checkHealth(ctx)
}

// verifyPinned looks for the certificate with the fingerprint among those that the server shows,
// and verifies that it signs the server's own. It returns it as PEM.
func verifyPinned(shown []*x509.Certificate, pin []byte, host string) ([]byte, error) {
	options := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), DNSName: host}
	var found []byte
	var seen []string
	for _, certificate := range shown {
		sum := sha256.Sum256(certificate.Raw)
		seen = append(seen, fmt.Sprintf("%s (%s)", hex.EncodeToString(sum[:]), certificate.Subject))
		options.Intermediates.AddCert(certificate)
		if bytes.Equal(sum[:], pin) {
			options.Roots.AddCert(certificate)
			found = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})
		}
	}
	if found == nil {
		return nil, fmt.Errorf("%w; it shows %s", errOtherPin, strings.Join(seen, " and "))
	}
	if _, err := shown[0].Verify(options); err != nil {
		return nil, err
	}
	return found, nil
}

var errOtherPin = errors.New("the server has no certificate with this fingerprint")

// checkHealth asks whether it is a Pharos server, and whether it is well.
func (s *server) checkHealth(ctx context.Context) error {
	const step = "reach the server"
	status, header, body, err := s.request(ctx, http.MethodGet, "/v1/health", nil, "")
	if err != nil {
		return s.explain(step, err)
	}
	var health struct{ Status string }
	switch {
	case status >= 300 && status < 400:
		return &Error{step, fmt.Errorf("%s answers with a redirect to %s", s.url, header.Get("Location")), "give --url that address, without the path", ExitServer}
	case status == http.StatusBadRequest && s.url.Scheme == "http" && bytes.Contains(body, []byte("HTTPS")):
		return &Error{step, errors.New("the server speaks TLS there"), "begin --url with https://", ExitCertificate}
	case json.Unmarshal(body, &health) != nil || health.Status == "":
		return &Error{step, fmt.Errorf("%s answers %d, and not as Pharos does%s", s.url, status, detail(body)), "give --url the address of the dashboard", ExitServer}
	case status != http.StatusOK:
		return &Error{step, fmt.Errorf("the server says that it is %s", health.Status), "look at Settings in its dashboard, and run this again", ExitServer}
	}
	return nil
}

// checkKey sends an empty request with the key, as the agent would.
func (s *server) checkKey(ctx context.Context) error {
	const step = "check the key"
	const create = "create one under Send data in the dashboard, or with POST /v1/auth/apikey and the scope ingest"
	status, _, body, err := s.request(ctx, http.MethodPost, "/v1/metrics", []byte("{}"), "application/json")
	if err != nil {
		return s.explain(step, err)
	}
	switch said := fmt.Errorf("the server answers %d%s", status, detail(body)); status {
	case http.StatusOK:
		return nil
	case http.StatusUnauthorized:
		return &Error{step, said, create, ExitKey}
	case http.StatusForbidden:
		return &Error{step, said, create, ExitKey}
	case http.StatusNotFound:
		return &Error{step, said, "this address takes no data: give --url the one of a gateway", ExitServer}
	default:
		return &Error{step, said, "run this again in a minute", ExitServer}
	}
}

// seen asks since when the server has samples of the agent on this host; false when it has none
// after the time, or the key may not ask.
func (s *server) seen(ctx context.Context, host string, after time.Time) bool {
	query := url.Values{"query": {fmt.Sprintf("max(timestamp(pharos_agent_info{host_name=%q}))", host)}}
	status, _, body, err := s.request(ctx, http.MethodGet, "/api/v1/query?"+query.Encode(), nil, "")
	if err != nil || status != http.StatusOK {
		return false
	}
	var answer struct {
		Data struct {
			Result []struct{ Value [2]json.RawMessage }
		}
	}
	if json.Unmarshal(body, &answer) != nil || len(answer.Data.Result) == 0 {
		return false
	}
	var text string
	var seconds float64
	if json.Unmarshal(answer.Data.Result[0].Value[1], &text) != nil {
		return false
	}
	if _, err := fmt.Sscan(text, &seconds); err != nil {
		return false
	}
	return !time.UnixMilli(int64(seconds * 1000)).Before(after)
}

func (s *server) request(ctx context.Context, method, path string, body []byte, kind string) (int, http.Header, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.url.String()+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	if s.key != "" {
		request.Header.Set("X-API-Key", s.key)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return 0, nil, nil, err
	}
	const most = 1 << 20
	answer, err := io.ReadAll(io.LimitReader(response.Body, most))
	return response.StatusCode, response.Header, answer, errors.Join(err, response.Body.Close())
}

// explain names the fix for a request that got no answer.
func (s *server) explain(step string, err error) error {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = fmt.Errorf("%s: %w", s.url, outer.Err)
	}
	switch {
	case errors.Is(err, errOtherPin):
		return &Error{step, err, "compare with what `pharos up --public NAME` prints on the server; when they differ, somebody stands in between", ExitCertificate}
	case errors.As(err, &unknown):
		return &Error{step, err, "give --ca-sha256, which `pharos up --public NAME` prints on the server", ExitCertificate}
	case errors.As(err, &name):
		return &Error{step, err, "give --url a name that the certificate is for, or start the server with --public " + s.url.Hostname(), ExitCertificate}
	case errors.As(err, &invalid):
		return &Error{step, err, "renew the certificate of the server, or set the clock of this host", ExitCertificate}
	case strings.Contains(err.Error(), "HTTP response to HTTPS client"): // net/http has no type for it
		return &Error{step, err, "the server speaks plaintext there: begin --url with http://, or start it with --public", ExitCertificate}
	}
	return &Error{step, err, "is the server running, with --public NAME, and does the network let this host reach it?", ExitServer}
}

// detail is what a problem document, or a status of OTLP, says.
func detail(body []byte) string {
	var document struct{ Detail, Fix, Message string } // a message is of OTLP
	if json.Unmarshal(body, &document) != nil || document.Detail+document.Message == "" {
		return ""
	}
	if document.Detail == "" {
		return ": " + document.Message
	}
	if document.Fix != "" {
		return ": " + document.Detail + " (" + document.Fix + ")"
	}
	return ": " + document.Detail
}
