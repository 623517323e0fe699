package auth

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

// userBody is a user in the API.
type userBody struct {
	ID    string        `json:"id" format:"uuid"`
	OrgID storage.OrgID `json:"org_id" format:"uuid"`
	Email string        `json:"email"`
	Role  string        `json:"role" example:"admin"`
}

// sessionBody is a login in the API.
type sessionBody struct {
	AccessToken  string   `json:"access_token" doc:"Send it as Authorization: Bearer"`
	TokenType    string   `json:"token_type" enum:"Bearer"`
	ExpiresIn    int      `json:"expires_in" doc:"Seconds until the access token expires"`
	RefreshToken string   `json:"refresh_token,omitempty" doc:"Gets the next access token, once; left out when the request brought it as a cookie"`
	User         userBody `json:"user"`
}

type sessionOutput struct {
	CacheControl string  `header:"Cache-Control"`
	SetCookie    cookies `header:"Set-Cookie"`
	Body         sessionBody
}

// sessionAnswer answers with a session, in the body and as cookies.
func sessionAnswer(session Session, c client) *sessionOutput {
	return &sessionOutput{
		CacheControl: "no-store",
		SetCookie:    cookiesOf(session, c.encrypted),
		Body: sessionBody{
			AccessToken: session.AccessToken, TokenType: "Bearer", ExpiresIn: int(session.AccessTTL.Seconds()),
			RefreshToken: session.RefreshToken,
			User: userBody{
				ID: session.User.ID, OrgID: session.User.OrgID, Email: session.User.Email, Role: session.User.Role,
			},
		},
	}
}

func (s *Service) registerSessions(api huma.API) {
	huma.Register(api, operation(http.MethodPost, "/v1/auth/login", "login",
		"Log in with email and password", "", http.StatusOK), answered(s, s.handleLogin))
	huma.Register(api, operation(http.MethodPost, "/v1/auth/link", "login-by-link",
		"Log in with a one-time link", "", http.StatusOK), answered(s, s.handleLink))
	huma.Register(api, operation(http.MethodPost, "/v1/auth/refresh", "refresh",
		"Get the next access token of a login", "", http.StatusOK), answered(s, s.handleRefresh))
	huma.Register(api, operation(http.MethodPost, "/v1/auth/logout", "logout",
		"End a login", "", http.StatusNoContent), answered(s, s.handleLogout))
	huma.Register(api, operation(http.MethodGet, "/v1/auth/me", "me",
		"Who the credential of this request stands for", ScopeQuery, http.StatusOK), answered(s, s.handleMe))
	huma.Register(api, operation(http.MethodPost, "/v1/auth/password", "change-password",
		"Change one's own password; ends all other logins", ScopeQuery, http.StatusOK), answered(s, s.handlePassword))
}

type loginInput struct {
	Body struct {
		Email    string `json:"email" minLength:"1" maxLength:"320" example:"admin@localhost"`
		Password string `json:"password" minLength:"1" maxLength:"256"`
	}
}

func (s *Service) handleLogin(ctx context.Context, input *loginInput) (*sessionOutput, error) {
	c := clientOf(ctx)
	if c.crossSite != nil {
		return nil, c.crossSite
	}
	session, err := s.Login(ctx, input.Body.Email, input.Body.Password, c.remote)
	if err != nil {
		return nil, err
	}
	return sessionAnswer(session, c), nil
}

type linkInput struct {
	Body struct {
		Once string `json:"once" minLength:"1" maxLength:"256" doc:"The token in the login link"`
	}
}

func (s *Service) handleLink(ctx context.Context, input *linkInput) (*sessionOutput, error) {
	c := clientOf(ctx)
	if c.crossSite != nil {
		return nil, c.crossSite
	}
	session, err := s.LoginByLink(ctx, input.Body.Once)
	if err != nil {
		return nil, err
	}
	return sessionAnswer(session, c), nil
}

