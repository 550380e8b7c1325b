package scale

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/raftredis/raftredis/bench/figures"
	"github.com/raftredis/raftredis/bench/process"
	"github.com/raftredis/raftredis/internal/client"
)

// written is what all servers have had the disk write.
func written(all []*process.Server) (sum int64, err error) {
	for _, s := range all {
		b, err := s.Bytes()
		if err != nil {
			return 0, err
		}
		sum += b.Written
	}
	return sum, nil
}

// sleepers are connections that were used once, and do nothing any more.
type sleepers []*client.Connection

// sleep opens connections.
func sleep(port, n int) (s sleepers, err error) {
	const limit = 30 * time.Second
	for range n {
		c, err := client.Connect(fmt.Sprintf("127.0.0.1:%d", port), limit)
		if err != nil {
			return s, err
		}
		s = append(s, c)
		if _, err := c.Do("PING"); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (s sleepers) close() {
	for _, c := range s {
		c.Close()
	}
}

// idle measures SETs and GETs with and without connections to the leader that do nothing.
func (m *measurement) idle(ctx context.Context) (t figures.Table, err error) {
	const spare = 1000
	keys := m.Keys[0]
	r, err := m.cluster(ctx, "idle", 0, 3, keys, "--maxclients", strconv.Itoa(m.Idle+spare))
	defer func() { err = r.Remove(err) }()
	if err != nil {
		return t, err
	}
	leader, err := r.Leader()
	if err != nil {
		return t, err
	}
	server := r.Servers[leader]
	mixes := []string{"set", "get"}
	alone, beside := map[string][]float64{}, map[string][]float64{}
	var sizes []float64
	rates := func(into map[string][]float64) error {
		for _, mix := range mixes {
			_, s, err := costOf(ctx, r, m.shape(mix, 1, keys))
			if err != nil {
				return err
			}
			into[mix] = append(into[mix], s.Rate)
		}
		return nil
	}
	with := func() error {
		before, err := server.Bytes()
		if err != nil {
			return err
		}
		all, err := sleep(server.Port, m.Idle)
		defer all.close()
		after, sizeErr := server.Bytes()
		if err = errors.Join(err, sizeErr); err != nil {
			return err
		}
		sizes = append(sizes, float64(after.Own-before.Own)/float64(m.Idle)/(1<<10))
		return rates(beside)
	}
	for range m.Rounds {
		if err := errors.Join(rates(alone), with()); err != nil {
			return t, err
		}
	}
	t = figures.Table{
		Title: fmt.Sprintf("%d connections that do nothing", m.Idle), Head: figures.AimHead("", "without", "with"),
	}
	for _, mix := range mixes {
		a, _ := figures.SpreadOf(alone[mix])
		b, _ := figures.SpreadOf(beside[mix])
		ratio, _ := figures.RatioOf(beside[mix], alone[mix])
		t.Add(idleSpeed.Row(ratio, 2, mix+" a second, c=50", a.Text(0), b.Text(0))...)
	}
	// Only the first time is all of it new: later ones use again what the process still has.
	size, _ := figures.SpreadOf(sizes[:1])
	t.Add(idleBytes.Row(size, 1, "KiB for each of them", "", "")...)
	return t, nil
}
