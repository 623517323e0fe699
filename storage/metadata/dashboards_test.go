package metadata

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

// seedTwo returns two organisations: what the first has must never show in the second.
func seedTwo(t *testing.T, db *DB) (storage.OrgID, storage.OrgID) {
	t.Helper()
	acme, _ := seed(t, db)
	other := Org{ID: storage.OrgID(uuid.NewString()), Name: "other", CreatedAt: noon()}
	require.NoError(t, db.CreateOrg(t.Context(), other))
	return acme.ID, other.ID
}

func board(org storage.OrgID, id, name string) Dashboard {
	return Dashboard{
		OrgID: org, ID: id, Name: name, Description: "what " + name + " does", Tags: []string{"slo", "two words, {and} \"more\""}, Panels: 3,
		Document: `{"display":{"name":"` + name + `"}}`, Version: 1, CreatedAt: noon(), UpdatedAt: noon(), UpdatedBy: "ada@example.org",
	}
}

func TestDashboards(t *testing.T) {
	for name, empty := range engines {
		t.Run(name, func(t *testing.T) {
			db := openConfig(t, empty(t))
			acme, other := seedTwo(t, db)
			first, second := board(acme, "checkout", "Checkout"), board(acme, "billing", "Billing")
			require.NoError(t, db.CreateDashboard(t.Context(), first))
			require.NoError(t, db.CreateDashboard(t.Context(), second))
			require.NoError(t, db.CreateDashboard(t.Context(), board(other, "checkout", "Theirs")), "ids are unique in an organisation only")

			found, err := db.Dashboard(t.Context(), acme, "checkout")
			require.NoError(t, err)
			assert.Equal(t, first, found)
			_, err = db.Dashboard(t.Context(), other, "billing")
			assert.Equal(t, errcode.NotFound, errcode.Of(err))
			assert.Equal(t, errcode.Conflict, errcode.Of(db.CreateDashboard(t.Context(), first)))
			assert.Equal(t, errcode.NotFound, errcode.Of(db.CreateDashboard(t.Context(), board(nowhere, "x", "X"))))

			all, err := db.Dashboards(t.Context(), acme)
			require.NoError(t, err)
			first.Document, second.Document = "", ""
			assert.Equal(t, []Dashboard{second, first}, all, "by name, without documents")
			count, err := db.CountDashboards(t.Context(), acme)
			require.NoError(t, err)
			assert.Equal(t, 2, count)
		})
	}
}

func TestReplaceDashboardOnlyFromTheVersionThatWasRead(t *testing.T) {
	for name, empty := range engines {
		t.Run(name, func(t *testing.T) {
			db := openConfig(t, empty(t))
			acme, other := seedTwo(t, db)
			require.NoError(t, db.CreateDashboard(t.Context(), board(acme, "checkout", "Checkout")))
			next := board(acme, "checkout", "Checkout 2")
			next.Version, next.Tags, next.UpdatedAt, next.UpdatedBy = 2, nil, noon().Add(time.Minute), "bob@example.org"

			require.NoError(t, db.ReplaceDashboard(t.Context(), next, 1))
			assert.Equal(t, errcode.Conflict, errcode.Of(db.ReplaceDashboard(t.Context(), next, 1)))
			stray := next
			stray.OrgID = other
			assert.Equal(t, errcode.Conflict, errcode.Of(db.ReplaceDashboard(t.Context(), stray, 2)), "of no other organisation")

			found, err := db.Dashboard(t.Context(), acme, "checkout")
			require.NoError(t, err)
			assert.Equal(t, next, found)
		})
	}
}

