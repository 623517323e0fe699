// Package api puts the HTTP API together: the operations of the other backend packages on one
// router, their OpenAPI document, and one form for every error.
//
// An operation names the scope it asks for in its metadata; Routes hands each operation to the
// front door as one route, so that nothing is served that the front door does not guard.
package api
