package auth

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/metadata"
)

// RoleAdmin is the role of a user who may do everything in the organisation.
const RoleAdmin = "admin"

// reuseGrace is for how long the refresh cookie of a browser may come a second time: two tabs
// refresh at once, or an answer got lost.
const reuseGrace = 10 * time.Second

// User is a user as clients see one.
type User struct {
	ID    string
	OrgID storage.OrgID
	Email string
	Role  string
}

// Session is what a login gives.
type Session struct {
	AccessToken  string
	AccessTTL    time.Duration
	RefreshToken string
	RefreshTTL   time.Duration
	User         User
}

// Login checks a password. Wrong ones are counted by email and remote address ("host:port");
// after too many the answer is RateLimited.
func (s *Service) Login(ctx context.Context, email, password, remote string) (Session, error) {
	email = normalEmail(email)
	attempt := loginKey(email, remote)
	if err := s.logins.take(attempt, s.now()); err != nil {
		return Session{}, err
	}
	user, err := s.db.UserByEmail(ctx, email)
	if errcode.Of(err) == errcode.NotFound {
		user, err = metadata.User{PasswordHash: s.hasher.nobody}, nil
	}
	if err != nil {
		return Session{}, err
	}
	if err := s.checkPasswordOf(ctx, user, password); err != nil {
		s.logger.Info("login refused", zap.String("email", email), zap.String("remote", remote))
		return Session{}, err
	}
	s.logins.succeed(attempt)
	var session Session
	err = s.db.InTx(ctx, func(tx *metadata.Queries) error {
		if err := unchanged(ctx, tx, user); err != nil {
			return err
		}
		session, err = s.newSession(ctx, tx, user, uuid.NewString())
		return err
	})
	return session, err
}

// unchanged refuses a password that was right when it was checked and was replaced since. Hashing
// takes long, and the change ended the logins that there were.
func unchanged(ctx context.Context, tx *metadata.Queries, user metadata.User) error {
	now, err := tx.User(ctx, user.ID)
	if err == nil && now.PasswordHash != user.PasswordHash {
		return errWrongPassword()
	}
	return err
}

func errWrongPassword() error {
	return errcode.New(errcode.Unauthenticated, "email or password is wrong")
}

func (s *Service) checkPasswordOf(ctx context.Context, user metadata.User, password string) error {
	if len(password) > maxPassword {
		password = ""
	}
	ok, err := s.hasher.matches(ctx, password, user.PasswordHash)
	if err == nil && !ok {
		return errWrongPassword()
	}
	return err
}

// Refresh exchanges a refresh token for a new session. A token that comes a second time ends the
// login, because one of the two who have it stole it. byCookie says that a browser sent it as
// a cookie, which forgives a second time within seconds.
func (s *Service) Refresh(ctx context.Context, token string, byCookie bool) (Session, error) {
	now := s.now()
	stored, err := s.db.RefreshTokenByHash(ctx, hashSecret(token))
	switch {
	case errcode.Of(err) == errcode.NotFound:
		return Session{}, errLoginEnded()
	case err != nil:
		return Session{}, err
	case !stored.RevokedAt.IsZero() || !now.Before(stored.ExpiresAt):
		return Session{}, errLoginEnded()
	}
	var session Session
	reused := false
	err = s.db.InTx(ctx, func(tx *metadata.Queries) error {
		session, reused, err = s.rotate(ctx, tx, stored, byCookie, now)
		return err
	})
	if err != nil {
		return Session{}, err
	}
	if reused {
		s.logger.Warn("a refresh token came a second time; its login was ended", zap.String("user_id", stored.UserID))
		s.cache.revoke(func(e *entry) bool { return e.session == stored.FamilyID })
		return Session{}, errLoginEnded()
	}
	return session, nil
}

// rotate uses a refresh token and makes the next one of its login. When the token was used
// before, and that is not forgiven, it ends the login instead and says so.
func (s *Service) rotate(
	ctx context.Context, tx *metadata.Queries, stored metadata.RefreshToken, byCookie bool, now time.Time,
) (session Session, reused bool, err error) {
	first, err := tx.UseRefreshToken(ctx, stored.ID, now)
	if err != nil {
		return Session{}, false, err
	}
	if !first {
		again, err := tx.RefreshTokenByHash(ctx, stored.Hash)
		if err != nil {
			return Session{}, false, err
		}
		if again.UsedAt.IsZero() { // a logout was faster
			return Session{}, false, errLoginEnded()
		}
		if forgiven := byCookie && again.RevokedAt.IsZero() && now.Sub(again.UsedAt) < reuseGrace; !forgiven {
			return Session{}, true, tx.RevokeFamily(ctx, stored.FamilyID, now)
		}
	}
	user, err := tx.User(ctx, stored.UserID)
	if err != nil {
		return Session{}, false, err
	}
	session, err = s.newSession(ctx, tx, user, stored.FamilyID)
	return session, false, err
}

