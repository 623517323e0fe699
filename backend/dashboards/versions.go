package dashboards

import (
	"context"
	"fmt"
	"time"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/dashboards/document"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/metadata"
)

// DashboardVersion is a version of a dashboard in a list.
type DashboardVersion struct {
	Version   int       `json:"version" example:"3"`
	UpdatedAt time.Time `json:"updated_at"`
	UpdatedBy string    `json:"updated_by" example:"admin@localhost"`
	Message   string    `json:"message,omitempty" example:"restored version 2"`
}

// Versions returns the versions of a dashboard, the newest first; also those of a deleted one.
func (s *Service) Versions(ctx context.Context, org storage.OrgID, id string) ([]DashboardVersion, error) {
	if _, ok := s.ready[id]; ok {
		return []DashboardVersion{}, nil
	}
	records, err := s.db.DashboardVersions(ctx, org, id)
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return nil, errcode.New(errcode.NotFound, "there is no dashboard %q", id)
	}
	versions := make([]DashboardVersion, len(records))
	for i, record := range records {
		versions[i] = DashboardVersion{Version: record.Version, UpdatedAt: record.UpdatedAt, UpdatedBy: record.UpdatedBy, Message: record.Message}
	}
	return versions, nil
}

// Version returns a dashboard as it was.
func (s *Service) Version(ctx context.Context, org storage.OrgID, id string, version int) (*document.Dashboard, error) {
	return versionOf(ctx, s.db.Queries, org, id, version)
}

func versionOf(ctx context.Context, tx *metadata.Queries, org storage.OrgID, id string, version int) (*document.Dashboard, error) {
	record, err := tx.DashboardVersion(ctx, org, id, version)
	if errcode.Of(err) == errcode.NotFound {
		return nil, &errcode.Error{
			Code: errcode.NotFound, Message: fmt.Sprintf("there is no version %d of a dashboard %q", version, id),
			Fix: fmt.Sprintf("list the versions; the last %d are kept", keptVersions),
		}
	}
	if err != nil {
		return nil, err
	}
	return decode(record.Document, document.DashboardMetadata{
		Name: id, Version: record.Version, UpdatedAt: &record.UpdatedAt, UpdatedBy: record.UpdatedBy,
	})
}

// Restore makes a new version of a dashboard that holds what an old one did. It brings a deleted
// dashboard back.
func (s *Service) Restore(ctx context.Context, who auth.Principal, id string, version int) (*document.Dashboard, error) {
	if err := s.changeable(id); err != nil {
		return nil, err
	}
	message := fmt.Sprintf("restored version %d", version)
	return s.change(ctx, who, id, 0, message, "restored", func(tx *metadata.Queries) (document.Dashboard, error) {
		old, err := versionOf(ctx, tx, who.OrgID, id, version)
		if err != nil {
			return document.Dashboard{}, err
		}
		return *old, nil
	})
}
