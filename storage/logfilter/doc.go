// Package logfilter is the filter language of logs: the filter part of LogsQL.
//
//	level:error service:checkout "connection refused" -path:/health latency:>500
//
// Parse turns text into a Filter, whose nodes the stores translate into their own queries.
// Match decides about one record in Go; it is what every store has to agree with.
//
// # Fields
//
// The fields time, service, instance_id, level, message, trace_id, span_id and id are the
// record's own. A condition without a field is about message. Any other name N means the label
// N or the member N of the json object (nested members joined by dots): a condition is true
// when it is true for one of the two. `labels.N` and `json.N` name just one. A field that is
// absent and a field that is empty are the same.
//
// # Conditions
//
//	word            a whole word of message; case counts
//	"some words"    these words beside each other, whatever stands between them
//	word*           a word that begins so
//	field:word      the same for another field
//	field:=text     the whole value; field:="a text" with spaces
//	field:in(a, b)  one of these whole values
//	field:~"regexp" a regular expression (RE2) that matches part of the value; a dot
//	                takes newlines too
//	field:>10       a number; also >=, <, <= and range(1, 10], range[1, 10)
//	field:*         any value; field:"" none
//	i(word)         without regard to case; also i("some words"), i(word*)
//	time:>=2026-01-02T03:04:05Z
//
// Conditions side by side must all be true; OR, NOT (also - and !) and parentheses combine
// them, NOT first, then AND, then OR. field:(a OR b) applies a field to several. An empty
// filter and * match everything.
//
// A word is a run of letters, decimal digits and underscores. The field id knows whole values
// only. Numbers are decimal, such as -12.5, and compared as 64-bit floats; a value that is not
// such a number is in no range.
package logfilter
