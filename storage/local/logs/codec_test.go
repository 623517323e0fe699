package logs

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/storage/logfilter"
)

func TestRowsRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var rows []row
	for i := range 500 {
		r := row{time: int64(random.Uint64()), batch: fmt.Sprint("b", i/100), ordinal: uint64(random.IntN(1000))}
		for j := range random.IntN(6) {
			r.fields = append(r.fields, logfilter.Field{Name: fmt.Sprint("n", j, random.IntN(2)), Value: fmt.Sprint(random.IntN(3))})
		}
		rows = append(rows, r)
	}
	var encoder rowEncoder
	for range 2 { // the second time with used buffers
		encoder.reset(7, 1234)
		for i := range rows {
			encoder.add(&rows[i])
		}
	}
	d := newRowDecoder(encoder.buf)
	assert.Equal(t, uint32(7), d.org)
	assert.Equal(t, int64(1234), d.written)
	for i := range rows {
		require.True(t, d.next())
		got := d.current()
		assert.Equal(t, rows[i].time, got.time)
		assert.Equal(t, rows[i].batch, got.batch)
		assert.Equal(t, rows[i].ordinal, got.ordinal)
		assert.ElementsMatch(t, rows[i].fields, got.fields)
	}
	assert.False(t, d.next())
	require.NoError(t, d.err)
}

// FuzzDecode holds that no record panics or asks for memory it has no bytes for.
func FuzzDecode(f *testing.F) {
	var encoder rowEncoder
	encoder.reset(1, 2)
	encoder.add(&row{time: 1, batch: "b", ordinal: 3, fields: []logfilter.Field{{Name: "a", Value: "x"}}})
	encoder.add(&row{time: 2, batch: "b", ordinal: 4, fields: []logfilter.Field{{Name: "a", Value: "x"}}})
	f.Add(encoder.buf)
	f.Add(appendIDs(nil, seenKey{1, "b"}, seenEntry{spans{{1, 2}}, 3}))
	f.Fuzz(func(_ *testing.T, record []byte) {
		d := newRowDecoder(record)
		for d.next() {
			d.current()
		}
		_, _, _ = decodeIDs(record)
		if len(record) > 0 {
			_, _ = decodeDeletion(record)
		}
	})
}

func TestIDsRoundTrip(t *testing.T) {
	key, entry := seenKey{5, "batch"}, seenEntry{spans{{0, 9}, {20, 20}}, 77}
	gotKey, gotEntry, err := decodeIDs(appendIDs(nil, key, entry))
	require.NoError(t, err)
	assert.Equal(t, key, gotKey)
	assert.Equal(t, entry, gotEntry)
	_, _, err = decodeIDs([]byte{kindIDs, 1})
	assert.ErrorIs(t, err, errBadRecord)
}

func TestSpans(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		var set spans
		model := map[uint64]bool{}
		for range 30 {
			first := uint64(random.IntN(60))
			last := first + uint64(random.IntN(5))
			overlaps := false
			for n := first; n <= last; n++ {
				overlaps = overlaps || model[n]
				model[n] = true
			}
			assert.Equal(t, overlaps, set.overlaps(spans{{first, last}}))
			set = set.add(span{first, last})
		}
		for n := range uint64(70) {
			assert.Equal(t, model[n], set.contains(n), "%d in %v", n, set)
		}
		for i := 1; i < len(set); i++ {
			assert.Greater(t, set[i].first, set[i-1].last+1, "%v", set)
		}
	}
}
