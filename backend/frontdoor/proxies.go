package frontdoor

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/propagation"
	"golang.org/x/net/http/httpguts"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
)

// Proxies are the networks of the reverse proxies that are believed when they say from whom a
// request comes, and what trace it belongs to.
type Proxies []netip.Prefix

func (p Proxies) trusts(address netip.Addr) bool {
	address = address.Unmap().WithZone("")
	return slices.ContainsFunc(p, func(network netip.Prefix) bool { return network.Contains(address) })
}

// asSent returns the request as the client sent it to the first trusted proxy: with the
// client's address, and the host and scheme that it used, within the trace of the proxy. Of
// anybody else X-Forwarded-* means nothing.
func (p Proxies) asSent(r *http.Request) *http.Request {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !p.trusts(peer.Addr()) {
		return r
	}
	sent := new(http.Request)
	*sent = *r
	if client := p.client(r.Header["X-Forwarded-For"]); client.IsValid() {
		sent.RemoteAddr = netip.AddrPortFrom(client, 0).String()
	}
	if host := lastOf(r.Header["X-Forwarded-Host"]); host != "" && httpguts.ValidHostHeader(host) {
		sent.Host = host
	}
	switch strings.ToLower(lastOf(r.Header["X-Forwarded-Proto"])) {
	case "https", "wss":
		if sent.TLS == nil {
			// What matters behind is that there is one: cookies are Secure then.
			sent.TLS = &tls.ConnectionState{}
		}
	case "http", "ws":
		sent.TLS = nil
	}
	if len(r.Header[traceParent]) > 0 {
		sent = sent.WithContext(contextOf(r.Context(), propagation.HeaderCarrier(r.Header)))
	}
	return sent
}

// trustsCaller says whether a gRPC call comes from a trusted proxy.
func (p Proxies) trustsCaller(ctx context.Context) bool {
	if len(p) == 0 {
		return false
	}
	remote, ok := peer.FromContext(ctx)
	if !ok {
		return false
	}
	address, err := netip.ParseAddrPort(remote.Addr.String())
	return err == nil && p.trusts(address.Addr())
}

// caller is the address from which a gRPC call comes, as host:port.
func (p Proxies) caller(remote string, md metadata.MD) string {
	peer, err := netip.ParseAddrPort(remote)
	if err != nil || !p.trusts(peer.Addr()) {
		return remote
	}
	if client := p.client(md["x-forwarded-for"]); client.IsValid() {
		return netip.AddrPortFrom(client, 0).String()
	}
	return remote
}

// client reads X-Forwarded-For from its end, where each proxy adds who spoke to it: the first
// address that is no trusted proxy is the client. What stands before it anybody can make up.
func (p Proxies) client(forwardedFor []string) netip.Addr {
	var client netip.Addr
	hops := strings.Split(strings.Join(forwardedFor, ","), ",")
	for _, hop := range slices.Backward(hops) {
		address, err := parseHop(strings.TrimSpace(hop))
		if err != nil {
			return client
		}
		client = address
		if !p.trusts(address) {
			return client
		}
	}
	return client
}

// parseHop reads an address; some proxies add its port.
func parseHop(hop string) (netip.Addr, error) {
	if host, _, err := net.SplitHostPort(hop); err == nil {
		hop = host
	}
	address, err := netip.ParseAddr(strings.Trim(hop, "[]"))
	return address.Unmap().WithZone(""), err
}

// lastOf is the last element of a header that is a list: what the nearest proxy said.
func lastOf(values []string) string {
	if len(values) == 0 {
		return ""
	}
	last := values[len(values)-1]
	return strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
}
