package metadata

import (
	"context"
	"database/sql"
	"errors"

	"github.com/pharos-obs/pharos/internal/errcode"
)

const (
	// maxRuns is how often a transaction is run that loses against others.
	maxRuns = 10
	// runsBeside is how often of these beside others; then they wait for it, so that it comes to
	// its end however many there are.
	runsBeside = 2
)

// InTx calls fn with the queries of one transaction, and commits when fn returns nil. Inside fn
// only those queries may be used: the ones of the DB would wait for the transaction.
//
// Transactions do as if one ran after the other, so that what fn has read is true until it
// commits. SQLite lets them wait; PostgreSQL runs one again that gave way to another, so fn may
// be called several times and must leave nothing behind but what it writes by its queries. That
// holds against other transactions: a write beside them that depends on a read belongs into one.
func (d *DB) InTx(ctx context.Context, fn func(tx *Queries) error) error {
	var err error
	for run := range maxRuns {
		begin := d.dialect.beside
		if run >= runsBeside {
			begin = d.dialect.alone
		}
		err = d.inTx(ctx, d.dialect.isolation, begin, fn)
		if err == nil || d.dialect.lost == nil || !d.dialect.lost(err) {
			return err
		}
	}
	return &errcode.Error{
		Code: errcode.Unavailable, Message: "too many changes of the metadata at once", Err: err,
	}
}

// InLockedTx calls fn as InTx does, while no other has the lock of this name, and only once: for
// a fn that leaves something behind. What it has read may be changed by those without the lock.
func (d *DB) InLockedTx(ctx context.Context, lock string, fn func(tx *Queries) error) error {
	return d.inTx(ctx, sql.LevelDefault, d.dialect.lock(lock), fn)
}

func (d *DB) inTx(ctx context.Context, isolation sql.IsolationLevel, begin string, fn func(tx *Queries) error) error {
	tx, err := d.db.BeginTx(ctx, &sql.TxOptions{Isolation: isolation})
	if err != nil {
		return d.err("begin a transaction", err)
	}
	queries := queriesOn(tx, d.dialect)
	if err := queries.begin(ctx, begin, fn); err != nil {
		if rollback := tx.Rollback(); rollback != nil && !errors.Is(rollback, sql.ErrTxDone) {
			return errors.Join(err, d.err("roll back", rollback))
		}
		return err
	}
	return d.err("commit", tx.Commit())
}

// begin runs the first statement of a transaction, which may be empty, and then fn.
func (q *Queries) begin(ctx context.Context, statement string, fn func(tx *Queries) error) error {
	if statement != "" {
		if _, err := q.exec(ctx, "wait for other changes", statement); err != nil {
			return err
		}
	}
	return fn(q)
}
