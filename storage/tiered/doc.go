// Package tiered joins a hot store, which holds the last hours on this machine, and a durable one
// to one store.
//
// Both are fed by the same log of messages: a reader of its own feeds the hot store of each
// replica, and writers feed the durable one. Progress says how far both are. Reads are split at a
// time, so that each sample comes from one store alone; what neither can have yet is a warning
// in the answer (docs/decisions/0018-hot-tier.md).
package tiered
