package elasticsearch

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
)

// translated is a filter as a query of the server.
type translated struct {
	query object // finds at least what the filter matches
	exact bool   // and nothing else
}

// translate writes a filter in the server's language. What it can't decide becomes a query that
// finds more, so that logfilter.Match has the last word.
func translate(org storage.OrgID, filter *logfilter.Filter) (translated, error) {
	if filter.MatchesAll() {
		return translated{matchAll(), true}, nil
	}
	t := translator{org: org, exact: true}
	found, err := t.node(filter.Root)
	return translated{found.over, t.exact}, err
}

// bounds are two queries around a condition: one that finds at least what it matches, and one that
// finds nothing else. They are the same where the server decides.
type bounds struct{ over, under object }

type translator struct {
	org   storage.OrgID
	exact bool
}

func matchAll() object  { return object{"match_all": object{}} }
func matchNone() object { return object{"match_none": object{}} }

func term(field, value string) object { return object{"term": object{field: object{"value": value}}} }

func not(query object) object {
	return object{"bool": object{"must_not": []object{query}}}
}

func all(queries ...object) object {
	if len(queries) == 1 {
		return queries[0]
	}
	return object{"bool": object{"filter": queries}}
}

func anyOf(queries ...object) object {
	switch len(queries) {
	case 0:
		return matchNone()
	case 1:
		return queries[0]
	}
	return object{"bool": object{"should": queries, "minimum_should_match": 1}}
}

func exactly(query object) bounds { return bounds{query, query} }

// atLeast is a condition that the server can't decide.
func (t *translator) atLeast(query object) bounds {
	t.exact = false
	return bounds{query, matchNone()}
}

func (t *translator) node(node logfilter.Node) (bounds, error) {
	switch n := node.(type) {
	case logfilter.AllOf:
		return t.join(n.Nodes, all)
	case logfilter.AnyOf:
		return t.join(n.Nodes, anyOf)
	case logfilter.Not:
		inner, err := t.node(n.Node)
		return bounds{not(inner.under), not(inner.over)}, err
	case logfilter.Everything:
		return exactly(matchAll()), nil
	case logfilter.TimeRange:
		return exactly(timeQuery(n.Min, n.Max)), nil
	case logfilter.Words:
		return t.columns(n.Field, func(c column) bounds { return t.words(c, n) }), nil
	case logfilter.Exists:
		if n.Field == logfilter.FieldID {
			return exactly(matchAll()), nil
		}
		return t.columns(n.Field, func(c column) bounds { return exactly(c.exists()) }), nil
	case logfilter.Exact:
		if n.Field == logfilter.FieldID {
			return exactly(t.documents(n.Values)), nil
		}
		return t.columns(n.Field, func(c column) bounds { return t.values(c, n.Values) }), nil
	case logfilter.Regexp:
		return t.columns(n.Field, func(c column) bounds { return t.atLeast(c.exists()) }), nil
	case logfilter.Range:
		if n.Field == logfilter.FieldID || n.Field == logfilter.FieldTime {
			return exactly(matchNone()), nil // neither is a number
		}
		return t.columns(n.Field, func(c column) bounds { return exactly(numberQuery(c, n)) }), nil
	}
	return bounds{}, errcode.New(errcode.Internal, "filter node %T is not known to the log store", node)
}

func (t *translator) join(nodes []logfilter.Node, operator func(...object) object) (bounds, error) {
	over, under := make([]object, len(nodes)), make([]object, len(nodes))
	for i, node := range nodes {
		inner, err := t.node(node)
		if err != nil {
			return bounds{}, err
		}
		over[i], under[i] = inner.over, inner.under
	}
	return bounds{operator(over...), operator(under...)}, nil
}

// column is a field of documents.
type column struct {
	name string // with prefix, as in search.fields
	flat string // field with whole values; empty for message
}

func (c column) exists() object { return term("search.fields", c.name) }

