package document

import (
	"regexp"
	"slices"
	"strings"
)

// AllValues is the value of a list variable that stands for all of them.
const AllValues = "$__all"

// variableName is what a variable may be called.
var variableName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// reference finds $name, ${name} and ${name:format}. A digit after the dollar sign is a group
// of a regular expression.
var reference = regexp.MustCompile(`\$(?:([a-zA-Z_][a-zA-Z0-9_]*)|\{([a-zA-Z_][a-zA-Z0-9_]*)(?::([a-z]+))?\})`)

// BuiltIns returns the names of the variables that every dashboard has.
func BuiltIns() []string {
	return []string{"__rate_interval", "__interval", "__interval_ms", "__range", "__range_s", "__range_ms", "__from", "__to"}
}

// formats are the ways to write a variable with several values.
func formats() []string {
	return []string{"regex", "pipe", "csv", "raw", "json", "glob", "doublequote", "singlequote", "text", "queryparam", "percentencode"}
}

// IsVariableName says whether a variable can be called that.
func IsVariableName(name string) bool { return variableName.MatchString(name) }

// Reference is a place in a text that stands for a variable.
type Reference struct {
	Name   string
	Format string // empty for the default
}

// References returns the variables that a text refers to, each form once.
func References(text string) []Reference {
	var all []Reference
	for _, match := range reference.FindAllStringSubmatch(text, -1) {
		found := Reference{Name: match[1] + match[2], Format: match[3]}
		if !slices.Contains(all, found) {
			all = append(all, found)
		}
	}
	return all
}

// Replace replaces the references of a text by what value returns; a reference for which it
// returns false stays.
func Replace(text string, value func(Reference) (string, bool)) string {
	return reference.ReplaceAllStringFunc(text, func(found string) string {
		match := reference.FindStringSubmatch(found)
		if with, ok := value(Reference{Name: match[1] + match[2], Format: match[3]}); ok {
			return with
		}
		return found
	})
}

// isDuration says whether a built-in variable is a length of time.
func isDuration(name string) bool {
	return slices.Contains([]string{"__rate_interval", "__interval", "__range"}, name)
}

// standIns are for variables whose values are not known, in the order in which they are tried. A
// length of time is a number too.
func standIns() []string { return []string{"5m", "x", "sum", "rate"} }

// maxTries bounds how often a query is parsed to find stand-ins that fit.
const maxTries = 64

// parses says whether a query with variables is sound: whether there are stand-ins with which
// it parses. The error is the one of the first try.
func parses(query string, parse func(string) error) error {
	var free []string // variables outside of quotes, whose value could be anything
	for _, found := range References(unquoted(query)) {
		if !strings.HasPrefix(found.Name, "__") && !slices.Contains(free, found.Name) {
			free = append(free, found.Name)
		}
	}
	choice := make([]int, len(free))
	var first error
	for range maxTries {
		err := parse(standIn(query, free, choice))
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
		if !next(choice, len(standIns())) {
			break
		}
	}
	return first
}

// next counts choice up as a number with that many digits; false when all were seen.
func next(choice []int, digits int) bool {
	for i := range choice {
		if choice[i]++; choice[i] < digits {
			return true
		}
		choice[i] = 0
	}
	return false
}

func standIn(query string, free []string, choice []int) string {
	return Replace(query, func(found Reference) (string, bool) {
		if at := slices.Index(free, found.Name); at >= 0 {
			return standIns()[choice[at]], true
		}
		switch {
		case isDuration(found.Name):
			return "5m", true
		case strings.HasPrefix(found.Name, "__"):
			return "300", true
		}
		return "x", true // inside quotes
	})
}

// unquoted returns the text without what stands in quotes.
func unquoted(text string) string {
	var kept strings.Builder
	var quote byte
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote == 0 && (c == '"' || c == '\'' || c == '`'):
			quote = c
			kept.WriteByte(' ')
		case quote == 0:
			kept.WriteByte(c)
		case c == '\\' && quote != '`':
			i++
		case c == quote:
			quote = 0
		}
	}
	return kept.String()
}
