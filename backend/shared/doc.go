// Package shared holds what several processes of Pharos have in common in Redis: token buckets of
// callers, and answers of queries. Nothing in it is the only copy of anything: while Redis is away
// every call fails at once, and callers go on by themselves.
package shared
