package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/ownlog"
	"github.com/pharos-obs/pharos/storage/metadata"
	"github.com/pharos-obs/pharos/storage/timescale"
)

// errPending is how `migrate status` ends when a database has to be migrated.
var errPending = errors.New("run `pharos migrate up`")

// migrateOptions say which databases are meant.
type migrateOptions struct {
	configs     []string
	dsn, schema string
	of          string
}

func migrateCommand() *cobra.Command {
	o := &migrateOptions{}
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the tables of databases on servers to a version",
		Long: `Bring the tables of databases on servers to a version.

The databases are those that a configuration uses (metrics in TimescaleDB or PostgreSQL, metadata in
PostgreSQL), or the one of --dsn. Of the rest of the configuration nothing has to be right. Stores with
` + "`migrate: true`" + ` do the same as ` + "`up`" + ` when they open.

Each step is one transaction under a lock of the database: many replicas may try at once, and a step
that ends in the middle leaves nothing behind; run the command again.

Exit codes: 0 done, or all is up to date; 1 a database is away or refuses; 2 wrong command line or
configuration; 4 ` + "`status`" + ` found a database that has to be migrated.`,
		Example: `  pharos migrate status --config role:backend
  pharos migrate up --config role:writer --config site.yaml
  pharos migrate up --dsn "$PHAROS_TIMESCALE_DSN"
  pharos migrate down --to 1 --dsn "$PHAROS_POSTGRES_DSN" --database metadata --yes`,
	}
	flags := cmd.PersistentFlags()
	flags.StringArrayVarP(&o.configs, "config", "c", nil, "configuration: role:NAME, a file, yaml:TEXT or env:NAME; repeat to overlay")
	flags.StringVar(&o.dsn, "dsn", "", "one database, as a URL or key=value pairs, in place of a configuration")
	flags.StringVar(&o.schema, "schema", "", "schema of the tables in the database of --dsn (default pharos, or pharos_meta for metadata)")
	flags.StringVar(&o.of, "database", "", "only the database of metrics or metadata; what the one of --dsn holds (default metrics)")
	cmd.AddCommand(migrateStatusCommand(o), migrateUpCommand(o), migrateDownCommand(o))
	return cmd
}

func migrateStatusCommand(o *migrateOptions) *cobra.Command {
	return &cobra.Command{
		Use:     "status",
		Short:   "Print where each database stands, and change nothing",
		Example: "  pharos migrate status --config role:backend",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			found, err := o.databases(cmd.Context())
			if err != nil {
				return err
			}
			return printStatus(cmd.Context(), cmd.OutOrStdout(), found)
		},
	}
}

func migrateUpCommand(o *migrateOptions) *cobra.Command {
	return &cobra.Command{
		Use:     "up",
		Short:   "Take all steps that are left",
		Example: "  pharos migrate up --config role:writer --config site.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.each(cmd, func(ctx context.Context, m migrator) error { return m.Up(ctx) })
		},
	}
}

func migrateDownCommand(o *migrateOptions) *cobra.Command {
	var to uint
	var yes bool
	cmd := &cobra.Command{
		Use:     "down --to VERSION --yes",
		Short:   "Take back the steps above a version, and with them their tables and data",
		Example: "  pharos migrate down --to 1 --database metrics --config role:writer --yes",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case !cmd.Flags().Changed("to"):
				return errcode.InvalidField("--to", "is missing", "name the version to go back to; 0 removes all tables")
			case !yes:
				return errcode.InvalidField("--yes", "is missing: the tables above the version are dropped, and the data in them", "make a backup, then repeat the command with --yes")
			}
			return o.each(cmd, func(ctx context.Context, m migrator) error { return m.Down(ctx, to) }, onlyOne)
		},
	}
	cmd.Flags().UintVar(&to, "to", 0, "the version to go back to; 0 removes all tables")
	cmd.Flags().BoolVar(&yes, "yes", false, "drop tables and their data")
	return cmd
}

// onlyOne refuses to do to several databases what is meant for one.
func onlyOne(found []database) error {
	if len(found) > 1 {
		return errcode.InvalidField("--database", "is missing, and the configuration uses several", "choose metrics or metadata, or name one by --dsn")
	}
	return nil
}

