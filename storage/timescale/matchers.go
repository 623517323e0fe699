package timescale

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// condition builds the WHERE clause of series.
type condition struct {
	parts []string
	args  []any
}

func (c *condition) arg(value any) string {
	c.args = append(c.args, value)
	return fmt.Sprintf("$%d", len(c.args))
}

func (c *condition) add(format string, args ...any) {
	c.parts = append(c.parts, fmt.Sprintf(format, args...))
}

func (c *condition) String() string { return strings.Join(c.parts, " AND ") }

// where returns the condition for the series of an organisation that may match. It lets none
// out that matches; those that it lets in are matched again. Of regular expressions only what
// both sides read alike is in it: the values they spell out, or what they begin with.
func (o *org) where(matchers []*labels.Matcher) (*condition, error) {
	c := &condition{}
	c.add("org_id = %s", c.arg(string(o.id)))
	for _, m := range matchers {
		texts := append([]string{m.Name, m.Value, m.Prefix()}, m.SetMatches()...)
		if slices.ContainsFunc(texts, func(text string) bool { return !storable(text) }) {
			continue // not for PostgreSQL to read; it is matched in Go
		}
		if err := c.match(m); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *condition) match(m *labels.Matcher) error {
	switch m.Type {
	case labels.MatchEqual, labels.MatchNotEqual:
		equal, err := c.equal(m.Name, m.Value)
		if err != nil {
			return err
		}
		if m.Type == labels.MatchNotEqual {
			equal = "NOT " + equal
		}
		c.add("%s", equal)
	case labels.MatchRegexp:
		switch values := m.SetMatches(); {
		case len(values) > 0:
			c.add("%s = ANY(%s)", c.value(m.Name), c.arg(values))
		case m.Prefix() != "":
			c.add("starts_with(%s, %s)", c.value(m.Name), c.arg(m.Prefix()))
		case !m.Matches(""):
			c.add("%s <> ''", c.value(m.Name))
		}
	case labels.MatchNotRegexp:
		if values := m.SetMatches(); len(values) > 0 {
			c.add("%s <> ALL(%s)", c.value(m.Name), c.arg(values))
		}
	}
	return nil
}

// value is the value of a label; empty when the series does not have it.
func (c *condition) value(name string) string {
	if name == model.MetricNameLabel {
		return "metric_name"
	}
	return fmt.Sprintf("coalesce(labels->>%s, '')", c.arg(name))
}

// equal is in a form that the indexes can answer, where there is a value to look for.
func (c *condition) equal(name, value string) (string, error) {
	if name == model.MetricNameLabel || value == "" {
		return fmt.Sprintf("(%s = %s)", c.value(name), c.arg(value)), nil
	}
	pair, err := encodeLabels(map[string]string{name: value})
	return fmt.Sprintf("(labels @> %s::text::jsonb)", c.arg(pair)), err
}

// matches says whether labels match all.
func matches(ls labels.Labels, matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if !m.Matches(ls.Get(m.Name)) {
			return false
		}
	}
	return true
}
