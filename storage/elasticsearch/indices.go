package elasticsearch

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

const day = 24 * time.Hour

// dayLayout is how the names of indices end.
const dayLayout = "2006.01.02"

// orgPattern is what an organisation's id may be made of: it is part of document ids and the
// routing value, where commas have a meaning.
var orgPattern = regexp.MustCompile(`^[0-9A-Za-z_.-]{1,64}$`)

func checkOrg(org storage.OrgID) error {
	if !orgPattern.MatchString(string(org)) {
		return errcode.InvalidField("org", fmt.Sprintf("%q is no id of an organisation", org), "use a UUID")
	}
	return nil
}

// retentionClass is a class with what is computed of it.
type retentionClass struct {
	name      string
	retention time.Duration
	prefix    string // of its indices
}

// classes knows which class an organisation has.
type classes struct {
	prefix string
	all    []retentionClass
	orgs   map[storage.OrgID]int // positions in all; the others have the first
}

func newClasses(cfg Config) classes {
	c := classes{prefix: cfg.IndexPrefix, orgs: map[storage.OrgID]int{}}
	add := func(name string, retention time.Duration) {
		c.all = append(c.all, retentionClass{name, retention, cfg.IndexPrefix + "-" + name + "-"})
	}
	add(defaultClass, time.Duration(cfg.Retention))
	for i, class := range cfg.Classes {
		add(class.Name, time.Duration(class.Retention))
		for _, org := range class.Orgs {
			c.orgs[storage.OrgID(org)] = i + 1
		}
	}
	return c
}

func (c *classes) of(org storage.OrgID) *retentionClass { return &c.all[c.orgs[org]] }

// pattern names all indices.
func (c *classes) pattern() string { return c.prefix + "-*" }

// index returns the name of the index for a time in Unix nanoseconds.
func (c *retentionClass) index(at int64) string {
	return c.prefix + time.Unix(0, at).UTC().Format(dayLayout)
}

// maxNamedDays is how many days a search names; it asks all indices about more.
const maxNamedDays = 31

// targets returns the indices that hold records of [from, to] in Unix nanoseconds, of all classes:
// an organisation may have had another class before.
func (c *classes) targets(from, to int64) []string {
	first, last := time.Unix(0, from).UTC().Truncate(day), time.Unix(0, to).UTC().Truncate(day)
	if last.Before(first) || last.Sub(first) >= maxNamedDays*day {
		return []string{c.pattern()}
	}
	var names []string
	for at := first; !at.After(last); at = at.Add(day) {
		names = append(names, c.pattern()+"-"+at.Format(dayLayout))
	}
	return names
}

// parse takes the name of an index apart; false when it is none of ours, or of a class that the
// configuration does not know.
func (c *classes) parse(index string) (class *retentionClass, start time.Time, ok bool) {
	for i := range c.all {
		rest, found := strings.CutPrefix(index, c.all[i].prefix)
		if !found {
			continue
		}
		if start, err := time.Parse(dayLayout, rest); err == nil {
			return &c.all[i], start, true
		}
	}
	return nil, time.Time{}, false
}

// expired says whether every record of an index is past its retention.
func (c *retentionClass) expired(start, now time.Time) bool {
	return !start.Add(day).After(now.Add(-c.retention))
}
