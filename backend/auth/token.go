package auth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage/metadata"
)

const (
	issuer        = "pharos"
	secretSetting = "auth.signing_secret" //nolint:gosec // the name of a setting, no secret
	secretBytes   = 32
)

// claims are what an access token says.
type claims struct {
	jwt.RegisteredClaims
	Session string `json:"sid"` // the login; the token ends with it
}

// signer makes and checks access tokens.
type signer struct {
	secret []byte
	ttl    time.Duration
}

// newSigner reads the secret, or creates it when there is none. Of several servers that create
// it at once, all get the same.
func newSigner(ctx context.Context, db *metadata.DB, ttl time.Duration) (*signer, error) {
	fresh := make([]byte, secretBytes)
	if _, err := rand.Read(fresh); err != nil {
		return nil, fmt.Errorf("make signing secret: %w", err)
	}
	text, err := db.SettingOr(ctx, secretSetting, base64.StdEncoding.EncodeToString(fresh))
	if err != nil {
		return nil, err
	}
	secret, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(secret) < secretBytes {
		return nil, errcode.New(errcode.Internal, "setting %s holds no secret of %d bytes", secretSetting, secretBytes)
	}
	return &signer{secret: secret, ttl: ttl}, nil
}

func (s *signer) sign(userID, session string, now time.Time) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Subject: userID,
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(s.ttl)),
		},
		Session: session,
	})
	signed, err := token.SignedString(s.secret)
	if err != nil {
		return "", fmt.Errorf("sign access token: %w", err)
	}
	return signed, nil
}

// verify returns the claims of a valid token.
func (s *signer) verify(token string, now time.Time) (claims, error) {
	var c claims
	_, err := jwt.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return s.secret, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithIssuer(issuer),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(func() time.Time { return now }))
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return claims{}, errExpired()
	case err != nil || c.Session == "":
		return claims{}, errUnknown()
	}
	return c, nil
}
