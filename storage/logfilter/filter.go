// Package logfilter is the filter language of logs: the filter part of LogsQL.
package logfilter

// Filter is a parsed filter.
type Filter struct{}