// Logout ends the login of a refresh token or an access token. One that is not known, or has
// ended, is no error.
func (s *Service) Logout(ctx context.Context, token string) error {
	family := ""
	stored, err := s.db.RefreshTokenByHash(ctx, hashSecret(token))
	switch {
	case err == nil:
		family = stored.FamilyID
	case errcode.Of(err) != errcode.NotFound:
		return err
	default:
		c, err := s.tokens.verify(token, s.now())
		if err != nil {
			return nil //nolint:nilerr // what is no token of ours has no login to end
		}
		family = c.Session
	}
	// In a transaction, so that a refresh at the same time leaves no token behind.
	err = s.db.InTx(ctx, func(tx *metadata.Queries) error { return tx.RevokeFamily(ctx, family, s.now()) })
	if err != nil {
		return err
	}
	s.cache.revoke(func(e *entry) bool { return e.session == family })
	return nil
}

// ChangePassword replaces the password of a user who knows the current one, ends all logins of
// that user and returns a new one. API keys stay.
func (s *Service) ChangePassword(ctx context.Context, userID, current, next string) (Session, error) {
	if err := checkPassword("new_password", next); err != nil {
		return Session{}, err
	}
	if err := s.logins.take(userID, s.now()); err != nil {
		return Session{}, err
	}
	user, err := s.db.User(ctx, userID)
	if err != nil {
		return Session{}, err
	}
	if err := s.checkPasswordOf(ctx, user, current); err != nil {
		return Session{}, wrongCurrent(err)
	}
	s.logins.succeed(userID)
	var session Session
	err = s.setPassword(ctx, user, next, func(tx *metadata.Queries) error { return wrongCurrent(unchanged(ctx, tx, user)) },
		func(tx *metadata.Queries) error {
			session, err = s.newSession(ctx, tx, user, uuid.NewString())
			return err
		})
	return session, err
}

// wrongCurrent names the field that a wrong password was in.
func wrongCurrent(err error) error {
	if errcode.Of(err) == errcode.Unauthenticated {
		return errcode.InvalidField("current_password", "is wrong", "")
	}
	return err
}

// ResetPassword gives a user a random password, ends all logins of that user and returns it.
func (s *Service) ResetPassword(ctx context.Context, email string) (string, error) {
	user, err := s.userByEmail(ctx, email)
	if err != nil {
		return "", err
	}
	password := randomText(passwordBytes)
	nothing := func(*metadata.Queries) error { return nil }
	return password, s.setPassword(ctx, user, password, nothing, nothing)
}

// setPassword stores a password and ends the logins and links that the old one gave. before and
// after are in the same transaction.
func (s *Service) setPassword(ctx context.Context, user metadata.User, password string, before, after func(*metadata.Queries) error) error {
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	err = s.db.InTx(ctx, func(tx *metadata.Queries) error {
		for _, step := range []func(*metadata.Queries) error{
			before,
			func(tx *metadata.Queries) error { return tx.SetPasswordHash(ctx, user.ID, hash) },
			func(tx *metadata.Queries) error { return tx.DropLoginLinks(ctx, user.ID) },
			func(tx *metadata.Queries) error { return tx.RevokeFamiliesOf(ctx, user.ID, s.now()) },
			after,
		} {
			if err := step(tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.cache.revoke(func(e *entry) bool { return e.session != "" && e.principal.UserID == user.ID })
	s.passwordChanged(ctx, user.Email)
	return nil
}

// newSession adds a refresh token to a login and returns it with an access token.
func (s *Service) newSession(ctx context.Context, db *metadata.Queries, user metadata.User, family string) (Session, error) {
	now := s.now()
	access, err := s.tokens.sign(user.ID, family, now)
	if err != nil {
		return Session{}, err
	}
	refresh := randomText(tokenBytes)
	err = db.CreateRefreshToken(ctx, metadata.RefreshToken{
		ID: uuid.NewString(), FamilyID: family, UserID: user.ID, Hash: hashSecret(refresh),
		CreatedAt: now, ExpiresAt: now.Add(s.cfg.RefreshTTL),
	})
	if err != nil {
		return Session{}, err
	}
	return Session{
		AccessToken: access, AccessTTL: s.cfg.AccessTTL, RefreshToken: refresh, RefreshTTL: s.cfg.RefreshTTL,
		User: User{ID: user.ID, OrgID: user.OrgID, Email: user.Email, Role: user.Role},
	}, nil
}

func (s *Service) userByEmail(ctx context.Context, email string) (metadata.User, error) {
	user, err := s.db.UserByEmail(ctx, normalEmail(email))
	if errcode.Of(err) == errcode.NotFound {
		return user, &errcode.Error{Code: errcode.NotFound, Field: "email", Message: "there is no user " + email}
	}
	return user, err
}

// scopesOfRole returns what a role may do.
func scopesOfRole(role string) []Scope {
	if role == RoleAdmin {
		return allScopes()
	}
	return []Scope{ScopeQuery}
}

func normalEmail(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

func errLoginEnded() error {
	return &errcode.Error{Code: errcode.Unauthenticated, Message: "the login has ended", Fix: "log in again"}
}
