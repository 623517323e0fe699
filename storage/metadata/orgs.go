package metadata

import (
	"context"
	"time"

	"github.com/pharos-obs/pharos/storage"
)

// Org is an organisation.
type Org struct {
	ID        storage.OrgID
	Name      string
	CreatedAt time.Time
}

const orgColumns = "id, name, created_at"

func (o *Org) fields() []any { return []any{&o.ID, &o.Name, timestamp{&o.CreatedAt}} }

// CreateOrg stores an organisation. A name that exists is a Conflict.
func (q *Queries) CreateOrg(ctx context.Context, org Org) error {
	_, err := q.exec(ctx, "create organisation", "INSERT INTO pharos.orgs ("+orgColumns+") VALUES ($1, $2, $3)",
		string(org.ID), org.Name, at(org.CreatedAt))
	return err
}

// OrgByName returns the organisation of a name.
func (q *Queries) OrgByName(ctx context.Context, name string) (Org, error) {
	var org Org
	err := q.run.QueryRowContext(ctx, "SELECT "+orgColumns+" FROM pharos.orgs WHERE name = $1", name).Scan(org.fields()...)
	return org, q.err("read organisation", err)
}

// Orgs returns all organisations, the oldest first.
func (q *Queries) Orgs(ctx context.Context) ([]Org, error) {
	return collect(ctx, q, "read organisations", (*Org).fields, "SELECT "+orgColumns+" FROM pharos.orgs ORDER BY created_at, id")
}
