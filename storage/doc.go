// Package storage holds the contracts of Pharos' stores and the types that pass through them.
//
// A store keeps the data of many organisations apart: every call names the
// organisation, and nothing read for one is ever seen by another. The metric contract is
// Prometheus' own (Queryable, AppenderV2), so that its engine, rules and converters work
// unchanged; the log contract is ours. Implementations stand side by side below this
// package and never import each other; storagetest holds the suites that each must pass.
//
// Errors carry a code of internal/errcode: Invalid for what can never be stored,
// OutOfSpace when the disk is full, Unavailable when trying again can help.
package storage
