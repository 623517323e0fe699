package auth

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/internal/errcode"
)

func TestLogin(t *testing.T) {
	f := start(t, Config{})
	session, err := f.Login(t.Context(), "  Admin@LocalHost ", f.first.AdminPassword, "192.0.2.1:5")
	require.NoError(t, err)
	assert.Equal(t, 15*time.Minute, session.AccessTTL)
	assert.Equal(t, f.first.AdminEmail, session.User.Email)

	principal, err := f.Authenticate(t.Context(), session.AccessToken)
	require.NoError(t, err)
	assert.Equal(t, Principal{
		OrgID: f.first.OrgID, UserID: session.User.ID, Name: f.first.AdminEmail, Scopes: allScopes(),
	}, principal)

	f.clock.add(15 * time.Minute)
	f.refused(t, session.AccessToken, errcode.Unauthenticated)
}

func TestLoginRefuses(t *testing.T) {
	f := start(t, Config{})
	long := make([]byte, maxPassword+1)
	for name, try := range map[string][2]string{
		"wrong password":  {f.first.AdminEmail, "wrong"},
		"empty password":  {f.first.AdminEmail, ""},
		"unknown email":   {"nobody@localhost", f.first.AdminPassword},
		"endless":         {f.first.AdminEmail, string(long)},
		"unknown endless": {"nobody@localhost", string(long)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.Login(t.Context(), try[0], try[1], "192.0.2.1:5")
			require.Error(t, err)
			assert.Equal(t, errcode.Unauthenticated, errcode.Of(err))
			assert.Equal(t, "email or password is wrong", err.Error(), "the same for all")
		})
	}
}

func TestLoginIsLimited(t *testing.T) {
	f := start(t, Config{})
	try := func(email, password, remote string) errcode.Code {
		_, err := f.Login(t.Context(), email, password, remote)
		return errcode.Of(err)
	}
	for i := range loginBurst {
		assert.Equal(t, errcode.Unauthenticated, try(f.first.AdminEmail, "wrong", "192.0.2.1:5"), i)
	}
	_, err := f.Login(t.Context(), "ADMIN@localhost", f.first.AdminPassword, "192.0.2.1:6")
	assert.Equal(t, errcode.RateLimited, errcode.Of(err), "also for the right password, in any spelling, from any port")
	assert.InDelta(t, loginInterval.Seconds(), errcode.RetryAfter(err).Seconds(), 1)

	assert.Empty(t, try(f.first.AdminEmail, f.first.AdminPassword, "192.0.2.2:5"), "another address is not locked out")
	assert.Equal(t, errcode.Unauthenticated, try("other@localhost", "wrong", "192.0.2.1:5"), "nor another email")

	f.clock.add(loginInterval)
	assert.Empty(t, try(f.first.AdminEmail, f.first.AdminPassword, "192.0.2.1:5"))
	for i := range loginBurst {
		assert.Equal(t, errcode.Unauthenticated, try(f.first.AdminEmail, "wrong", "192.0.2.1:5"), "success forgets the failures: %d", i)
	}
}

// Guesses made at once count before it is known that they are wrong.
func TestLoginIsLimitedInParallel(t *testing.T) {
	f := start(t, Config{})
	var wait sync.WaitGroup
	var checked atomic.Int32
	for range 20 {
		wait.Go(func() {
			_, err := f.Login(t.Context(), f.first.AdminEmail, "wrong", "192.0.2.1:5")
			if errcode.Of(err) == errcode.Unauthenticated {
				checked.Add(1)
			}
		})
	}
	wait.Wait()
	assert.Equal(t, int32(loginBurst), checked.Load())
}

func TestLoginKey(t *testing.T) {
	tests := []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1:1", "192.0.2.1:2", true},
		{"192.0.2.1:1", "192.0.2.2:1", false},
		{"[::ffff:192.0.2.1]:1", "192.0.2.1:1", true},
		{"[2001:db8::1]:1", "[2001:db8::2:3:4:5]:1", true},
		{"[2001:db8:0:1::1]:1", "[2001:db8:0:2::1]:1", false},
		{"[fe80::1%eth0]:1", "[fe80::2%eth0]:1", true},
		{"unix", "unix", true},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.same, loginKey("e", tt.a) == loginKey("e", tt.b), "%s %s", tt.a, tt.b)
	}
}

func TestRefreshRotates(t *testing.T) {
	f := start(t, Config{})
	first := f.login(t)
	second, err := f.Refresh(t.Context(), first.RefreshToken, false)
	require.NoError(t, err)
	assert.NotEqual(t, first.RefreshToken, second.RefreshToken)
	third, err := f.Refresh(t.Context(), second.RefreshToken, false)
	require.NoError(t, err)
	_, err = f.Authenticate(t.Context(), third.AccessToken)
	require.NoError(t, err)
}

