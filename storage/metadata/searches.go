package metadata

import (
	"context"
	"time"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

// SavedSearch is a log search that somebody gave a name.
type SavedSearch struct {
	OrgID     storage.OrgID
	ID        string
	Name      string // unique in the organisation
	Query     string
	Columns   []string
	CreatedBy string
	CreatedAt time.Time
	UpdatedAt time.Time
}

const searchColumns = "org_id, id, name, query, columns, created_by, created_at, updated_at"

func (s *SavedSearch) fields() []any {
	return []any{
		&s.OrgID, &s.ID, &s.Name, &s.Query,
		jsonList{&s.Columns},
		&s.CreatedBy,
		timestamp{&s.CreatedAt},
		timestamp{&s.UpdatedAt},
	}
}

// CreateSavedSearch stores a search. A name that the organisation has is a Conflict.
func (q *Queries) CreateSavedSearch(ctx context.Context, s SavedSearch) error {
	_, err := q.exec(ctx, "create saved search",
		"INSERT INTO pharos.saved_searches ("+searchColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		string(s.OrgID), s.ID, s.Name, s.Query, jsonList{&s.Columns}, s.CreatedBy, at(s.CreatedAt), at(s.UpdatedAt))
	return err
}

// SavedSearch returns the search of an id.
func (q *Queries) SavedSearch(ctx context.Context, org storage.OrgID, id string) (SavedSearch, error) {
	var s SavedSearch
	row := q.run.QueryRowContext(ctx, "SELECT "+searchColumns+" FROM pharos.saved_searches WHERE org_id = $1 AND id = $2", string(org), id)
	return s, q.err("read saved search", row.Scan(s.fields()...))
}

// SavedSearches returns the searches of an organisation by name.
func (q *Queries) SavedSearches(ctx context.Context, org storage.OrgID) ([]SavedSearch, error) {
	return collect(ctx, q, "read saved searches", (*SavedSearch).fields, "SELECT "+searchColumns+
		" FROM pharos.saved_searches WHERE org_id = $1 ORDER BY name, id", string(org))
}

// ReplaceSavedSearch replaces name, query and columns of a search.
func (q *Queries) ReplaceSavedSearch(ctx context.Context, s SavedSearch) error {
	changed, err := q.exec(ctx, "change saved search",
		"UPDATE pharos.saved_searches SET name = $1, query = $2, columns = $3, updated_at = $4 WHERE org_id = $5 AND id = $6",
		s.Name, s.Query, jsonList{&s.Columns}, at(s.UpdatedAt), string(s.OrgID), s.ID)
	return found(changed, err, "saved search", s.ID)
}

// DeleteSavedSearch removes a search.
func (q *Queries) DeleteSavedSearch(ctx context.Context, org storage.OrgID, id string) error {
	changed, err := q.exec(ctx, "delete saved search", "DELETE FROM pharos.saved_searches WHERE org_id = $1 AND id = $2", string(org), id)
	return found(changed, err, "saved search", id)
}

// found makes an error of a change that met no row.
func found(changed int64, err error, what, id string) error {
	if err == nil && changed == 0 {
		return errcode.New(errcode.NotFound, "there is no %s %q", what, id)
	}
	return err
}
