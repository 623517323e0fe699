// Package kafkareceiver reads metrics, logs and traces from Kafka: as a member of a consumer
// group for the writers, all of it for the hot tier of each backend, or what is new for a live
// tail.
//
// Offsets are committed only after the next consumer has the data. What can pass is tried again
// for ever, in order; what cannot becomes a dead letter of the group, with the reason.
package kafkareceiver
