package metadata

import (
	"context"
	"time"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

// Dashboard is a dashboard as it is now. Name, description, tags and panels repeat what the
// document says, for lists.
type Dashboard struct {
	OrgID       storage.OrgID
	ID          string // unique in the organisation
	Name        string
	Description string
	Tags        []string
	Panels      int
	Document    string // JSON; left out in lists
	Version     int    // 1 and up; it goes on when a deleted dashboard comes back
	CreatedAt   time.Time
	UpdatedAt   time.Time
	UpdatedBy   string
	DeletedAt   time.Time // zero while it exists
}

// DashboardVersion is a dashboard as it was.
type DashboardVersion struct {
	OrgID       storage.OrgID
	DashboardID string
	Version     int
	Document    string // JSON; left out in lists
	UpdatedAt   time.Time
	UpdatedBy   string
	Message     string
}

const (
	dashboardSummary = "org_id, id, name, description, tags, panels, version, created_at, updated_at, updated_by, deleted_at"
	dashboardColumns = dashboardSummary + ", document"
	versionSummary   = "org_id, dashboard_id, version, updated_at, updated_by, message"
	versionColumns   = versionSummary + ", document"
)

func (d *Dashboard) summary() []any {
	return []any{
		&d.OrgID, &d.ID, &d.Name, &d.Description,
		jsonList{&d.Tags},
		&d.Panels, &d.Version,
		timestamp{&d.CreatedAt},
		timestamp{&d.UpdatedAt},
		&d.UpdatedBy,
		timestamp{&d.DeletedAt},
	}
}

func (d *Dashboard) fields() []any { return append(d.summary(), &d.Document) }

func (v *DashboardVersion) summary() []any {
	return []any{&v.OrgID, &v.DashboardID, &v.Version, timestamp{&v.UpdatedAt}, &v.UpdatedBy, &v.Message}
}

func (v *DashboardVersion) fields() []any { return append(v.summary(), &v.Document) }

// CreateDashboard stores a dashboard. An id that the organisation has, also a deleted one, is a
// Conflict.
func (q *Queries) CreateDashboard(ctx context.Context, d Dashboard) error {
	_, err := q.exec(ctx, "create dashboard",
		"INSERT INTO pharos.dashboards ("+dashboardColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
		string(d.OrgID), d.ID, d.Name, d.Description, jsonList{&d.Tags}, d.Panels, d.Version,
		at(d.CreatedAt), at(d.UpdatedAt), d.UpdatedBy, at(d.DeletedAt), d.Document)
	return err
}

// Dashboard returns the dashboard of an id, also a deleted one.
func (q *Queries) Dashboard(ctx context.Context, org storage.OrgID, id string) (Dashboard, error) {
	var d Dashboard
	row := q.run.QueryRowContext(ctx, "SELECT "+dashboardColumns+" FROM pharos.dashboards WHERE org_id = $1 AND id = $2", string(org), id)
	return d, q.err("read dashboard", row.Scan(d.fields()...))
}

// Dashboards returns the dashboards of an organisation that are not deleted, without their
// documents, by name.
func (q *Queries) Dashboards(ctx context.Context, org storage.OrgID) ([]Dashboard, error) {
	return collect(ctx, q, "read dashboards", (*Dashboard).summary, "SELECT "+dashboardSummary+
		" FROM pharos.dashboards WHERE org_id = $1 AND deleted_at IS NULL ORDER BY name, id", string(org))
}

// CountDashboards returns how many dashboards of an organisation are not deleted.
func (q *Queries) CountDashboards(ctx context.Context, org storage.OrgID) (int, error) {
	var count int
	row := q.run.QueryRowContext(ctx, "SELECT count(*) FROM pharos.dashboards WHERE org_id = $1 AND deleted_at IS NULL", string(org))
	return count, q.err("count dashboards", row.Scan(&count))
}

// ReplaceDashboard replaces what a dashboard holds if it still has the version that was read;
// otherwise it is a Conflict. It also deletes a dashboard and brings it back, by DeletedAt.
func (q *Queries) ReplaceDashboard(ctx context.Context, d Dashboard, was int) error {
	changed, err := q.exec(ctx, "change dashboard", `UPDATE pharos.dashboards SET name = $1, description = $2, tags = $3, panels = $4,
		document = $5, version = $6, updated_at = $7, updated_by = $8, deleted_at = $9, created_at = $10
		WHERE org_id = $11 AND id = $12 AND version = $13`,
		d.Name, d.Description, jsonList{&d.Tags}, d.Panels, d.Document, d.Version, at(d.UpdatedAt), d.UpdatedBy,
		at(d.DeletedAt), at(d.CreatedAt), string(d.OrgID), d.ID, was)
	if err == nil && changed == 0 {
		return errcode.New(errcode.Conflict, "dashboard %q has no version %d any more", d.ID, was)
	}
	return err
}

// PurgeDashboards removes the dashboards of an organisation that were deleted before a time,
// with their versions.
func (q *Queries) PurgeDashboards(ctx context.Context, org storage.OrgID, before time.Time) error {
	_, err := q.exec(ctx, "purge dashboards",
		"DELETE FROM pharos.dashboards WHERE org_id = $1 AND deleted_at < $2", string(org), at(before))
	return err
}

// AddDashboardVersion stores a version of a dashboard that exists.
func (q *Queries) AddDashboardVersion(ctx context.Context, v DashboardVersion) error {
	_, err := q.exec(ctx, "add dashboard version",
		"INSERT INTO pharos.dashboard_versions ("+versionColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7)",
		string(v.OrgID), v.DashboardID, v.Version, at(v.UpdatedAt), v.UpdatedBy, v.Message, v.Document)
	return err
}

// DashboardVersions returns the versions of a dashboard without their documents, the newest
// first.
func (q *Queries) DashboardVersions(ctx context.Context, org storage.OrgID, id string) ([]DashboardVersion, error) {
	return collect(ctx, q, "read dashboard versions", (*DashboardVersion).summary, "SELECT "+versionSummary+
		" FROM pharos.dashboard_versions WHERE org_id = $1 AND dashboard_id = $2 ORDER BY version DESC", string(org), id)
}

// DashboardVersion returns one version of a dashboard.
func (q *Queries) DashboardVersion(ctx context.Context, org storage.OrgID, id string, version int) (DashboardVersion, error) {
	var v DashboardVersion
	row := q.run.QueryRowContext(ctx, "SELECT "+versionColumns+
		" FROM pharos.dashboard_versions WHERE org_id = $1 AND dashboard_id = $2 AND version = $3", string(org), id, version)
	return v, q.err("read dashboard version", row.Scan(v.fields()...))
}

// DropDashboardVersions removes the versions of a dashboard up to one.
func (q *Queries) DropDashboardVersions(ctx context.Context, org storage.OrgID, id string, upTo int) error {
	_, err := q.exec(ctx, "drop dashboard versions",
		"DELETE FROM pharos.dashboard_versions WHERE org_id = $1 AND dashboard_id = $2 AND version <= $3", string(org), id, upTo)
	return err
}
