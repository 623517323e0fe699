package logs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/encoding"
	"go.uber.org/zap"
)

// quarantine moves the days that the engine would panic on out of its folder: those with
// missing or cut files, or with an index that can't be read. It reads the indexes and no values.
func quarantine(engineDir, quarantineDir string, logger *zap.Logger) error {
	partitions := filepath.Join(engineDir, "partitions")
	days, err := os.ReadDir(partitions)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("check log store: %w", err)
	}
	for _, day := range days {
		if !day.IsDir() || strings.HasPrefix(day.Name(), ".") {
			continue
		}
		path := filepath.Join(partitions, day.Name())
		damage := checkPartition(path)
		if damage == nil {
			continue
		}
		if err := moveAway(path, quarantineDir, damage, logger); err != nil {
			return err
		}
	}
	return nil
}

// moveAway puts a damaged day where the engine does not see it.
func moveAway(path, quarantineDir string, damage error, logger *zap.Logger) error {
	if err := os.MkdirAll(quarantineDir, 0o750); err != nil {
		return fmt.Errorf("quarantine a damaged day of logs: %w", err)
	}
	day := filepath.Base(path)
	target := filepath.Join(quarantineDir, day+"-"+time.Now().UTC().Format("20060102T150405.000"))
	if err := os.Rename(path, target); err != nil {
		return fmt.Errorf("quarantine a damaged day of logs: %w", err)
	}
	logger.Error("a day of logs is damaged and was moved away; its records are not found until the folder is restored from a backup",
		zap.String("day", day), zap.String("moved_to", target), zap.Error(damage))
	return nil
}

// checkPartition says what is wrong with a day; nil when the engine can open it.
func checkPartition(path string) error {
	if _, err := os.Stat(filepath.Join(path, "datadb")); errors.Is(err, fs.ErrNotExist) {
		return nil // half created when the process died; the engine mends that
	}
	if _, err := time.Parse(dayLayout, filepath.Base(path)); err != nil {
		return fmt.Errorf("folder is not named like a day: %w", err)
	}
	if _, err := os.Stat(filepath.Join(path, "indexdb")); err != nil {
		return fmt.Errorf("index of streams is missing: %w", err)
	}
	if err := checkParts(filepath.Join(path, "indexdb"), checkIndexPart); err != nil {
		return err
	}
	return checkParts(filepath.Join(path, "datadb"), checkDataPart)
}

// checkParts checks the parts that the list of parts names.
func checkParts(dir string, check func(path string) error) error {
	text, err := os.ReadFile(filepath.Join(dir, "parts.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return checkNoParts(dir)
	}
	if err != nil {
		return err
	}
	var names []string
	if err := json.Unmarshal(text, &names); err != nil {
		return fmt.Errorf("read %s: %w", filepath.Join(dir, "parts.json"), err)
	}
	for _, name := range names {
		part := filepath.Join(dir, name)
		if err := check(part); err != nil {
			return fmt.Errorf("part %s: %w", part, err)
		}
	}
	return nil
}

// checkNoParts says whether a folder without a list of parts was left by its creation.
func checkNoParts(dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, file := range files {
		if file.IsDir() {
			return fmt.Errorf("list of parts is missing in %s", dir)
		}
	}
	return nil
}

// dataPart is what the engine writes about a part of rows.
type dataPart struct {
	FormatVersion          uint
	CompressedSizeBytes    int64
	RowsCount              uint64
	BlocksCount            uint64
	MinTimestamp           int64
	MaxTimestamp           int64
	BloomValuesShardsCount uint64
}

// maxFormat is the newest format of parts that the engine reads.
const maxFormat = 3

func checkDataPart(path string) error {
	var header dataPart
	if err := readHeader(path, &header); err != nil {
		return err
	}
	switch {
	case header.FormatVersion > maxFormat:
		return fmt.Errorf("format %d is newer than this program knows", header.FormatVersion)
	case header.MinTimestamp > header.MaxTimestamp, header.BlocksCount > header.RowsCount, header.RowsCount == 0:
		return errors.New("metadata.json holds impossible values")
	}
	names := []string{
		"metaindex.bin", "index.bin", "columns_header_index.bin", "columns_header.bin", "column_names.bin",
		"column_idxs.bin", "timestamps.bin", "message_bloom.bin", "message_values.bin",
	}
	for shard := range header.BloomValuesShardsCount {
		names = append(names, fmt.Sprintf("bloom.bin%d", shard), fmt.Sprintf("values.bin%d", shard))
	}
	size, err := totalSize(path, names)
	if err != nil {
		return err
	}
	if size != header.CompressedSizeBytes {
		return fmt.Errorf("files have %d bytes, and metadata.json says %d", size, header.CompressedSizeBytes)
	}
	for _, name := range []string{"metaindex.bin", "column_names.bin"} {
		if err := checkCompressed(filepath.Join(path, name)); err != nil {
			return err
		}
	}
	return nil
}

func checkIndexPart(path string) error {
	var header struct{ ItemsCount, BlocksCount uint64 }
	if err := readHeader(path, &header); err != nil {
		return err
	}
	if header.BlocksCount == 0 || header.BlocksCount > header.ItemsCount {
		return errors.New("metadata.json holds impossible values")
	}
	if _, err := totalSize(path, []string{"metaindex.bin", "index.bin", "items.bin", "lens.bin"}); err != nil {
		return err
	}
	return checkCompressed(filepath.Join(path, "metaindex.bin"))
}

func readHeader(path string, header any) error {
	text, err := os.ReadFile(filepath.Join(path, "metadata.json"))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, header); err != nil {
		return fmt.Errorf("read metadata.json: %w", err)
	}
	return nil
}

func totalSize(path string, names []string) (int64, error) {
	var size int64
	for _, name := range names {
		info, err := os.Stat(filepath.Join(path, name))
		if err != nil {
			return 0, err
		}
		size += info.Size()
	}
	return size, nil
}

func checkCompressed(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if _, err := encoding.DecompressZSTD(nil, data); err != nil {
		return fmt.Errorf("decompress %s: %w", filepath.Base(path), err)
	}
	return nil
}
