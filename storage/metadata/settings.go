package metadata

import (
	"context"
	"time"
)

// Setting returns the value of a setting; NotFound when it was never set.
func (q *Queries) Setting(ctx context.Context, key string) (string, error) {
	var value string
	err := q.run.QueryRowContext(ctx, "SELECT value FROM pharos.settings WHERE key = $1", key).Scan(&value)
	return value, q.err("read setting "+key, err)
}

// SetSetting sets a setting.
func (q *Queries) SetSetting(ctx context.Context, key, value string) error {
	_, err := q.exec(ctx, "set setting "+key, `INSERT INTO pharos.settings (key, value, updated_at) VALUES ($1, $2, $3)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`,
		key, value, at(time.Now()))
	return err
}

// SettingOr returns the value of a setting, and sets it to value first when it was never set.
// Of several that set it at once one wins, and all return its value.
func (q *Queries) SettingOr(ctx context.Context, key, value string) (string, error) {
	_, err := q.exec(ctx, "set setting "+key, `INSERT INTO pharos.settings (key, value, updated_at) VALUES ($1, $2, $3)
		ON CONFLICT (key) DO NOTHING`, key, value, at(time.Now()))
	if err != nil {
		return "", err
	}
	return q.Setting(ctx, key)
}