// columnsOf returns what a field of the language stands for.
func columnsOf(field string) []column {
	switch {
	case field == logfilter.FieldMessage:
		return []column{{name: field}}
	case logfilter.IsOwnField(field), strings.HasPrefix(field, logfilter.LabelsPrefix), strings.HasPrefix(field, logfilter.JSONPrefix):
		return []column{{field, field}}
	}
	label, member := logfilter.LabelsPrefix+field, logfilter.JSONPrefix+field
	return []column{{label, label}, {member, member}}
}

// columns makes a condition that is true when it is for one of the field's columns.
func (t *translator) columns(field string, condition func(column) bounds) bounds {
	var over, under []object
	for _, c := range columnsOf(field) {
		inner := condition(c)
		over, under = append(over, inner.over), append(under, inner.under)
	}
	return bounds{anyOf(over...), anyOf(under...)}
}

// documents matches records by their ids.
func (t *translator) documents(ids []string) object {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = documentID(t.org, id)
	}
	return object{"ids": object{"values": names}}
}

// values matches whole values.
func (t *translator) values(c column, values []string) bounds {
	var short []string
	var over, under []object
	for _, value := range values {
		switch {
		case c.flat != "" && len(value) <= longValue:
			short = append(short, value)
		case c.flat != "":
			inner := t.atLeast(term("search.long", c.name))
			over, under = append(over, inner.over), append(under, inner.under)
		default:
			inner := t.message(value)
			over, under = append(over, inner.over), append(under, inner.under)
		}
	}
	if len(short) > 0 {
		query := object{"terms": object{c.flat: short}}
		over, under = append(over, query), append(under, query)
	}
	return bounds{anyOf(over...), anyOf(under...)}
}

// message matches a whole message: its words are looked for, as far as a query should be long.
func (t *translator) message(value string) bounds {
	const most = 100
	words := logfilter.SplitWords(value)
	if len(words) == 0 {
		return t.atLeast(column{name: logfilter.FieldMessage}.exists())
	}
	return t.atLeast(phraseQuery("search.message", "", words[:min(len(words), most)]))
}

// words matches words beside each other.
func (t *translator) words(c column, n logfilter.Words) bounds {
	field, prefix := "search.message", ""
	if c.flat != "" {
		field, prefix = "search.words", wordPrefix(c.name)
	}
	result := t.wordQuery(field, prefix, n)
	if c.flat == "" || len(n.Words) > 1 {
		return result
	}
	// A value that is one word in lower case has its words nowhere else.
	whole := term(c.flat, n.Words[0])
	if n.Prefix {
		whole = prefixQuery(c.flat, n.Words[0])
	}
	if len(n.Words[0]) > wordRunes {
		return result
	}
	return bounds{anyOf(result.over, whole), anyOf(result.under, whole)}
}

// wordQuery looks for words in a field of words.
func (t *translator) wordQuery(field, prefix string, n logfilter.Words) bounds {
	last := len(n.Words) - 1
	queries := make([]object, len(n.Words))
	decided := true
	for i, word := range n.Words {
		// What is cut in the index may go on with something else.
		decided = decided && utf8.RuneCountInString(word) < wordRunes
		query, whole := wordPart(field, prefix, word, n.Prefix && i == last, n.Fold)
		queries[i], decided = query, decided && whole
	}
	switch {
	case last == 0 && decided:
		return exactly(queries[0])
	case last == 0:
		return t.atLeast(queries[0])
	case n.Prefix && last > 1 && !n.Fold:
		return t.atLeast(all(phraseQuery(field, prefix, n.Words[:last]), queries[last]))
	case n.Prefix || !decided:
		return t.atLeast(all(queries...))
	case n.Fold:
		return exactly(adjacent(queries))
	}
	return exactly(phraseQuery(field, prefix, n.Words))
}

// wordPart looks for one word; false when it finds too much.
func wordPart(field, prefix, word string, begins, fold bool) (object, bool) {
	cut := cutWord(word)
	if fold {
		expression, whole := foldExpression(cut)
		if begins || !whole {
			expression += ".*"
		}
		return object{"regexp": object{field: object{"value": escapeExpression(prefix) + expression}}}, whole
	}
	if begins {
		return prefixQuery(field, prefix+cut), true
	}
	return term(field, prefix+cut), true
}

