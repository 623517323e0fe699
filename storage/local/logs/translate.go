package logs

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage/logfilter"
	"github.com/pharos-obs/pharos/storage/logrecord"
)

// Texts of LogsQL that are always and never true.
const (
	everything = "*"
	nothing    = "!*"
)

func quote(text string) string { return strconv.Quote(text) }

func recordID(batch string, ordinal uint64) string {
	return batch + "-" + strconv.FormatUint(ordinal, 10)
}

// translate writes a filter in LogsQL, so that the engine agrees with logfilter.Match.
func translate(filter *logfilter.Filter) (string, error) {
	if filter.MatchesAll() {
		return everything, nil
	}
	return translateNode(filter.Root)
}

func translateNode(node logfilter.Node) (string, error) {
	switch n := node.(type) {
	case logfilter.AllOf:
		return join(n.Nodes, " ")
	case logfilter.AnyOf:
		return join(n.Nodes, " or ")
	case logfilter.Not:
		text, err := translateNode(n.Node)
		return "!(" + text + ")", err
	case logfilter.Everything:
		return everything, nil
	case logfilter.TimeRange:
		return timeFilter(n.Min, n.Max), nil
	case logfilter.Words:
		return eachColumn(n.Field, func(column string) string { return wordsFilter(column, n) })
	case logfilter.Exists:
		if n.Field == logfilter.FieldID {
			return everything, nil
		}
		return eachColumn(n.Field, present)
	case logfilter.Exact:
		if n.Field == logfilter.FieldID {
			return idFilter(n.Values), nil
		}
		return eachColumn(n.Field, func(column string) string { return exactFilter(column, n.Values) })
	case logfilter.Regexp:
		return eachColumn(n.Field, func(column string) string {
			return "(" + present(column) + " " + column + ":~" + quote(n.Expression.String()) + ")"
		})
	case logfilter.Range:
		return eachColumn(n.Field, func(column string) string { return rangeFilter(column, n) })
	}
	return "", errcode.New(errcode.Internal, "filter node %T is not known to the log store", node)
}

func join(nodes []logfilter.Node, operator string) (string, error) {
	texts := make([]string, len(nodes))
	for i, node := range nodes {
		text, err := translateNode(node)
		if err != nil {
			return "", err
		}
		texts[i] = text
	}
	return "(" + strings.Join(texts, operator) + ")", nil
}

// columns returns the engine's columns that a field of the language stands for.
func columns(field string) []string {
	switch {
	case field == logfilter.FieldMessage:
		return []string{columnMessage}
	case logfilter.IsOwnField(field), strings.HasPrefix(field, logfilter.LabelsPrefix), strings.HasPrefix(field, logfilter.JSONPrefix):
		return []string{field}
	}
	return []string{logfilter.LabelsPrefix + field, logfilter.JSONPrefix + field}
}

// eachColumn makes a filter that is true when it is for one of the field's columns.
func eachColumn(field string, filter func(column string) string) (string, error) {
	if strings.HasSuffix(field, "*") {
		// The engine would take it for a pattern.
		return "", errcode.InvalidField("query", fmt.Sprintf("has the field name %q, which ends in *", field), "write the whole name")
	}
	texts := []string{}
	for _, column := range columns(field) {
		if len(column) <= logrecord.MaxNameLength {
			texts = append(texts, filter(quote(column)))
		}
	}
	if len(texts) == 0 {
		return nothing, nil
	}
	return "(" + strings.Join(texts, " or ") + ")", nil
}

// present is a filter for a column with a value. For message `:*` would mean every record.
func present(column string) string { return "!(" + column + `:"")` }

func wordsFilter(column string, n logfilter.Words) string {
	var texts []string
	broken := false
	for i, word := range n.Words {
		if strings.ContainsRune(word, utf8.RuneError) {
			broken = true // the engine sees no word in it
			continue
		}
		prefix := n.Prefix && i == len(n.Words)-1
		text := quote(word)
		if prefix {
			text += "*"
		}
		if n.Fold {
			text = "i(" + text + ")"
		}
		text = column + ":" + text
		if isNumber(word) {
			// In a column of integers the engine compares whole numbers, so that 5 misses -5.
			text = fmt.Sprintf("(%s or %s)", text, column+":"+negative(word, prefix))
		}
		texts = append(texts, text)
	}
	if len(n.Words) > 1 || broken {
		texts = append(texts, column+":~"+quote(wordsExpression(n)))
	}
	return "(" + strings.Join(texts, " ") + ")"
}

func isNumber(word string) bool {
	return strings.Trim(word, "0123456789") == ""
}