// databases returns those that the flags name; at least one.
func (o *migrateOptions) databases(ctx context.Context) ([]database, error) {
	if o.of != "" && o.of != ofMetrics && o.of != ofMetadata {
		return nil, errcode.InvalidField("--database", fmt.Sprintf("is %q", o.of), "use metrics or metadata")
	}
	switch {
	case o.dsn != "" && len(o.configs) > 0:
		return nil, errcode.InvalidField("--dsn", "is there beside --config", "use one of the two")
	case o.dsn != "":
		one, err := o.named()
		if err != nil {
			return nil, errcode.New(errcode.Invalid, "--dsn: %w", err)
		}
		return []database{one}, nil
	case len(o.configs) == 0:
		return nil, errcode.InvalidField("--config", "is missing", "name a configuration, for example --config role:writer, or a database by --dsn")
	case o.schema != "":
		return nil, errcode.InvalidField("--schema", "is for the database of --dsn", "set schema in the configuration")
	}
	found, err := configured(ctx, o.configs)
	if err != nil {
		return nil, err
	}
	if o.of != "" {
		found = slices.DeleteFunc(found, func(d database) bool { return d.of != o.of })
	}
	if len(found) == 0 {
		return nil, errcode.InvalidField("--config", "uses no such database on a server", "stores on this machine are migrated when they open; name the configuration of a writer or backend, or a database by --dsn")
	}
	return found, nil
}

// named returns the database of --dsn.
func (o *migrateOptions) named() (database, error) {
	if o.of == ofMetadata {
		cfg := metadata.DefaultPostgreSQLConfig()
		cfg.DSN = o.dsn
		if o.schema != "" {
			cfg.Schema = o.schema
		}
		return metadataDatabase(cfg)
	}
	cfg := timescale.DefaultConfig()
	cfg.DSN = o.dsn
	if o.schema != "" {
		cfg.Schema = o.schema
	}
	return metricDatabase(cfg)
}

// each does something to every database and prints the versions before and after. What fails on
// one does not keep it from the others.
func (o *migrateOptions) each(cmd *cobra.Command, do func(context.Context, migrator) error, checks ...func([]database) error) error {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	found, err := o.databases(ctx)
	if err != nil {
		return err
	}
	for _, check := range checks {
		if err := check(found); err != nil {
			return err
		}
	}
	logger, closeLog, err := ownlog.New(ownlog.Config{Level: "info", Format: "console"})
	if err != nil {
		return err
	}
	var errs []error
	for _, one := range found {
		if err := one.do(ctx, out, logger, do); err != nil {
			errs = append(errs, fmt.Errorf("%s at %s: %w", one.of, one.where, err))
		}
	}
	return errors.Join(errors.Join(errs...), closeLog(ctx))
}

func (d database) do(ctx context.Context, out io.Writer, logger *zap.Logger, do func(context.Context, migrator) error) (err error) {
	m, err := d.open(ctx, logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	before, err := m.Status(ctx)
	if err != nil {
		return err
	}
	if err := do(ctx, m); err != nil {
		return err
	}
	after, err := m.Status(ctx)
	if err != nil {
		return err
	}
	if before.version == after.version {
		fmt.Fprintf(out, "%s at %s: version %d, nothing to do\n", d.of, d.where, after.version)
	} else {
		fmt.Fprintf(out, "%s at %s: version %d, was %d\n", d.of, d.where, after.version, before.version)
	}
	return nil
}

// printStatus prints a line for each database.
func printStatus(ctx context.Context, out io.Writer, found []database) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "DATABASE\tWHERE\tENGINE\tVERSION\tNEWEST\tSTATE")
	var errs []error
	pending := false
	for _, one := range found {
		at, err := one.status(ctx)
		state := at.state()
		if err != nil {
			errs = append(errs, fmt.Errorf("%s at %s: %w", one.of, one.where, err))
			state = "away"
		} else if at.dirty || at.version > at.newest {
			errs = append(errs, errcode.New(errcode.Unavailable, "%s at %s: %s", one.of, one.where, state))
		}
		pending = pending || len(at.pending) > 0
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%s\n", one.of, one.where, at.engine, at.version, at.newest, state)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if len(errs) == 0 && pending {
		return errPending
	}
	return errors.Join(errs...)
}

func (d database) status(ctx context.Context) (at tables, err error) {
	m, err := d.open(ctx, zap.NewNop())
	if err != nil {
		return at, err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	return m.Status(ctx)
}

// state is what a version means, in words.
func (t tables) state() string {
	switch {
	case t.version > t.newest:
		return "written by a newer Pharos; run that one"
	case t.dirty:
		return fmt.Sprintf("migration %d was left unfinished by another tool; `pharos migrate up` says what to do", t.version)
	case len(t.pending) > 0:
		return fmt.Sprintf("%d steps to take", len(t.pending))
	}
	return "up to date"
}
