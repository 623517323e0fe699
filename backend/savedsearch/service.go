// Package savedsearch keeps the log searches that people gave a name.
package savedsearch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
	"github.com/pharos-obs/pharos/storage/metadata"
)

const (
	maxSearches = 1000
	maxName     = 100
	maxQuery    = 16 << 10
	maxColumns  = 50
	maxColumn   = 200
)

// NewSearch is what a search shall be.
type NewSearch struct {
	Name    string   `json:"name" doc:"Unique in the organisation" example:"Failed payments"`
	Query   string   `json:"query" required:"false" doc:"A log filter; empty for all records" example:"service:checkout level:error"`
	Columns []string `json:"columns" required:"false" nullable:"false" doc:"Fields to show beside time, level and message" example:"[\"order_id\"]"`
}

// SavedSearch is a saved search.
type SavedSearch struct {
	ID string `json:"id" format:"uuid"`
	NewSearch
	CreatedBy string    `json:"created_by" doc:"Email of the user or name of the API key" example:"admin@localhost"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Service keeps saved searches.
type Service struct {
	db     *metadata.DB
	logger *zap.Logger
	now    func() time.Time
}

// New returns the service over the metadata database.
func New(db *metadata.DB, logger *zap.Logger) *Service {
	return &Service{db: db, logger: logger, now: time.Now}
}

// List returns the searches of an organisation by name.
func (s *Service) List(ctx context.Context, org storage.OrgID) ([]SavedSearch, error) {
	records, err := s.db.SavedSearches(ctx, org)
	if err != nil {
		return nil, err
	}
	all := make([]SavedSearch, len(records))
	for i, record := range records {
		all[i] = searchOf(record)
	}
	slices.SortStableFunc(all, func(a, b SavedSearch) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return all, nil
}

// Create saves a search. A name that the organisation has is a Conflict.
func (s *Service) Create(ctx context.Context, who auth.Principal, wanted NewSearch) (SavedSearch, error) {
	if err := check(&wanted); err != nil {
		return SavedSearch{}, err
	}
	now := s.now().UTC().Truncate(time.Microsecond)
	record := metadata.SavedSearch{
		OrgID: who.OrgID, ID: uuid.NewString(), Name: wanted.Name, Query: wanted.Query, Columns: wanted.Columns,
		CreatedBy: who.Name, CreatedAt: now, UpdatedAt: now,
	}
	err := s.db.InTx(ctx, func(tx *metadata.Queries) error {
		all, err := tx.SavedSearches(ctx, who.OrgID)
		if err != nil {
			return err
		}
		if len(all) >= maxSearches {
			return &errcode.Error{
				Code: errcode.Unprocessable, Message: fmt.Sprintf("the organisation has %d saved searches, which is the limit", len(all)),
				Fix: "delete those that nobody uses",
			}
		}
		return tx.CreateSavedSearch(ctx, record)
	})
	if err != nil {
		return SavedSearch{}, named(err, wanted.Name)
	}
	s.audit("created", who, record)
	return searchOf(record), nil
}

// Update replaces name, query and columns of a search.
func (s *Service) Update(ctx context.Context, who auth.Principal, id string, wanted NewSearch) (SavedSearch, error) {
	if err := check(&wanted); err != nil {
		return SavedSearch{}, err
	}
	var record metadata.SavedSearch
	err := s.db.InTx(ctx, func(tx *metadata.Queries) error {
		var err error
		if record, err = tx.SavedSearch(ctx, who.OrgID, id); err != nil {
			return missing(err, id)
		}
		record.Name, record.Query, record.Columns = wanted.Name, wanted.Query, wanted.Columns
		record.UpdatedAt = s.now().UTC().Truncate(time.Microsecond)
		return tx.ReplaceSavedSearch(ctx, record)
	})
	if err != nil {
		return SavedSearch{}, named(err, wanted.Name)
	}
	s.audit("changed", who, record)
	return searchOf(record), nil
}

// Delete removes a search.
func (s *Service) Delete(ctx context.Context, who auth.Principal, id string) error {
	err := s.db.DeleteSavedSearch(ctx, who.OrgID, id)
	if err == nil {
		s.audit("deleted", who, metadata.SavedSearch{OrgID: who.OrgID, ID: id})
	}
	return err
}

// check says what is wrong with a search, and trims its name.
func check(wanted *NewSearch) error {
	wanted.Name = strings.TrimSpace(wanted.Name)
	switch {
	case wanted.Name == "" || len([]rune(wanted.Name)) > maxName:
		return errcode.InvalidField("name", "is empty or longer than 100 characters", "give the search a short name")
	case len(wanted.Query) > maxQuery:
		return errcode.InvalidField("query", fmt.Sprintf("is longer than %d bytes", maxQuery), "shorten the filter")
	case len(wanted.Columns) > maxColumns:
		return errcode.InvalidField("columns", fmt.Sprintf("has more than %d fields", maxColumns), "choose fewer")
	}
	if _, err := logfilter.Parse(wanted.Query); err != nil {
		return filterError(err)
	}
	for i, column := range wanted.Columns {
		field := fmt.Sprintf("columns[%d]", i)
		switch {
		case strings.TrimSpace(column) == "" || len(column) > maxColumn:
			return errcode.InvalidField(field, fmt.Sprintf("is empty or longer than %d bytes", maxColumn), "name a field")
		case slices.Contains(wanted.Columns[:i], column):
			return errcode.InvalidField(field, fmt.Sprintf("%q is there twice", column), "remove one of the two")
		}
	}
	return nil
}

// filterError names the field of what is wrong with a filter.
func filterError(err error) error {
	if wrong, ok := errors.AsType[*errcode.Error](err); ok {
		return errcode.InvalidField("query", wrong.Message, wrong.Fix)
	}
	return errcode.InvalidField("query", err.Error(), "correct the filter")
}

// named says of a conflict which name is taken.
func named(err error, name string) error {
	if errcode.Of(err) != errcode.Conflict {
		return err
	}
	return &errcode.Error{
		Code: errcode.Conflict, Field: "name", Message: fmt.Sprintf("there is a saved search %q already", name),
		Fix: "choose another name, or change that search",
	}
}

func missing(err error, id string) error {
	if errcode.Of(err) != errcode.NotFound {
		return err
	}
	return errcode.New(errcode.NotFound, "there is no saved search %q", id)
}

func searchOf(record metadata.SavedSearch) SavedSearch {
	return SavedSearch{
		ID:        record.ID,
		NewSearch: NewSearch{Name: record.Name, Query: record.Query, Columns: append([]string{}, record.Columns...)},
		CreatedBy: record.CreatedBy, CreatedAt: record.CreatedAt, UpdatedAt: record.UpdatedAt,
	}
}

// audit writes who did what to which search.
func (s *Service) audit(action string, who auth.Principal, record metadata.SavedSearch) {
	s.logger.Info("Saved search "+action, zap.String("org", string(record.OrgID)), zap.String("search", record.ID),
		zap.String("name", record.Name), zap.String("by", who.Name), zap.String("user_id", who.UserID), zap.String("key_id", who.KeyID))
}
