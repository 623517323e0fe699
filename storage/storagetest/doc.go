// Package storagetest holds the suites that every implementation of the storage contracts
// passes.
package storagetest
