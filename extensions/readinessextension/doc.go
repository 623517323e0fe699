// Package readinessextension answers whether the process can do its work, by what every part and
// every store says of itself.
package readinessextension
