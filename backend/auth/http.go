package auth

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/problem"
)

// scopeKey is the key of an operation's metadata under which the front door finds the scope that
// a request must carry. An operation without it serves anybody.
const scopeKey = "scope"

// tag groups the operations in the OpenAPI document.
const tag = "auth"

// Register adds the operations under /v1/auth to the API.
func (s *Service) Register(api huma.API) {
	s.registerSessions(api)
	s.registerKeys(api)
}

// operation returns what all operations have in common. Those that anybody may call have no
// scope.
func operation(method, path, id, summary string, scope Scope, status int) huma.Operation {
	op := huma.Operation{
		OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{tag}, DefaultStatus: status,
		Middlewares: huma.Middlewares{withClient},
	}
	if scope != "" {
		op.Metadata = map[string]any{scopeKey: scope}
		op.Security = []map[string][]string{{"bearer": {}}, {"key": {}}, {"session": {}}}
	}
	return op
}

// client is what handlers need to know of a request beside its input.
type client struct {
	remote    string // host:port
	encrypted bool
	refresh   string // the refresh cookie
	access    string // the access token of the headers or the cookie
	crossSite error  // why the request is refused where cookies are read or set; nil when it is not
}

type clientKey struct{}

// withClient puts the client into the context.
func withClient(ctx huma.Context, next func(huma.Context)) {
	c := client{
		remote: ctx.RemoteAddr(), encrypted: ctx.TLS() != nil,
		crossSite: CheckSameOrigin(ctx.Header, ctx.Host()),
	}
	// What is wrong with the headers only matters where the front door asks for a credential.
	c.access, _ = fromHeaders(single(ctx.Header("Authorization")), single(ctx.Header("X-API-Key")))
	if c.crossSite == nil {
		c.refresh = cookieOf(ctx, RefreshCookie)
		if c.access == "" {
			c.access = cookieOf(ctx, AccessCookie)
		}
	}
	next(huma.WithValue(ctx, clientKey{}, c))
}

func cookieOf(ctx huma.Context, name string) string {
	cookie, err := huma.ReadCookie(ctx, name)
	if err != nil {
		return ""
	}
	return cookie.Value
}

func single(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

func clientOf(ctx context.Context) client {
	c, _ := ctx.Value(clientKey{}).(client)
	return c
}

// principalOf returns who makes the request. The front door lets nobody else through.
func principalOf(ctx context.Context) (Principal, error) {
	principal, ok := FromContext(ctx)
	if !ok {
		return Principal{}, errcode.New(errcode.Unauthenticated, "the request carries no credential")
	}
	return principal, nil
}

// answered makes a handler answer its errors as problem documents; those of the server are
// logged, because the documents do not tell them.
func answered[I, O any](s *Service, handle func(context.Context, *I) (*O, error)) func(context.Context, *I) (*O, error) {
	return func(ctx context.Context, input *I) (*O, error) {
		output, err := handle(ctx, input)
		if err != nil {
			return nil, s.refuse(err)
		}
		return output, nil
	}
}

func (s *Service) refuse(err error) error {
	if errcode.HTTPStatus(err) >= http.StatusInternalServerError {
		s.logger.Error("authentication request failed", zap.Error(err))
	}
	wait := errcode.RetryAfter(err)
	if wait <= 0 {
		return problem.Of(err)
	}
	seconds := strconv.Itoa(int(math.Ceil(wait.Seconds())))
	return huma.ErrorWithHeaders(problem.Of(err), http.Header{"Retry-After": {seconds}})
}

// cookies are the Set-Cookie headers of an answer.
type cookies []http.Cookie

// cookiesOf returns the cookies that log a browser in.
func cookiesOf(session Session, encrypted bool) cookies {
	return cookies{
		authCookie(AccessCookie, session.AccessToken, "/", session.AccessTTL, encrypted),
		authCookie(RefreshCookie, session.RefreshToken, "/v1/auth", session.RefreshTTL, encrypted),
	}
}

// noCookies returns the cookies that log a browser out.
func noCookies(encrypted bool) cookies {
	return cookies{
		authCookie(AccessCookie, "", "/", -time.Second, encrypted),
		authCookie(RefreshCookie, "", "/v1/auth", -time.Second, encrypted),
	}
}

// authCookie is readable by no script and sent by no other site's page. It is not Secure on
// plain HTTP, which is served on this machine or by the operator's explicit wish.
func authCookie(name, value, path string, ttl time.Duration, encrypted bool) http.Cookie {
	return http.Cookie{ //nolint:gosec // the comment says when it is not Secure
		Name: name, Value: value, Path: path, MaxAge: int(ttl / time.Second),
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: encrypted,
	}
}
