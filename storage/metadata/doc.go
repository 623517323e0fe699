// Package metadata is the database of what is not telemetry: organisations, users, API keys,
// sessions, settings, dashboards and saved searches.
//
// One repository (the methods of Queries) speaks the SQL that SQLite and PostgreSQL share:
// numbered placeholders, ON CONFLICT, RETURNING, times, lists and JSON as text that both take. What
// they do not share sits in a dialect: the driver, the migrations, the meaning of its errors
// and how a backup is made.
//
// Migrations are SQL files under migrations/<dialect>, named as golang-migrate names them and
// read by its source; the version table is golang-migrate's too, so that its command works on
// our databases. Only the runner is ours: golang-migrate's commits a migration and its version
// apart, so that a process killed between them leaves a database "dirty" until a person repairs
// it. Both dialects have transactional DDL; the runner commits the two together.
//
// Errors carry a code of internal/errcode: NotFound, Conflict, OutOfSpace when the disk is
// full, Unavailable when the database cannot be reached.
package metadata