func TestRefreshReuseEndsTheLogin(t *testing.T) {
	f := start(t, Config{})
	other := f.login(t)
	first := f.login(t)
	second, err := f.Refresh(t.Context(), first.RefreshToken, false)
	require.NoError(t, err)
	_, err = f.Authenticate(t.Context(), second.AccessToken)
	require.NoError(t, err)

	_, err = f.Refresh(t.Context(), first.RefreshToken, false)
	assert.Equal(t, errcode.Unauthenticated, errcode.Of(err))

	_, err = f.Refresh(t.Context(), second.RefreshToken, false)
	assert.Equal(t, errcode.Unauthenticated, errcode.Of(err), "the whole family has ended")
	f.refused(t, first.AccessToken, errcode.Unauthenticated)
	f.refused(t, second.AccessToken, errcode.Unauthenticated)
	_, err = f.Refresh(t.Context(), other.RefreshToken, false)
	assert.NoError(t, err, "another login goes on")
}

// Two tabs of a browser send the same cookie at once: both stay logged in. Later it is theft.
func TestRefreshOfTwoTabs(t *testing.T) {
	f := start(t, Config{})
	first := f.login(t)
	_, err := f.Refresh(t.Context(), first.RefreshToken, true)
	require.NoError(t, err)
	f.clock.add(reuseGrace - time.Second)
	tab, err := f.Refresh(t.Context(), first.RefreshToken, true)
	require.NoError(t, err)
	f.clock.add(time.Second)
	_, err = f.Refresh(t.Context(), first.RefreshToken, true)
	assert.Equal(t, errcode.Unauthenticated, errcode.Of(err))
	_, err = f.Refresh(t.Context(), tab.RefreshToken, true)
	assert.Equal(t, errcode.Unauthenticated, errcode.Of(err))
}

func TestRefreshAtOnceGivesOneSession(t *testing.T) {
	f := start(t, Config{})
	first := f.login(t)
	var wait sync.WaitGroup
	var won atomic.Int32
	for range 8 {
		wait.Go(func() {
			if _, err := f.Refresh(t.Context(), first.RefreshToken, false); err == nil {
				won.Add(1)
			}
		})
	}
	wait.Wait()
	assert.Equal(t, int32(1), won.Load())
}

func TestRefreshRefuses(t *testing.T) {
	f := start(t, Config{RefreshTTL: time.Hour})
	session := f.login(t)
	for _, token := range []string{"", "unknown", session.AccessToken, f.first.APIKey} {
		_, err := f.Refresh(t.Context(), token, false)
		assert.Equal(t, errcode.Unauthenticated, errcode.Of(err), token)
	}
	f.clock.add(time.Hour)
	_, err := f.Refresh(t.Context(), session.RefreshToken, false)
	assert.Equal(t, errcode.Unauthenticated, errcode.Of(err), "expired")
}

func TestLogout(t *testing.T) {
	f := start(t, Config{})
	for name, token := range map[string]func(Session) string{
		"by refresh token": func(s Session) string { return s.RefreshToken },
		"by access token":  func(s Session) string { return s.AccessToken },
	} {
		t.Run(name, func(t *testing.T) {
			session, other := f.login(t), f.login(t)
			_, err := f.Authenticate(t.Context(), session.AccessToken)
			require.NoError(t, err)

			require.NoError(t, f.Logout(t.Context(), token(session)))

			f.refused(t, session.AccessToken, errcode.Unauthenticated)
			_, err = f.Refresh(t.Context(), session.RefreshToken, false)
			assert.Equal(t, errcode.Unauthenticated, errcode.Of(err))
			_, err = f.Authenticate(t.Context(), other.AccessToken)
			require.NoError(t, err)
			require.NoError(t, f.Logout(t.Context(), token(session)), "again is no error")
		})
	}
	require.NoError(t, f.Logout(t.Context(), "unknown"))
	require.NoError(t, f.Logout(t.Context(), f.first.APIKey))
	f.admin(t)
}

