// Package logrecord maps OpenTelemetry log records to the fields that Pharos stores.
package logrecord

const (
	// IDAttribute is the attribute of a log record that holds its id: batch id, "-", and the
	// record's ordinal in the batch as a decimal number. The name is OpenTelemetry's.
	IDAttribute = "log.record.uid"
	// JSONAttribute is the attribute that holds the `json` object of a record that came in by
	// POST /v1/ingest/logs, as a map.
	JSONAttribute = "pharos.json"
)
