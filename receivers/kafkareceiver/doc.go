// Package kafkareceiver reads metrics, logs and traces from Kafka as a member of a consumer
// group.
//
// Offsets are committed only after the next consumer has the data. What can pass is tried again
// for ever, in order; what cannot becomes a dead letter with the reason.
package kafkareceiver
