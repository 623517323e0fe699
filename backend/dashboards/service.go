package dashboards

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/dashboards/document"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/metadata"
)

const (
	// keptVersions is how many versions of a dashboard are kept.
	keptVersions = 50
	// keptDeleted is how long a deleted dashboard can be brought back.
	keptDeleted = 30 * 24 * time.Hour
	// maxDashboards bounds the dashboards of an organisation.
	maxDashboards = 2000
	// maxDocument bounds a document, in bytes of JSON.
	maxDocument = 1 << 20
)

// Service keeps dashboards.
type Service struct {
	db     *metadata.DB
	ready  map[string]builtin
	logger *zap.Logger
	now    func() time.Time
}

// New returns the service over the metadata database.
func New(db *metadata.DB, logger *zap.Logger) (*Service, error) {
	ready, err := loadBuiltins()
	if err != nil {
		return nil, err
	}
	return &Service{db: db, ready: ready, logger: logger, now: time.Now}, nil
}

// DashboardSummary is a dashboard in a list.
type DashboardSummary struct {
	ID          string     `json:"id" example:"checkout"`
	Name        string     `json:"name" example:"Checkout"`
	Description string     `json:"description"`
	Tags        []string   `json:"tags" nullable:"false" example:"[\"slo\"]"`
	Builtin     bool       `json:"builtin" doc:"It comes with Pharos and cannot be changed; a copy can"`
	Version     int        `json:"version" example:"3"`
	UpdatedAt   *time.Time `json:"updated_at,omitempty" doc:"Left out for a ready one"`
	UpdatedBy   string     `json:"updated_by" example:"admin@localhost"`
	Panels      int        `json:"panels" doc:"How many panels it has" example:"12"`
}

// List returns the dashboards of an organisation by name, the ready ones among them. The words
// of search must all occur in name, description, id or tags; tag is a whole tag.
func (s *Service) List(ctx context.Context, org storage.OrgID, search, tag string) ([]DashboardSummary, error) {
	records, err := s.db.Dashboards(ctx, org)
	if err != nil {
		return nil, err
	}
	all := make([]DashboardSummary, 0, len(records)+len(s.ready))
	for _, one := range s.ready {
		all = append(all, one.summary)
	}
	for _, record := range records {
		all = append(all, DashboardSummary{
			ID: record.ID, Name: record.Name, Description: record.Description, Tags: append([]string{}, record.Tags...),
			Version: record.Version, UpdatedAt: &record.UpdatedAt, UpdatedBy: record.UpdatedBy, Panels: record.Panels,
		})
	}
	return filtered(all, search, tag), nil
}

// Get returns a dashboard.
func (s *Service) Get(ctx context.Context, org storage.OrgID, id string) (*document.Dashboard, error) {
	if one, ok := s.ready[id]; ok {
		return one.document()
	}
	record, err := s.existing(ctx, s.db.Queries, org, id)
	if err != nil {
		return nil, err
	}
	return documentOf(record)
}

// existing returns the record of a dashboard that is not deleted.
func (*Service) existing(ctx context.Context, tx *metadata.Queries, org storage.OrgID, id string) (metadata.Dashboard, error) {
	record, err := tx.Dashboard(ctx, org, id)
	if errcode.Of(err) == errcode.NotFound || err == nil && !record.DeletedAt.IsZero() {
		return metadata.Dashboard{}, errcode.New(errcode.NotFound, "there is no dashboard %q", id)
	}
	return record, err
}

