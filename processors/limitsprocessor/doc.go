// Package limitsprocessor is the processor `limits`: it keeps out what no store should get.
//
// A point or record outside the time window, too large or not text is removed from its batch
// and noted in the rejection.Report of the context, with what to change; the rest goes on. A
// batch in which nothing is wrong, which is nearly every one, is only read.
package limitsprocessor
