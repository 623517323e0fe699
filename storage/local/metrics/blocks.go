package metrics

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/prometheus/tsdb"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// checkBlocks opens and closes every block of an organisation's folder, to name one that
// can't be read. The TSDB would refuse to open too, but leaves goroutines and files behind
// each time it does; and a block without a readable meta.json it would leave out.
func checkBlocks(dir string, logger *slog.Logger) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	corrupt := map[blockID]error{}
	var superseded []tsdb.BlockDesc
	for _, entry := range entries {
		id, err := ulid.ParseStrict(entry.Name())
		if err != nil || !entry.IsDir() {
			continue
		}
		block, err := tsdb.OpenBlock(logger, filepath.Join(dir, entry.Name()), nil, nil)
		if err != nil {
			corrupt[id] = err
			continue
		}
		superseded = append(superseded, block.Meta().Compaction.Parents...)
		if err := block.Close(); err != nil {
			corrupt[id] = err
		}
	}
	for _, parent := range superseded {
		delete(corrupt, parent.ULID)
	}
	for id, err := range corrupt {
		path := filepath.Join(dir, id.String())
		coded := errcode.New(errcode.Unavailable, "block %s can't be read: %w", path, err)
		coded.Fix = fmt.Sprintf("move %s out of the way, or bring it back from a backup; the other blocks are not affected", path)
		if errors.Is(err, os.ErrPermission) {
			coded.Fix = "give the user that runs pharos access to the folder"
		}
		return coded
	}
	return nil
}
