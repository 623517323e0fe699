// Package query answers PromQL over the metrics of one organisation.
//
// It wraps Prometheus' engine with the limits that one caller may not exceed: time, samples,
// points a series, series in the answer, and how many queries run at once. Every request opens
// the organisation's metrics and closes them when its answer is no longer needed. Errors are
// *errcode.Error; one about a limit names the limit and how to narrow the query.
package query
