package auth

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// rounds is how often a test of a race is repeated, since each round meets at another moment.
const rounds = 15

// onReplicas runs a test on several services over one database, on each engine. The first one has
// made the organisation.
func onReplicas(t *testing.T, count int, test func(t *testing.T, replicas []*fixture)) {
	t.Helper()
	for name, empty := range engines {
		t.Run(name, func(t *testing.T) {
			cfg := empty(t)
			replicas := make([]*fixture, count)
			for i := range replicas {
				replicas[i] = startOn(t, openConfig(t, cfg), Config{})
				replicas[i].first = replicas[0].first
			}
			test(t, replicas)
		})
	}
}

// atOnce runs n calls at the same time and returns how many had each result.
func atOnce(n int, call func(i int) error) map[errcode.Code]int {
	var mu sync.Mutex
	codes := map[errcode.Code]int{}
	begin := make(chan struct{})
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() {
			<-begin
			err := call(i)
			mu.Lock()
			defer mu.Unlock()
			codes[errcode.Of(err)]++
		})
	}
	close(begin)
	wait.Wait()
	return codes
}

func TestFirstStartOfManyReplicas(t *testing.T) {
	for name, empty := range engines {
		t.Run(name, func(t *testing.T) {
			cfg := empty(t)
			const replicas = 8
			services := make([]*Service, replicas)
			for i := range services {
				services[i] = New(openConfig(t, cfg), Config{}, zaptest.NewLogger(t))
				require.NoError(t, services[i].Start(t.Context()))
				t.Cleanup(func() { services[i].Close(context.WithoutCancel(t.Context())) })
			}
			var saved atomic.Int32
			made := make([]*Credentials, replicas)
			codes := atOnce(replicas, func(i int) (err error) {
				made[i], err = services[i].Bootstrap(t.Context(), "", func(Credentials) error {
					saved.Add(1)
					return nil
				})
				return err
			})

			assert.Equal(t, map[errcode.Code]int{"": replicas}, codes)
			assert.Equal(t, int32(1), saved.Load(), "one writes its file")
			var first *Credentials
			for _, one := range made {
				if one != nil {
					assert.Nil(t, first, "one is told the credentials")
					first = one
				}
			}
			require.NotNil(t, first)
			orgs, err := services[0].db.Orgs(t.Context())
			require.NoError(t, err)
			require.Len(t, orgs, 1)
			keys, err := services[0].Keys(t.Context(), orgs[0].ID)
			require.NoError(t, err)
			assert.Len(t, keys, 1)
			for _, service := range services {
				_, err := service.Authenticate(t.Context(), first.APIKey)
				require.NoError(t, err)
				assert.Equal(t, services[0].tokens.secret, service.tokens.secret, "what one signs the others take")
			}
			session, err := services[0].Login(t.Context(), first.AdminEmail, first.AdminPassword, "192.0.2.1:5")
			require.NoError(t, err)
			_, err = services[1].Authenticate(t.Context(), session.AccessToken)
			require.NoError(t, err)
		})
	}
}

// A first start that cannot write its file makes nothing, and the next replica is first.
func TestFirstStartThatCannotSave(t *testing.T) {
	for name, empty := range engines {
		t.Run(name, func(t *testing.T) {
			cfg := empty(t)
			services := make([]*Service, 2)
			for i := range services {
				services[i] = New(openConfig(t, cfg), Config{}, zaptest.NewLogger(t))
				require.NoError(t, services[i].Start(t.Context()))
				t.Cleanup(func() { services[i].Close(context.WithoutCancel(t.Context())) })
			}
			full := errcode.New(errcode.OutOfSpace, "no room")
			_, err := services[0].Bootstrap(t.Context(), "", func(Credentials) error { return full })
			require.ErrorIs(t, err, full)
			made, err := services[1].Bootstrap(t.Context(), "", func(Credentials) error { return nil })
			require.NoError(t, err)
			require.NotNil(t, made)
		})
	}
}

