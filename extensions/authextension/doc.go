// Package authextension checks credentials: it runs the authentication service on the metadata
// database of the storage extension.
package authextension
