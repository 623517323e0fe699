package deliveryexporter

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// codec is how a record of the queue is compressed: its first byte.
type codec byte

const (
	codecNone codec = iota
	codecGzip
	codecZstd
)

// encoding returns the name in Content-Encoding, empty without compression.
func (c codec) encoding() string {
	switch c {
	case codecGzip:
		return "gzip"
	case codecZstd:
		return "zstd"
	}
	return ""
}

// window is little, because an agent has to be small; its batches are not much larger.
const window = 128 << 10

// compressor compresses records. It is safe for concurrent use.
type compressor struct {
	codec codec

	mu   sync.Mutex
	gzip *gzip.Writer
	zstd *zstd.Encoder
}

// compressors are those of one program: the pipelines share them, because one takes more than a
// mebibyte.
type compressors struct {
	mu   sync.Mutex
	made map[string]*compressor
}

func (c *compressors) get(name string) (*compressor, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.made[name]; ok {
		return known, nil
	}
	made, err := newCompressor(name)
	if err == nil {
		if c.made == nil {
			c.made = map[string]*compressor{}
		}
		c.made[name] = made
	}
	return made, err
}

func newCompressor(name string) (*compressor, error) {
	switch name {
	case "gzip":
		writer, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
		return &compressor{codec: codecGzip, gzip: writer}, err
	case "zstd":
		encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
			zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(window))
		return &compressor{codec: codecZstd, zstd: encoder}, err
	}
	return &compressor{codec: codecNone}, nil
}

// record returns the form in the queue: the codec, then the content.
func (c *compressor) record(content []byte) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch c.codec {
	case codecGzip:
		var buf bytes.Buffer
		buf.WriteByte(byte(codecGzip))
		c.gzip.Reset(&buf)
		if _, err := c.gzip.Write(content); err != nil {
			return nil, err
		}
		err := c.gzip.Close() // it writes the rest
		return buf.Bytes(), err
	case codecZstd:
		return c.zstd.EncodeAll(content, append(make([]byte, 0, len(content)/4+64), byte(codecZstd))), nil
	}
	return append([]byte{byte(codecNone)}, content...), nil
}

// size returns how many bytes were compressed, as the compressed form says.
func (c codec) size(compressed []byte) int {
	switch c {
	case codecGzip:
		if len(compressed) >= 4 {
			return int(binary.LittleEndian.Uint32(compressed[len(compressed)-4:]))
		}
	case codecZstd:
		var header zstd.Header
		if header.Decode(compressed) == nil && header.HasFCS {
			return int(min(header.FrameContentSize, math.MaxInt32))
		}
	}
	return len(compressed)
}

// content returns what was compressed; several streams one after the other give their contents
// one after the other.
func (c codec) content(compressed []byte) ([]byte, error) {
	switch c {
	case codecNone:
		return compressed, nil
	case codecGzip:
		reader, err := gzip.NewReader(bytes.NewReader(compressed))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(reader)
	case codecZstd:
		reader, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, err
		}
		defer reader.Close()
		return reader.DecodeAll(compressed, nil)
	}
	return nil, fmt.Errorf("a record is compressed in a way that this agent does not know: %d", c)
}