// A token that comes twice at once is used once, and the login ends, with all that it gave.
func TestRefreshTwiceAtOnce(t *testing.T) {
	onReplicas(t, 2, func(t *testing.T, replicas []*fixture) {
		t.Helper()
		for range rounds {
			first := replicas[0].login(t)
			sessions := make([]Session, 6)
			codes := atOnce(len(sessions), func(i int) (err error) {
				sessions[i], err = replicas[i%2].Refresh(t.Context(), first.RefreshToken, false)
				return err
			})
			assert.Equal(t, map[errcode.Code]int{"": 1, errcode.Unauthenticated: len(sessions) - 1}, codes)
			for _, session := range sessions {
				if session.RefreshToken != "" {
					_, err := replicas[0].Refresh(t.Context(), session.RefreshToken, false)
					assert.Equal(t, errcode.Unauthenticated, errcode.Of(err))
				}
			}
		}
	})
}

// chain refreshes a login until that fails, and returns the last token that it got. It gives up
// when the login does not end.
func chain(ctx context.Context, f *fixture, session Session) (last string) {
	for range 2000 {
		last = session.RefreshToken
		var err error
		if session, err = f.Refresh(ctx, last, false); err != nil {
			break
		}
	}
	return last
}

// What ends a login ends it for good, while another replica is about to prolong it.
func TestEndOfALoginDuringItsRefresh(t *testing.T) {
	onReplicas(t, 2, func(t *testing.T, replicas []*fixture) {
		t.Helper()
		password := replicas[0].first.AdminPassword
		for name, end := range map[string]func(Session) error{
			"logout": func(s Session) error { return replicas[1].Logout(t.Context(), s.RefreshToken) },
			"reuse": func(s Session) error {
				_, err := replicas[1].Refresh(t.Context(), s.RefreshToken, false)
				if errcode.Of(err) == errcode.Unauthenticated {
					return nil
				}
				return fmt.Errorf("the token was taken a second time: %w", err)
			},
			"password": func(Session) (err error) {
				password, err = replicas[1].ResetPassword(t.Context(), DefaultAdmin)
				return err
			},
		} {
			for range rounds {
				stale, err := replicas[0].Login(t.Context(), DefaultAdmin, password, "192.0.2.1:5")
				require.NoError(t, err)
				session, err := replicas[0].Refresh(t.Context(), stale.RefreshToken, false)
				require.NoError(t, err)
				last := make(chan string, 1)
				go func() { last <- chain(t.Context(), replicas[0], session) }()
				require.NoError(t, end(stale), name)
				_, err = replicas[1].Refresh(t.Context(), <-last, false)
				assert.Equal(t, errcode.Unauthenticated, errcode.Of(err), name)
			}
		}
	})
}

// A login by a password that is replaced at the same moment does not outlive it.
func TestLoginDuringAChangeOfThePassword(t *testing.T) {
	onReplicas(t, 2, func(t *testing.T, replicas []*fixture) {
		t.Helper()
		password := replicas[0].first.AdminPassword
		for range 5 {
			sessions := make([]Session, 3)
			next := ""
			codes := atOnce(4, func(i int) (err error) {
				if i == 3 {
					next, err = replicas[1].ResetPassword(t.Context(), DefaultAdmin)
					return err
				}
				sessions[i], err = replicas[0].Login(t.Context(), DefaultAdmin, password, fmt.Sprintf("192.0.2.%d:5", i))
				return err
			})
			assert.Equal(t, 4, codes[""]+codes[errcode.Unauthenticated], codes)
			for _, session := range sessions {
				if session.RefreshToken != "" {
					_, err := replicas[0].Refresh(t.Context(), session.RefreshToken, false)
					assert.Equal(t, errcode.Unauthenticated, errcode.Of(err))
				}
			}
			password = next
		}
		_, err := replicas[0].Login(t.Context(), DefaultAdmin, password, "192.0.2.9:5")
		require.NoError(t, err)
	})
}

