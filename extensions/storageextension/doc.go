// Package storageextension opens the stores and hands them to the other parts of the server.
// It is the only part that knows which implementation stands behind a contract.
package storageextension
