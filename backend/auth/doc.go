// Package auth knows who makes a request and what they may do: users with passwords and
// tokens, API keys with scopes.
package auth