func TestPasswordChangedTwiceAtOnce(t *testing.T) {
	onReplicas(t, 4, func(t *testing.T, replicas []*fixture) {
		t.Helper()
		user := replicas[0].login(t).User
		sessions := make([]Session, len(replicas))
		codes := atOnce(len(replicas), func(i int) (err error) {
			sessions[i], err = replicas[i].ChangePassword(t.Context(), user.ID, replicas[0].first.AdminPassword, fmt.Sprintf("a new password %d", i))
			return err
		})
		assert.Equal(t, map[errcode.Code]int{"": 1, errcode.Invalid: len(replicas) - 1}, codes)
		for i, session := range sessions {
			if session.RefreshToken != "" {
				_, err := replicas[0].Login(t.Context(), DefaultAdmin, fmt.Sprintf("a new password %d", i), "192.0.2.9:5")
				require.NoError(t, err)
				_, err = replicas[0].Refresh(t.Context(), session.RefreshToken, false)
				require.NoError(t, err, "who changed it stays logged in")
			}
		}
	})
}

func TestLoginLinkUsedTwiceAtOnce(t *testing.T) {
	onReplicas(t, 2, func(t *testing.T, replicas []*fixture) {
		t.Helper()
		for range rounds {
			link, err := replicas[0].NewLoginLink(t.Context(), DefaultAdmin)
			require.NoError(t, err)
			codes := atOnce(6, func(i int) error {
				_, err := replicas[i%2].LoginByLink(t.Context(), link.Token)
				return err
			})
			assert.Equal(t, map[errcode.Code]int{"": 1, errcode.Unauthenticated: 5}, codes)
		}
	})
}

func TestKeyRevokedTwiceAtOnce(t *testing.T) {
	onReplicas(t, 2, func(t *testing.T, replicas []*fixture) {
		t.Helper()
		admin := replicas[0].admin(t)
		key, _, err := replicas[0].CreateKey(t.Context(), admin, NewKey{Name: "k", Scopes: []Scope{ScopeIngest}})
		require.NoError(t, err)
		codes := atOnce(6, func(i int) error { return replicas[i%2].RevokeKey(t.Context(), admin.OrgID, key.ID) })
		assert.Equal(t, map[errcode.Code]int{"": 1, errcode.NotFound: 5}, codes)
	})
}

// Replicas that write the last uses of the same keys do not stand in each other's way.
func TestLastUsesWrittenAtOnce(t *testing.T) {
	onReplicas(t, 4, func(t *testing.T, replicas []*fixture) {
		t.Helper()
		admin := replicas[0].admin(t)
		const keys = 40
		for range keys {
			_, text, err := replicas[0].CreateKey(t.Context(), admin, NewKey{Name: "k", Scopes: []Scope{ScopeIngest}})
			require.NoError(t, err)
			for i, replica := range replicas {
				replica.clock.add(time.Duration(i) * time.Second)
				_, err := replica.Authenticate(t.Context(), text)
				require.NoError(t, err)
			}
		}
		codes := atOnce(len(replicas), func(i int) error { return replicas[i].uses.flush(t.Context(), replicas[i].db) })
		assert.Equal(t, map[errcode.Code]int{"": len(replicas)}, codes)
		written, err := replicas[0].Keys(t.Context(), admin.OrgID)
		require.NoError(t, err)
		used := 0
		for _, key := range written {
			if !key.LastUsedAt.IsZero() {
				used++
			}
		}
		assert.Equal(t, keys+1, used)
	})
}

func TestSettingSetAtOnce(t *testing.T) {
	onReplicas(t, 2, func(t *testing.T, replicas []*fixture) {
		t.Helper()
		for range rounds {
			name := uuid.NewString()
			values := make([]string, 6)
			codes := atOnce(len(values), func(i int) (err error) {
				values[i], err = replicas[i%2].db.SettingOr(t.Context(), name, fmt.Sprint(i))
				return err
			})
			assert.Equal(t, map[errcode.Code]int{"": len(values)}, codes)
			for _, value := range values {
				assert.Equal(t, values[0], value, "all have the value of the one that was first")
			}
		}
	})
}
