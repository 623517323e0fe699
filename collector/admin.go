package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/extensions/backendextension"
	"github.com/pharos-obs/pharos/extensions/storageextension"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage/metadata"
)

// adminCommand works on the metadata database beside a running server.
func adminCommand() *cobra.Command {
	var dataDir, email string
	cmd := &cobra.Command{
		Use:     "admin",
		Short:   "Get back in: login links and passwords",
		Example: "  pharos admin login-link\n  pharos admin reset-password --email admin@localhost",
	}
	cmd.PersistentFlags().StringVar(&dataDir, "data-dir", "./data", "folder of the server's data")
	cmd.PersistentFlags().StringVar(&email, "email", auth.DefaultAdmin, "the user's email")
	cmd.AddCommand(&cobra.Command{
		Use:     "login-link",
		Short:   "Print a link that logs in once, for ten minutes",
		Example: "  pharos admin login-link --data-dir ./data",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			link, err := loginLinkFor(cmd.Context(), dataDir, email, "")
			if err == nil {
				fmt.Fprintln(cmd.OutOrStdout(), link)
			}
			return err
		},
	}, &cobra.Command{
		Use:     "reset-password",
		Short:   "Give a user a new random password and print it; it ends the user's sessions",
		Example: "  pharos admin reset-password --email admin@localhost",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withAuth(cmd.Context(), dataDir, func(service *auth.Service) error {
				password, err := service.ResetPassword(cmd.Context(), email)
				if err != nil {
					return fmt.Errorf("reset the password of %s: %w", email, err)
				}
				fmt.Fprintln(cmd.OutOrStdout(), password)
				return backendextension.ForgetPassword(bootstrapPath(dataDir), email)
			})
		},
	}, readLogsCommand(&dataDir))
	return cmd
}

// readLogsCommand is what a server runs at its start when the log engine has ended the process
// before: a damaged day ends this process only.
func readLogsCommand(dataDir *string) *cobra.Command {
	var day string
	cmd := &cobra.Command{
		Use:     "read-logs",
		Short:   "Read every log record of a day, to find out whether it is damaged",
		Example: "  pharos admin read-logs --day 20261124",
		Args:    cobra.NoArgs,
		Hidden:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return storageextension.ReadDay(cmd.Context(), *dataDir, day)
		},
	}
	cmd.Flags().StringVar(&day, "day", "", "the day, as the folder's name")
	return cmd
}

func bootstrapPath(dataDir string) string { return filepath.Join(dataDir, "bootstrap.json") }

// withAuth opens the metadata of a data folder, which a running server may use at the same time.
func withAuth(ctx context.Context, dataDir string, work func(*auth.Service) error) (err error) {
	path := filepath.Join(dataDir, "metadata.db")
	if _, err := os.Stat(path); err != nil {
		return errcode.InvalidField("--data-dir", "there is no metadata.db in "+dataDir, "name the folder that the server was started with")
	}
	db, err := metadata.Open(ctx, metadata.Config{Path: path}, zap.NewNop())
	if err != nil {
		return fmt.Errorf("open the metadata store: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	service := auth.New(db, auth.Config{}, zap.NewNop())
	if err := service.Start(ctx); err != nil {
		return fmt.Errorf("read users and keys: %w", err)
	}
	defer service.Close(ctx)
	return work(service)
}

// loginLink returns a link that logs the first admin in.
func loginLink(ctx context.Context, dataDir, url string) (string, error) {
	return loginLinkFor(ctx, dataDir, auth.DefaultAdmin, url)
}

// loginLinkFor returns a link that logs a user in. An empty url means that of the first start.
func loginLinkFor(ctx context.Context, dataDir, email, url string) (string, error) {
	if url == "" {
		url = recordedURL(dataDir)
	}
	var token string
	err := withAuth(ctx, dataDir, func(service *auth.Service) error {
		link, err := service.NewLoginLink(ctx, email)
		token = link.Token
		return err
	})
	if err != nil {
		return "", fmt.Errorf("make a login link for %s: %w", email, err)
	}
	return url + "/login?once=" + token, nil
}

// recordedURL is the URL that the first start wrote down, or the default.
func recordedURL(dataDir string) string {
	var recorded struct {
		URL string `json:"url"`
	}
	content, err := os.ReadFile(bootstrapPath(dataDir))
	if err == nil && json.Unmarshal(content, &recorded) == nil && recorded.URL != "" {
		return recorded.URL
	}
	return "http://127.0.0.1:8080"
}
