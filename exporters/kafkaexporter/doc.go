// Package kafkaexporter writes metrics, logs and traces to Kafka, one organisation a message.
//
// It is synchronous: when it returns nil, every in-sync replica has the data. It joins the
// writes of concurrent requests, and answers each of them for itself.
package kafkaexporter