func TestLoginLink(t *testing.T) {
	f := start(t, Config{})
	link, err := f.NewLoginLink(t.Context(), f.first.AdminEmail)
	require.NoError(t, err)
	assert.Equal(t, f.clock.Now().Add(10*time.Minute), link.ExpiresAt)

	session, err := f.LoginByLink(t.Context(), link.Token)
	require.NoError(t, err)
	_, err = f.Authenticate(t.Context(), session.AccessToken)
	require.NoError(t, err)

	_, err = f.LoginByLink(t.Context(), link.Token)
	assert.Equal(t, errcode.Unauthenticated, errcode.Of(err), "a second time")
	late, err := f.NewLoginLink(t.Context(), f.first.AdminEmail)
	require.NoError(t, err)
	f.clock.add(10 * time.Minute)
	_, err = f.LoginByLink(t.Context(), late.Token)
	assert.Equal(t, errcode.Unauthenticated, errcode.Of(err), "too late")
	_, err = f.NewLoginLink(t.Context(), "nobody@localhost")
	assert.Equal(t, errcode.NotFound, errcode.Of(err))
}

func TestLoginLinkAtOnceWorksOnce(t *testing.T) {
	f := start(t, Config{})
	link, err := f.NewLoginLink(t.Context(), f.first.AdminEmail)
	require.NoError(t, err)
	var wait sync.WaitGroup
	var won atomic.Int32
	for range 8 {
		wait.Go(func() {
			if _, err := f.LoginByLink(t.Context(), link.Token); err == nil {
				won.Add(1)
			}
		})
	}
	wait.Wait()
	assert.Equal(t, int32(1), won.Load())
}

func TestChangePassword(t *testing.T) {
	var changed []string
	f := start(t, Config{OnPasswordChange: func(_ context.Context, email string) { changed = append(changed, email) }})
	f.OnPasswordChange(func(_ context.Context, email string) { changed = append(changed, "again "+email) })
	old := f.login(t)
	_, err := f.Authenticate(t.Context(), old.AccessToken)
	require.NoError(t, err)
	link, err := f.NewLoginLink(t.Context(), f.first.AdminEmail)
	require.NoError(t, err)

	session, err := f.ChangePassword(t.Context(), old.User.ID, f.first.AdminPassword, "correct horse")
	require.NoError(t, err)

	assert.Equal(t, []string{DefaultAdmin, "again " + DefaultAdmin}, changed)
	f.refused(t, old.AccessToken, errcode.Unauthenticated)
	_, err = f.Refresh(t.Context(), old.RefreshToken, false)
	assert.Equal(t, errcode.Unauthenticated, errcode.Of(err))
	_, err = f.LoginByLink(t.Context(), link.Token)
	assert.Equal(t, errcode.Unauthenticated, errcode.Of(err), "a link from before")
	_, err = f.Authenticate(t.Context(), session.AccessToken)
	require.NoError(t, err)
	f.admin(t) // keys stay
	_, err = f.Login(t.Context(), f.first.AdminEmail, f.first.AdminPassword, "192.0.2.1:5")
	assert.Equal(t, errcode.Unauthenticated, errcode.Of(err))
	_, err = f.Login(t.Context(), f.first.AdminEmail, "correct horse", "192.0.2.1:5")
	require.NoError(t, err)
}

func TestChangePasswordRefuses(t *testing.T) {
	f := start(t, Config{})
	user := f.login(t).User
	for name, try := range map[string]struct{ current, next, field string }{
		"too short":     {f.first.AdminPassword, "123456789", "new_password"},
		"too long":      {f.first.AdminPassword, string(make([]byte, maxPassword+1)), "new_password"},
		"wrong current": {"wrong", "correct horse", "current_password"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.ChangePassword(t.Context(), user.ID, try.current, try.next)
			var coded *errcode.Error
			require.ErrorAs(t, err, &coded)
			assert.Equal(t, errcode.Invalid, coded.Code)
			assert.Equal(t, try.field, coded.Field)
		})
	}
	for range loginBurst {
		_, _ = f.ChangePassword(t.Context(), user.ID, "wrong", "correct horse")
	}
	_, err := f.ChangePassword(t.Context(), user.ID, f.first.AdminPassword, "correct horse")
	assert.Equal(t, errcode.RateLimited, errcode.Of(err), "a stolen session cannot guess the password")
}

func TestResetPassword(t *testing.T) {
	f := start(t, Config{})
	old := f.login(t)
	password, err := f.ResetPassword(t.Context(), f.first.AdminEmail)
	require.NoError(t, err)
	f.refused(t, old.AccessToken, errcode.Unauthenticated)
	_, err = f.Login(t.Context(), f.first.AdminEmail, password, "192.0.2.1:5")
	require.NoError(t, err)
	_, err = f.ResetPassword(t.Context(), "nobody@localhost")
	assert.Equal(t, errcode.NotFound, errcode.Of(err))
}

func TestScopesOfRole(t *testing.T) {
	assert.Equal(t, allScopes(), scopesOfRole(RoleAdmin))
	assert.Equal(t, []Scope{ScopeQuery}, scopesOfRole("reader"), "a role that is not known may only read")
}