func TestDeletedDashboards(t *testing.T) {
	for name, empty := range engines {
		t.Run(name, func(t *testing.T) {
			db := openConfig(t, empty(t))
			acme, other := seedTwo(t, db)
			for _, org := range []storage.OrgID{acme, other} {
				gone := board(org, "gone", "Gone")
				require.NoError(t, db.CreateDashboard(t.Context(), gone))
				require.NoError(t, db.AddDashboardVersion(t.Context(), DashboardVersion{
					OrgID: org, DashboardID: "gone", Version: 1, Document: "{}", UpdatedAt: noon(), UpdatedBy: "ada",
				}))
				gone.DeletedAt = noon()
				require.NoError(t, db.ReplaceDashboard(t.Context(), gone, 1))
			}
			all, err := db.Dashboards(t.Context(), acme)
			require.NoError(t, err)
			assert.Empty(t, all)
			count, err := db.CountDashboards(t.Context(), acme)
			require.NoError(t, err)
			assert.Zero(t, count)

			require.NoError(t, db.PurgeDashboards(t.Context(), acme, noon()))
			found, err := db.Dashboard(t.Context(), acme, "gone")
			require.NoError(t, err, "not before its time")
			assert.Equal(t, noon(), found.DeletedAt)

			require.NoError(t, db.PurgeDashboards(t.Context(), acme, noon().Add(time.Second)))
			_, err = db.Dashboard(t.Context(), acme, "gone")
			assert.Equal(t, errcode.NotFound, errcode.Of(err))
			versions, err := db.DashboardVersions(t.Context(), acme, "gone")
			require.NoError(t, err)
			assert.Empty(t, versions, "they go with it")
			_, err = db.Dashboard(t.Context(), other, "gone")
			assert.NoError(t, err, "another organisation's stay")
		})
	}
}

func TestDashboardVersions(t *testing.T) {
	for name, empty := range engines {
		t.Run(name, func(t *testing.T) {
			db := openConfig(t, empty(t))
			acme, other := seedTwo(t, db)
			version := func(org storage.OrgID, n int) DashboardVersion {
				return DashboardVersion{
					OrgID: org, DashboardID: "checkout", Version: n, Document: fmt.Sprintf(`{"n":%d}`, n),
					UpdatedAt: noon().Add(time.Duration(n) * time.Minute), UpdatedBy: "ada@example.org", Message: "why",
				}
			}
			assert.Equal(t, errcode.NotFound, errcode.Of(db.AddDashboardVersion(t.Context(), version(acme, 1))), "of a dashboard that exists")
			for _, org := range []storage.OrgID{acme, other} {
				require.NoError(t, db.CreateDashboard(t.Context(), board(org, "checkout", "Checkout")))
				for n := range 4 {
					require.NoError(t, db.AddDashboardVersion(t.Context(), version(org, n+1)))
				}
			}
			assert.Equal(t, errcode.Conflict, errcode.Of(db.AddDashboardVersion(t.Context(), version(acme, 4))))

			require.NoError(t, db.DropDashboardVersions(t.Context(), acme, "checkout", 2))

			versions, err := db.DashboardVersions(t.Context(), acme, "checkout")
			require.NoError(t, err)
			four, three := version(acme, 4), version(acme, 3)
			four.Document, three.Document = "", ""
			assert.Equal(t, []DashboardVersion{four, three}, versions, "the newest first, without documents")
			one, err := db.DashboardVersion(t.Context(), acme, "checkout", 3)
			require.NoError(t, err)
			assert.Equal(t, version(acme, 3), one)
			_, err = db.DashboardVersion(t.Context(), acme, "checkout", 2)
			assert.Equal(t, errcode.NotFound, errcode.Of(err))
			versions, err = db.DashboardVersions(t.Context(), other, "checkout")
			require.NoError(t, err)
			assert.Len(t, versions, 4)
		})
	}
}