func prefixQuery(field, value string) object {
	return object{"prefix": object{field: object{"value": value}}}
}

// phraseQuery looks for words beside each other. The analyser splits them at the spaces.
func phraseQuery(field, prefix string, words []string) object {
	var text []byte
	for _, word := range words {
		text = append(append(append(text, ' '), prefix...), cutWord(word)...)
	}
	return object{"match_phrase": object{field: object{"query": string(text[1:])}}}
}

// adjacent looks for terms beside each other, each by a query of its own.
func adjacent(queries []object) object {
	clauses := make([]object, len(queries))
	for i, query := range queries {
		clauses[i] = object{"span_multi": object{"match": query}}
	}
	return object{"span_near": object{"clauses": clauses, "slop": 0, "in_order": true}}
}

// longestExpression keeps regular expressions below the 1000 characters that the server takes.
const longestExpression = 700

// foldExpression matches the words that are word in lower case, in the language of Lucene; false
// when it covers just the beginning.
func foldExpression(word string) (string, bool) {
	var b strings.Builder
	for _, r := range word {
		if b.Len() > longestExpression {
			return b.String(), false
		}
		variants := []rune{r}
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			if unicode.ToLower(other) == r {
				variants = append(variants, other)
			}
		}
		if r == 'i' {
			variants = append(variants, 'İ') // folds to nothing, and is i in lower case
		}
		if len(variants) == 1 {
			b.WriteRune(r)
			continue
		}
		b.WriteString("[" + string(variants) + "]")
	}
	return b.String(), true
}

// escapeExpression quotes what has a meaning in Lucene's regular expressions.
func escapeExpression(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r < utf8.RuneSelf && !logfilter.IsWordRune(r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// numberQuery matches numbers in a range. Where it is open the infinities are its ends, which no
// value is.
func numberQuery(c column, n logfilter.Range) object {
	from, to := "gte", "lte"
	if n.MinExclusive {
		from = "gt"
	}
	if n.MaxExclusive {
		to = "lt"
	}
	prefix := []byte(wordPrefix(c.name))
	return object{"range": object{"search.numbers": object{
		from: string(appendNumber(slices.Clone(prefix), n.Min)), to: string(appendNumber(prefix, n.Max)),
	}}}
}

// latest is the last nanosecond of times that the server knows; the first is 1970.
const latest = math.MaxInt64

// timeQuery matches [from, to] in Unix nanoseconds.
func timeQuery(from, to int64) object {
	from = max(from, 0)
	if from > to {
		return matchNone()
	}
	limits := object{}
	if from > 0 {
		limits["gte"] = timeText(from)
	}
	if to < latest {
		limits["lte"] = timeText(to)
	}
	if len(limits) == 0 {
		return matchAll()
	}
	return object{"range": object{"time": limits}}
}

// timeBounds turns the open ends of a query into nanoseconds, the end included.
func timeBounds(from, to time.Time) (int64, int64) {
	low, high := int64(0), int64(latest)
	if !from.IsZero() {
		low = max(0, clampTime(from))
	}
	if !to.IsZero() {
		high = clampTime(to) - 1
	}
	return low, high
}

// clampTime returns Unix nanoseconds, within what these can express.
func clampTime(at time.Time) int64 {
	switch year := at.Year(); {
	case year < 1680:
		return math.MinInt64 + 1
	case year > 2260:
		return latest
	}
	return at.UnixNano()
}

// checkName refuses field names that the filter language has no way to write.
func checkName(parameter, name string) error {
	switch {
	case name == logfilter.FieldTime:
		return errcode.InvalidField(parameter, "is time", "use another field")
	case strings.HasSuffix(name, "*"):
		return errcode.InvalidField(parameter, fmt.Sprintf("is %q, which ends in *", name), "write the whole name")
	}
	return nil
}
