package scale

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/raftredis/raftredis/bench/figures"
	"github.com/raftredis/raftredis/bench/work"
)

// chunkBytes is how much is written before each sync when the disk is measured: as much as a group of a log has at
// most, so that the sync costs little of it.
const chunkBytes = 4 << 20

// diskRate is how many bytes a second one process writes to one file, with a sync behind each chunk.
func diskRate(directory string, period time.Duration) (rate float64, err error) {
	path := filepath.Join(directory, "sequential")
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(path)) }()
	chunk := make([]byte, chunkBytes)
	for i := range chunk {
		chunk[i] = byte(i * 7)
	}
	began, written := time.Now(), 0
	for time.Since(began) < period {
		if _, err := f.Write(chunk); err != nil {
			return 0, err
		}
		if err := unix.Fdatasync(int(f.Fd())); err != nil {
			return 0, os.NewSyscallError("fdatasync", err)
		}
		written += chunkBytes
	}
	return float64(written) / time.Since(began).Seconds(), nil
}

// values has a cluster take large values, and compares with the disk, in turns.
func (m *measurement) values(ctx context.Context) (t figures.Table, err error) {
	const keys = 100 // few, so that snapshots are small
	r, err := m.cluster(ctx, "values", 0, 3, 0)
	defer func() { err = r.Remove(err) }()
	if err != nil {
		return t, err
	}
	var disk, nodes, rates []float64
	for range m.Rounds {
		rate, err := diskRate(m.Directory, m.Period)
		if err != nil {
			return t, err
		}
		leader, err := r.Leader()
		if err != nil {
			return t, err
		}
		before, err := written(r.Servers)
		if err != nil {
			return t, err
		}
		began := time.Now()
		s, err := work.Do(ctx, work.Work{
			Ports: []int{r.Servers[leader].Port}, Mix: "set", Clients: clients, Pipeline: 1, Keys: keys,
			ValueBytes: m.LargeBytes, Period: m.Period,
		})
		if err != nil {
			return t, err
		}
		after, err := written(r.Servers)
		if err != nil {
			return t, err
		}
		disk, rates = append(disk, rate), append(rates, s.Rate)
		nodes = append(nodes, float64(after-before)/time.Since(began).Seconds())
	}
	ratio, _ := figures.RatioOf(nodes, disk)
	t = figures.Table{
		Title: fmt.Sprintf("Megabytes a second with values of %d bytes, beside one file with a sync behind each 4 MiB",
			m.LargeBytes),
		Head: figures.AimHead("SETs a second", "all three nodes write", "the disk takes"),
	}
	perSecond, _ := figures.SpreadOf(rates)
	t.Add(writtenShare.Row(ratio, 2, perSecond.Text(0), megabytes(nodes), megabytes(disk))...)
	return t, nil
}

func megabytes(all []float64) string {
	s, _ := figures.SpreadOf(all)
	return figures.Spread{Min: s.Min / 1e6, Median: s.Median / 1e6, Max: s.Max / 1e6}.Text(0)
}
