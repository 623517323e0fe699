// Package logsearch serves the log queries of /v1/query/logs: pages of records, counts over
// time, and the values of fields. The filter language is storage/logfilter's.
package logsearch