// tokenInput brings a refresh token, or leaves it to the cookie.
type tokenInput struct {
	Body *struct {
		RefreshToken string `json:"refresh_token,omitempty" maxLength:"256" doc:"Not needed when the cookie brings it"`
	} `required:"false"`
}

func (i *tokenInput) token() string {
	if i.Body == nil {
		return ""
	}
	return i.Body.RefreshToken
}

func (s *Service) handleRefresh(ctx context.Context, input *tokenInput) (*sessionOutput, error) {
	c := clientOf(ctx)
	token, byCookie := input.token(), false
	if token == "" {
		token, byCookie = c.refresh, true
	}
	switch {
	case c.crossSite != nil:
		return nil, c.crossSite
	case token == "":
		return nil, &errcode.Error{
			Code: errcode.Unauthenticated, Field: "refresh_token", Message: "is missing",
			Fix: "send the refresh token of a login, or its cookie",
		}
	}
	session, err := s.Refresh(ctx, token, byCookie)
	if err != nil {
		return nil, err
	}
	answer := sessionAnswer(session, c)
	if byCookie {
		answer.Body.RefreshToken = "" // scripts of the page have no use for it
	}
	return answer, nil
}

type logoutOutput struct {
	SetCookie cookies `header:"Set-Cookie"`
}

// handleLogout needs no valid access token: one that has expired is no reason to stay logged in.
func (s *Service) handleLogout(ctx context.Context, input *tokenInput) (*logoutOutput, error) {
	c := clientOf(ctx)
	if c.crossSite != nil {
		return nil, c.crossSite
	}
	ended := false
	for _, token := range []string{input.token(), c.refresh, c.access} {
		if token == "" {
			continue
		}
		if err := s.Logout(ctx, token); err != nil {
			return nil, err
		}
		ended = true
	}
	if !ended {
		return nil, &errcode.Error{
			Code: errcode.Unauthenticated, Field: "refresh_token", Message: "is missing, and so is any other token",
			Fix: "send the refresh or access token of the login, or its cookies",
		}
	}
	return &logoutOutput{SetCookie: noCookies(c.encrypted)}, nil
}

type meOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         struct {
		OrgID  storage.OrgID `json:"org_id" format:"uuid"`
		UserID string        `json:"user_id,omitempty" doc:"The user; of an API key, who created it"`
		KeyID  string        `json:"key_id,omitempty" doc:"The API key; left out for a login"`
		Name   string        `json:"name" doc:"The user's email or the key's name"`
		Scopes []Scope       `json:"scopes" enum:"admin,ingest,query" nullable:"false"`
	}
}

func (s *Service) handleMe(ctx context.Context, _ *struct{}) (*meOutput, error) {
	principal, err := principalOf(ctx)
	if err != nil {
		return nil, err
	}
	answer := &meOutput{CacheControl: "no-store"}
	answer.Body.OrgID, answer.Body.UserID, answer.Body.KeyID = principal.OrgID, principal.UserID, principal.KeyID
	answer.Body.Name, answer.Body.Scopes = principal.Name, principal.Scopes
	return answer, nil
}

type passwordInput struct {
	Body struct {
		Current string `json:"current_password" minLength:"1" maxLength:"256"`
		New     string `json:"new_password" minLength:"1" maxLength:"256" doc:"At least 10 characters"`
	}
}

func (s *Service) handlePassword(ctx context.Context, input *passwordInput) (*sessionOutput, error) {
	principal, err := principalOf(ctx)
	if err != nil {
		return nil, err
	}
	if principal.KeyID != "" || principal.UserID == "" {
		return nil, &errcode.Error{
			Code: errcode.Forbidden, Message: "an API key cannot change a password", Fix: "log in as the user",
		}
	}
	session, err := s.ChangePassword(ctx, principal.UserID, input.Body.Current, input.Body.New)
	if err != nil {
		return nil, err
	}
	return sessionAnswer(session, clientOf(ctx)), nil
}