// Create stores a new dashboard under its metadata.name, or under an id made from its display
// name. An id that is taken is a Conflict; one of a deleted dashboard goes on with its versions.
func (s *Service) Create(ctx context.Context, who auth.Principal, d document.Dashboard, message string) (*document.Dashboard, error) {
	if err := s.check(&d); err != nil {
		return nil, err
	}
	if strings.HasPrefix(d.Metadata.Name, reserved) {
		return nil, errcode.InvalidField("metadata.name", "begins with "+reserved+", which is for the dashboards that come with Pharos", "choose another name")
	}
	var record metadata.Dashboard
	err := s.db.InTx(ctx, func(tx *metadata.Queries) error {
		if err := s.room(ctx, tx, who.OrgID); err != nil {
			return err
		}
		id := d.Metadata.Name
		if id == "" {
			var err error
			if id, err = freeID(ctx, tx, who.OrgID, d.Spec.Display.Name); err != nil {
				return err
			}
		}
		var err error
		record, err = s.put(ctx, tx, who, id, d, message)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.audit("created", who, record)
	return documentOf(record)
}

// room checks that the organisation may have another dashboard, and forgets those that were
// deleted long ago.
func (s *Service) room(ctx context.Context, tx *metadata.Queries, org storage.OrgID) error {
	count, err := tx.CountDashboards(ctx, org)
	if err != nil {
		return err
	}
	if count >= maxDashboards {
		return &errcode.Error{
			Code: errcode.Unprocessable, Message: fmt.Sprintf("the organisation has %d dashboards, which is the limit", count),
			Fix: "delete those that nobody uses",
		}
	}
	return tx.PurgeDashboards(ctx, org, s.now().Add(-keptDeleted))
}

// put stores a dashboard under an id that is free, or that a deleted one had.
func (s *Service) put(ctx context.Context, tx *metadata.Queries, who auth.Principal, id string, d document.Dashboard, message string) (metadata.Dashboard, error) {
	record, err := s.recordOf(who, id, d)
	if err != nil {
		return record, err
	}
	old, err := tx.Dashboard(ctx, who.OrgID, id)
	switch {
	case errcode.Of(err) == errcode.NotFound:
		record.Version, record.CreatedAt = 1, record.UpdatedAt
		if err := tx.CreateDashboard(ctx, record); err != nil {
			return record, err
		}
	case err != nil:
		return record, err
	case old.DeletedAt.IsZero():
		return record, &errcode.Error{
			Code: errcode.Conflict, Field: "metadata.name",
			Message: fmt.Sprintf("there is a dashboard %q already, called %q", id, old.Name), Fix: "choose another name, or change that dashboard",
		}
	default:
		record.Version, record.CreatedAt = old.Version+1, record.UpdatedAt
		if err := tx.ReplaceDashboard(ctx, record, old.Version); err != nil {
			return record, err
		}
	}
	return record, addVersion(ctx, tx, record, message)
}

// Update replaces a dashboard. Its metadata.version must be the version that is stored;
// otherwise somebody was faster, and it is a Conflict. A document that changes nothing makes no
// version.
func (s *Service) Update(ctx context.Context, who auth.Principal, id string, d document.Dashboard, message string) (*document.Dashboard, error) {
	if err := s.changeable(id); err != nil {
		return nil, err
	}
	switch {
	case d.Metadata.Name != "" && d.Metadata.Name != id:
		return nil, errcode.InvalidField("metadata.name", fmt.Sprintf("is %q, and the address says %q", d.Metadata.Name, id), "make them equal; a dashboard keeps its id")
	case d.Metadata.Version == 0:
		return nil, errcode.InvalidField("metadata.version", "is missing", "send the version that you read, so that nobody's change is lost")
	}
	if err := s.check(&d); err != nil {
		return nil, err
	}
	return s.change(ctx, who, id, d.Metadata.Version, message, "changed", func(*metadata.Queries) (document.Dashboard, error) { return d, nil })
}

// change makes the next version of a dashboard out of what next returns. was is the version that
// the caller knows; 0 takes whichever there is, a deleted one too.
func (s *Service) change(
	ctx context.Context, who auth.Principal, id string, was int, message, action string,
	next func(tx *metadata.Queries) (document.Dashboard, error),
) (*document.Dashboard, error) {
	var record metadata.Dashboard
	var same bool
	err := s.db.InTx(ctx, func(tx *metadata.Queries) error {
		old, err := s.base(ctx, tx, who.OrgID, id, was)
		if err != nil {
			return err
		}
		d, err := next(tx)
		if err != nil {
			return err
		}
		if record, err = s.recordOf(who, id, d); err != nil {
			return err
		}
		if same = old.DeletedAt.IsZero() && old.Document == record.Document; same {
			record = old
			return nil
		}
		record.Version, record.CreatedAt = old.Version+1, old.CreatedAt
		if err := tx.ReplaceDashboard(ctx, record, old.Version); err != nil {
			return err
		}
		return addVersion(ctx, tx, record, message)
	})
	if err != nil {
		return nil, err
	}
	if !same {
		s.audit(action, who, record)
	}
	return documentOf(record)
}

// base returns the record that a change begins with.
func (s *Service) base(ctx context.Context, tx *metadata.Queries, org storage.OrgID, id string, was int) (metadata.Dashboard, error) {
	if was == 0 {
		record, err := tx.Dashboard(ctx, org, id)
		if errcode.Of(err) == errcode.NotFound {
			err = errcode.New(errcode.NotFound, "there is no dashboard %q", id)
		}
		return record, err
	}
	record, err := s.existing(ctx, tx, org, id)
	if err != nil || record.Version == was {
		return record, err
	}
	return record, &errcode.Error{
		Code: errcode.Conflict, Field: "metadata.version",
		Message: fmt.Sprintf("%s changed the dashboard at %s: it has version %d now, and you began with %d",
			record.UpdatedBy, record.UpdatedAt.Format(time.RFC3339), record.Version, was),
		Fix: "load it again and repeat your change, or save yours as a new dashboard",
	}
}

// Delete removes a dashboard. A restore of one of its versions brings it back for 30 days. With
// a version other than 0, only that one is deleted.
func (s *Service) Delete(ctx context.Context, who auth.Principal, id string, version int) error {
	if err := s.changeable(id); err != nil {
		return err
	}
	var record metadata.Dashboard
	err := s.db.InTx(ctx, func(tx *metadata.Queries) error {
		var err error
		if version == 0 {
			record, err = s.existing(ctx, tx, who.OrgID, id)
		} else {
			record, err = s.base(ctx, tx, who.OrgID, id, version)
		}
		if err != nil {
			return err
		}
		record.DeletedAt = s.now()
		return tx.ReplaceDashboard(ctx, record, record.Version)
	})
	if err == nil {
		s.audit("deleted", who, record)
	}
	return err
}

// changeable refuses the changes of a ready dashboard.
func (s *Service) changeable(id string) error {
	if _, ok := s.ready[id]; ok {
		return &errcode.Error{
			Code: errcode.Forbidden, Message: fmt.Sprintf("the dashboard %q comes with Pharos and cannot be changed", id),
			Fix: "duplicate it, and change the copy",
		}
	}
	return nil
}

// check brings a document into its one form and says what is wrong with it.
func (*Service) check(d *document.Dashboard) error {
	d.Normalize()
	return d.Validate()
}

// recordOf returns what is stored of a document. Version and times of the creation are left to
// the caller.
func (s *Service) recordOf(who auth.Principal, id string, d document.Dashboard) (metadata.Dashboard, error) {
	text, err := json.Marshal(d.Spec)
	if err != nil {
		return metadata.Dashboard{}, fmt.Errorf("encode dashboard %q: %w", id, err)
	}
	if len(text) > maxDocument {
		return metadata.Dashboard{}, &errcode.Error{
			Code: errcode.TooLarge, Field: "spec", Message: fmt.Sprintf("the dashboard has %d bytes, and %d is the limit", len(text), maxDocument),
			Fix: "spread its panels over several dashboards",
		}
	}
	return metadata.Dashboard{
		OrgID: who.OrgID, ID: id, Name: strings.TrimSpace(d.Spec.Display.Name), Description: d.Spec.Display.Description,
		Tags: d.Spec.Tags, Panels: len(d.Spec.Panels), Document: string(text),
		UpdatedAt: s.now().UTC().Truncate(time.Microsecond), UpdatedBy: who.Name,
	}, nil
}

// documentOf returns the document of a record.
func documentOf(record metadata.Dashboard) (*document.Dashboard, error) {
	return decode(record.Document, document.DashboardMetadata{
		Name: record.ID, Version: record.Version,
		CreatedAt: &record.CreatedAt, UpdatedAt: &record.UpdatedAt, UpdatedBy: record.UpdatedBy,
	})
}

func decode(text string, about document.DashboardMetadata) (*document.Dashboard, error) {
	d := &document.Dashboard{Metadata: about}
	if err := json.Unmarshal([]byte(text), &d.Spec); err != nil {
		return nil, fmt.Errorf("read dashboard %q: %w", about.Name, err)
	}
	d.Normalize()
	return d, nil
}

// addVersion stores the version of a record and drops the oldest one.
func addVersion(ctx context.Context, tx *metadata.Queries, record metadata.Dashboard, message string) error {
	return errors.Join(
		tx.AddDashboardVersion(ctx, metadata.DashboardVersion{
			OrgID: record.OrgID, DashboardID: record.ID, Version: record.Version, Document: record.Document,
			UpdatedAt: record.UpdatedAt, UpdatedBy: record.UpdatedBy, Message: message,
		}),
		tx.DropDashboardVersions(ctx, record.OrgID, record.ID, record.Version-keptVersions))
}

// audit writes who did what to which dashboard.
func (s *Service) audit(action string, who auth.Principal, record metadata.Dashboard) {
	s.logger.Info("Dashboard "+action, zap.String("org", string(record.OrgID)), zap.String("dashboard", record.ID),
		zap.Int("version", record.Version), zap.String("by", who.Name), zap.String("user_id", who.UserID), zap.String("key_id", who.KeyID))
}
