// Package services lists what sends data: every service with its instances, metrics and logs.
//
// A service is what the label service of a series names, or its label job where it has none,
// and what the field service of a log record names. The list is made of the stores' indexes
// and kept for seconds, so that a page that asks again and again costs little.
package services