func TestSavedSearches(t *testing.T) {
	for name, empty := range engines {
		t.Run(name, func(t *testing.T) {
			db := openConfig(t, empty(t))
			acme, other := seedTwo(t, db)
			search := SavedSearch{
				OrgID: acme, ID: uuid.NewString(), Name: "failed payments", Query: `level:error "card declined"`, Columns: []string{"order id", `a"b`},
				CreatedBy: "ada@example.org", CreatedAt: noon(), UpdatedAt: noon(),
			}
			require.NoError(t, db.CreateSavedSearch(t.Context(), search))
			twin := search
			twin.ID = uuid.NewString()
			assert.Equal(t, errcode.Conflict, errcode.Of(db.CreateSavedSearch(t.Context(), twin)), "names are unique")
			twin.OrgID = other
			require.NoError(t, db.CreateSavedSearch(t.Context(), twin), "in an organisation only")

			search.Name, search.Query, search.Columns, search.UpdatedAt = "b", "", nil, noon().Add(time.Hour)
			require.NoError(t, db.ReplaceSavedSearch(t.Context(), search))
			found, err := db.SavedSearch(t.Context(), acme, search.ID)
			require.NoError(t, err)
			assert.Equal(t, search, found)
			second := SavedSearch{OrgID: acme, ID: uuid.NewString(), Name: "a", CreatedBy: "x", CreatedAt: noon(), UpdatedAt: noon()}
			require.NoError(t, db.CreateSavedSearch(t.Context(), second))
			all, err := db.SavedSearches(t.Context(), acme)
			require.NoError(t, err)
			assert.Equal(t, []SavedSearch{second, search}, all)
			second.Name = "b"
			assert.Equal(t, errcode.Conflict, errcode.Of(db.ReplaceSavedSearch(t.Context(), second)))

			_, err = db.SavedSearch(t.Context(), other, search.ID)
			assert.Equal(t, errcode.NotFound, errcode.Of(err))
			stray := search
			stray.OrgID = other
			assert.Equal(t, errcode.NotFound, errcode.Of(db.ReplaceSavedSearch(t.Context(), stray)))
			assert.Equal(t, errcode.NotFound, errcode.Of(db.DeleteSavedSearch(t.Context(), other, search.ID)))
			require.NoError(t, db.DeleteSavedSearch(t.Context(), acme, search.ID))
			assert.Equal(t, errcode.NotFound, errcode.Of(db.DeleteSavedSearch(t.Context(), acme, search.ID)))
		})
	}
}

func TestJSONList(t *testing.T) {
	for _, words := range [][]string{nil, {"a"}, {"", "two words", `{"}`}} {
		value, err := jsonList{&words}.Value()
		require.NoError(t, err)
		var back []string
		require.NoError(t, jsonList{&back}.Scan(value))
		assert.Equal(t, words, back)
		require.NoError(t, jsonList{&back}.Scan([]byte(value.(string))), "PostgreSQL's driver gives bytes")
		assert.Equal(t, words, back)
	}
	var back []string
	require.Error(t, jsonList{&back}.Scan("{a,b}"))
	require.Error(t, jsonList{&back}.Scan(int64(1)))
}

// TestUpgradeFromTheFirstSchema opens the database of a Pharos from before dashboards.
func TestUpgradeFromTheFirstSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "metadata.db")
	identity, err := os.ReadFile("migrations/sqlite/0001_identity.up.sql")
	require.NoError(t, err)
	old, err := openSchema(t, path, map[string]string{"0001_identity.up.sql": string(identity)})
	require.NoError(t, err)
	org, user := seed(t, old)
	require.NoError(t, old.Close())

	db := openAt(t, path)

	kept, err := db.User(t.Context(), user.ID)
	require.NoError(t, err)
	assert.Equal(t, user, kept)
	require.NoError(t, db.CreateDashboard(t.Context(), board(org.ID, "checkout", "Checkout")))
	assert.Equal(t, 2, count(t, db, "SELECT version FROM pharos.schema_migrations"))

	saved := backups(t, path)
	require.Len(t, saved, 1)
	assert.Contains(t, saved[0], ".backup-v1-")
	again, err := openSchema(t, saved[0], map[string]string{"0001_identity.up.sql": string(identity)})
	require.NoError(t, err, "the backup opens with the older binary")
	_, err = again.User(t.Context(), user.ID)
	require.NoError(t, err)
	require.NoError(t, again.Close())
}
