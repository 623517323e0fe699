package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pharos-obs/pharos/agent/plugin"
)

// Config is what users set.
type Config struct {
	DSN          string          `json:"dsn" doc:"Where the server is: postgres://user@host:5432/database?sslmode=require, or host=... user=... dbname=...; the role needs the rights of pg_monitor." secret:"true"`
	PasswordFile string          `json:"password_file" doc:"File that holds the password, so that it is in no configuration."`
	Databases    []string        `json:"databases" doc:"Databases whose tables and indexes are measured; empty means the one of the dsn."`
	Tables       int             `json:"tables" doc:"How many tables of each database are measured: the largest. 0 means none."`
	Indexes      int             `json:"indexes" doc:"How many indexes of each database are measured: the largest. 0 means none."`
	SizeInterval plugin.Duration `json:"size_interval" doc:"How often the sizes of databases are measured, which costs the server more than the rest."`
}

func defaultConfig() *Config {
	return &Config{
		DSN: "postgres://postgres@127.0.0.1:5432/postgres?sslmode=prefer", Tables: 20, Indexes: 20, SizeInterval: plugin.Duration(time.Minute),
	}
}

// Validate says what is wrong with the settings.
func (c *Config) Validate() error {
	var errs []error
	if _, err := c.connection(); err != nil {
		errs = append(errs, err)
	}
	if c.Tables < 0 || c.Tables > 1000 {
		errs = append(errs, plugin.Field("tables", "is %d: use 0 to 1000", c.Tables))
	}
	if c.Indexes < 0 || c.Indexes > 1000 {
		errs = append(errs, plugin.Field("indexes", "is %d: use 0 to 1000", c.Indexes))
	}
	if c.SizeInterval < plugin.Duration(time.Second) {
		errs = append(errs, plugin.Field("size_interval", "is %s: use at least 1s", time.Duration(c.SizeInterval)))
	}
	return errors.Join(errs...)
}

// connection returns how to connect. It reads the password anew, so that one that has changed is
// taken.
func (c *Config) connection() (*pgx.ConnConfig, error) {
	parsed, err := pgx.ParseConfig(c.DSN)
	if err != nil {
		return nil, plugin.Field("dsn", "%v", err)
	}
	// Statements without names pass through a pool in transaction mode.
	parsed.DefaultQueryExecMode = pgx.QueryExecModeExec
	parsed.StatementCacheCapacity, parsed.DescriptionCacheCapacity = 0, 0
	if parsed.RuntimeParams["application_name"] == "" {
		parsed.RuntimeParams["application_name"] = "pharos-plugin-postgresql"
	}
	if c.PasswordFile != "" {
		content, err := os.ReadFile(c.PasswordFile)
		if err != nil {
			return nil, plugin.Field("password_file", "%v", err)
		}
		parsed.Password = strings.TrimRight(string(content), "\r\n")
	}
	return parsed, nil
}

// names returns the databases whose tables are measured.
func (c *Config) names(parsed *pgx.ConnConfig) []string {
	if len(c.Databases) > 0 {
		return c.Databases
	}
	return []string{parsed.Database}
}

// place describes a server without its password.
func place(parsed *pgx.ConnConfig) string {
	return fmt.Sprintf("%s@%s:%d/%s", parsed.User, parsed.Host, parsed.Port, parsed.Database)
}
