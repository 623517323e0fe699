// Package admin serves what an administrator does with an organisation's data: delete a part of
// it, and see how long it is kept.
package admin
