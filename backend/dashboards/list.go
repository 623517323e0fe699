package dashboards

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/metadata"
)

// filtered returns the dashboards that a search finds, by name.
func filtered(all []DashboardSummary, search, tag string) []DashboardSummary {
	words := strings.Fields(strings.ToLower(search))
	kept := slices.DeleteFunc(all, func(one DashboardSummary) bool {
		if tag != "" && !slices.Contains(one.Tags, tag) {
			return true
		}
		text := strings.ToLower(strings.Join(append([]string{one.ID, one.Name, one.Description}, one.Tags...), "\n"))
		return slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) })
	})
	slices.SortFunc(kept, func(a, b DashboardSummary) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.ID, b.ID))
	})
	return kept
}

// maxSlug bounds the part of an id that is made from a name.
const maxSlug = 60

// slug makes an id of a name: lower-case ASCII letters, digits and single dashes.
func slug(name string) string {
	var made strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r <= unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			made.WriteRune(r)
		case made.Len() > 0 && !strings.HasSuffix(made.String(), "-"):
			made.WriteByte('-')
		}
	}
	id := made.String()
	id = strings.Trim(id[:min(len(id), maxSlug)], "-")
	if id == "" || strings.HasPrefix(id, reserved) {
		return strings.TrimSuffix("dashboard-"+strings.TrimPrefix(id, reserved), "-")
	}
	return id
}

// maxSuffix bounds the search for an id that is free.
const maxSuffix = 10_000

// freeID returns an id that no dashboard of the organisation has, not even a deleted one.
func freeID(ctx context.Context, tx *metadata.Queries, org storage.OrgID, name string) (string, error) {
	wanted := slug(name)
	for n := 1; n < maxSuffix; n++ {
		id := wanted
		if n > 1 {
			id = fmt.Sprintf("%s-%d", wanted, n)
		}
		_, err := tx.Dashboard(ctx, org, id)
		if errcode.Of(err) == errcode.NotFound {
			return id, nil
		}
		if err != nil {
			return "", err
		}
	}
	return "", errcode.InvalidField("metadata.name", "is missing, and too many dashboards have this display name", "choose a name")
}