// negative is a filter for the number with a minus; as a prefix also for longer numbers.
func negative(word string, prefix bool) string {
	if prefix {
		return "=" + quote("-"+word) + "*"
	}
	return "=" + quote("-"+word)
}

// notWord matches what stands between words.
const notWord = `[^\p{L}\p{Nd}_\x{FFFD}]`

// wordsExpression is a regular expression for words beside each other.
func wordsExpression(n logfilter.Words) string {
	words := make([]string, len(n.Words))
	for i, word := range n.Words {
		words[i] = regexp.QuoteMeta(word)
		if n.Fold {
			words[i] = foldExpression(word)
		}
	}
	text := `(?:^|` + notWord + `)` + strings.Join(words, notWord+`+`)
	if !n.Prefix {
		text += `(?:$|` + notWord + `)`
	}
	return text
}

// foldExpression matches what becomes word in lower case. The flag (?i) knows more pairs.
func foldExpression(word string) string {
	var b strings.Builder
	for _, r := range word {
		variants := []rune{r}
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			if unicode.ToLower(other) == r {
				variants = append(variants, other)
			}
		}
		if r == 'i' {
			variants = append(variants, 'İ') // folds to nothing, and is i in lower case
		}
		b.WriteString("[" + regexp.QuoteMeta(string(variants)) + "]")
	}
	return b.String()
}

func exactFilter(column string, values []string) string {
	if len(values) == 1 {
		return column + ":=" + quote(values[0])
	}
	return inFilter(column, values)
}

// inFilter matches one of some whole values. Among them the engine takes a star for all values, also
// in quotes.
func inFilter(column string, values []string) string {
	var quoted []string
	star := ""
	for _, value := range values {
		if value == "*" {
			star = " or " + column + ":=" + quote(value)
			continue
		}
		quoted = append(quoted, quote(value))
	}
	return "(" + column + ":in(" + strings.Join(quoted, ",") + ")" + star + ")"
}

func idFilter(ids []string) string {
	var texts []string
	for _, id := range ids {
		if batch, ordinal, ok := logrecord.SplitID(id); ok {
			texts = append(texts, fmt.Sprintf("(%s:=%s %s:=%d)", columnBatch, quote(batch), columnOrdinal, ordinal))
		}
	}
	if len(texts) == 0 {
		return nothing
	}
	return "(" + strings.Join(texts, " or ") + ")"
}

// numberExpression keeps the engine from reading durations, sizes and addresses as numbers.
const numberExpression = `^-?[0-9]+(?:\.[0-9]+)?$`

func rangeFilter(column string, n logfilter.Range) string {
	low, high := "[", "]"
	if n.MinExclusive {
		low = "("
	}
	if n.MaxExclusive {
		high = ")"
	}
	limit := math.MaxFloat64
	return fmt.Sprintf("(%s:range%s%s, %s%s %s:~%s)", column, low, number(max(n.Min, -limit)), number(min(n.Max, limit)), high, column, quote(numberExpression))
}

func number(value float64) string { return strconv.FormatFloat(value, 'g', -1, 64) }

// timeFilter matches [from, to] in Unix nanoseconds.
func timeFilter(from, to int64) string {
	if from > to {
		return nothing
	}
	// Written to the nanosecond, or the engine widens the end to the precision it sees.
	const layout = "2006-01-02T15:04:05.000000000Z"
	return fmt.Sprintf("%s:[%s, %s]", columnTime, time.Unix(0, from).UTC().Format(layout), time.Unix(0, to).UTC().Format(layout))
}

// timeBounds turns the open ends of a query into nanoseconds, the end included.
func timeBounds(from, to time.Time) (int64, int64) {
	low, high := int64(math.MinInt64), int64(math.MaxInt64)
	if !from.IsZero() {
		low = clampTime(from)
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
		return math.MaxInt64
	}
	return at.UnixNano()
}

// valuePipe puts the value of a field into the column "value".
func valuePipe(field string) (string, error) {
	switch {
	case field == logfilter.FieldTime:
		return "", errcode.InvalidField("by", "is time", "use another field")
	case field == logfilter.FieldID:
		return fmt.Sprintf(`format "<%s>-<%s>" as value`, columnBatch, columnOrdinal), nil
	case strings.HasSuffix(field, "*"):
		return "", errcode.InvalidField("by", "ends in *", "write the whole name")
	}
	names := slices.Clone(columns(field))
	for i, name := range names {
		names[i] = quote(name)
	}
	if len(names) == 1 {
		return "copy " + names[0] + " as value", nil
	}
	return "coalesce(" + strings.Join(names, ", ") + ") as value", nil
}
