package auth

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage/metadata"
)

// tokenBytes are the random bytes of a refresh token or login link.
const tokenBytes = 20

// LoginLink logs a user in once.
type LoginLink struct {
	Token     string // the value of the query parameter `once`
	ExpiresAt time.Time
}

// NewLoginLink makes a link for the user of an email.
func (s *Service) NewLoginLink(ctx context.Context, email string) (LoginLink, error) {
	user, err := s.userByEmail(ctx, email)
	if err != nil {
		return LoginLink{}, err
	}
	now := s.now()
	link := LoginLink{Token: randomText(tokenBytes), ExpiresAt: now.Add(s.cfg.LinkTTL)}
	return link, s.db.CreateLoginLink(ctx, metadata.LoginLink{
		ID: uuid.NewString(), UserID: user.ID, Hash: hashSecret(link.Token), CreatedAt: now, ExpiresAt: link.ExpiresAt,
	})
}

// LoginByLink exchanges the token of a login link for a session, once.
func (s *Service) LoginByLink(ctx context.Context, token string) (Session, error) {
	var session Session
	err := s.db.InTx(ctx, func(tx *metadata.Queries) error {
		userID, err := tx.UseLoginLink(ctx, hashSecret(token), s.now())
		if err != nil {
			return err
		}
		user, err := tx.User(ctx, userID)
		if err != nil {
			return err
		}
		session, err = s.newSession(ctx, tx, user, uuid.NewString())
		return err
	})
	if errcode.Of(err) == errcode.NotFound {
		return Session{}, &errcode.Error{
			Code: errcode.Unauthenticated, Field: "once", Message: "the login link is not known, was used, or has expired",
			Fix: "make a new one with pharos admin login-link",
		}
	}
	return session, err
}
