package queue

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Variables of the process that TestKilled kills.
const (
	killDir  = "QUEUE_TEST_DIR"
	killNext = "QUEUE_TEST_NEXT"
	killSeed = "QUEUE_TEST_SEED"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(killDir); dir != "" {
		fmt.Println("x", work(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// work appends numbers for ever and takes them, with splits between. It says `t 7` when 7 was
// taken into the queue, `s 7` when it was sent, and `d` when the queue was told so.
func work(dir string) error {
	next, err := strconv.ParseUint(os.Getenv(killNext), 10, 64)
	if err != nil {
		return err
	}
	seed, err := strconv.ParseUint(os.Getenv(killSeed), 10, 64)
	if err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(seed, 2))
	q, err := Open(dir, Options{
		MaxBytes: 64 << 20, SegmentBytes: 4 << 10, Sync: seed%4 == 0, Now: time.Now,
		Dropped: func(reason string, records, _ int) { fmt.Println("x", reason, records) },
	})
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() {
		for ; ; next++ {
			if err := q.Append(append(number(next), make([]byte, random.IntN(300))...), 1); err != nil {
				failed <- err
				return
			}
			fmt.Println("t", next)
		}
	}()
	for round := seed; ; round++ {
		batch, err := q.Take(context.Background(), 1000)
		if err != nil {
			return err
		}
		if round%3 == 0 { // the server is away
			batch.Return()
			if round%9 == 0 {
				err = q.Split()
			}
		} else {
			for _, n := range numbers(batch) {
				fmt.Println("s", n)
			}
			err = batch.Done()
			fmt.Println("d")
		}
		select {
		case err = <-failed:
		default:
		}
		if err != nil {
			return err
		}
	}
}

// ledger is what the processes have said.
type ledger struct {
	taken map[uint64]bool
	sent  map[uint64]int
	open  []uint64 // sent, and the queue may not know
	again map[uint64]bool
}

func (l *ledger) read(from io.Reader) error {
	l.open = nil
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		var what string
		var n uint64
		if lines.Text() == "d" {
			l.open = nil
			continue
		}
		if _, err := fmt.Sscan(lines.Text(), &what, &n); err != nil || what == "x" {
			return fmt.Errorf("the process says %q", lines.Text())
		}
		if what == "t" {
			l.taken[n] = true
			continue
		}
		l.sent[n]++
		l.open = append(l.open, n)
	}
	for _, n := range l.open {
		l.again[n] = true
	}
	return lines.Err()
}

// A process that appends and takes is killed again and again: what it has taken is sent, and only
// what it was just sending comes twice.
func TestKilled(t *testing.T) {
	const rounds = 24
	dir := t.TempDir()
	book := &ledger{taken: map[uint64]bool{}, sent: map[uint64]int{}, again: map[uint64]bool{}}
	random := rand.New(rand.NewPCG(6, 1))
	for round := range rounds {
		command := exec.CommandContext(t.Context(), os.Args[0])
		command.Env = append(os.Environ(), killDir+"="+dir, fmt.Sprintf("%s=%d", killNext, round*1_000_000), fmt.Sprintf("%s=%d", killSeed, round))
		output, err := command.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, command.Start())
		read := make(chan error, 1)
		go func() { read <- book.read(output) }()
		time.Sleep(time.Duration(20+random.IntN(60)) * time.Millisecond)
		require.NoError(t, command.Process.Kill())
		require.NoError(t, <-read)
		require.Error(t, command.Wait())
	}
	lost := losses{}
	opts := options(newClock(), lost)
	q := open(t, dir, opts)
	fresh, backlog := drain(t, q)
	require.NoError(t, q.Close())
	for _, n := range append(fresh, backlog...) {
		book.sent[n]++
	}
	require.NotEmpty(t, book.taken)
	for n := range book.taken {
		require.NotZero(t, book.sent[n], "%d was taken and is lost", n)
	}
	unknown := 0
	for n, times := range book.sent {
		if !book.taken[n] {
			unknown++ // the process died between the queue's word and its own
		}
		if !book.again[n] {
			require.Equal(t, 1, times, "record %d", n)
		}
	}
	assert.LessOrEqual(t, unknown, rounds)
	assert.Empty(t, lost)
	t.Logf("%d records, %d of them sent again", len(book.sent), len(book.again))
}
