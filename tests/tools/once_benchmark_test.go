package tools_test

import (
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
	"github.com/raftredis/raftredis/internal/client"
)

const (
	// onceClients is how many clients BenchmarkOnce has, onceRounds how often it measures each of the two in turn.
	onceClients, onceRounds = 50, 3
	// onceReplyLimit is how long a client waits for one reply.
	onceReplyLimit = 30 * time.Second
)

// BenchmarkOnce has 50 clients SET keys of 64 bytes, as it is and by RAFT.ONCE, in turn, and reports the share of the
// second in the first. It starts three nodes, or takes those that run:
//
//	go test ./tests/tools -run '^$' -bench '^BenchmarkOnce$' -benchtime 5s
//	RAFTREDIS_ADDRESS=127.0.0.1:7001 go test ./tests/tools -run '^$' -bench '^BenchmarkOnce$' -benchtime 5s
//
// redis-benchmark cannot do it: it cannot count sequences.
func BenchmarkOnce(b *testing.B) {
	address := os.Getenv("RAFTREDIS_ADDRESS")
	if address == "" {
		c := blackbox.StartCluster(b, 3)
		address = blackbox.Address(blackbox.Leader(b, c.Nodes).Port)
	}
	var rates [2][onceRounds]float64
	for round := range onceRounds {
		for which, name := range []string{"plain", "once"} {
			b.Run(name+"/"+strconv.Itoa(round+1), func(b *testing.B) {
				setInParallel(b, address, which == 1)
				rates[which][round] = float64(b.N) / b.Elapsed().Seconds()
				b.ReportMetric(rates[which][round], "commands/s")
			})
		}
	}
	for round := range onceRounds {
		b.Logf("round %d: %.0f plain, %.0f by RAFT.ONCE in a second: %.3f", round+1, rates[0][round], rates[1][round],
			rates[1][round]/rates[0][round])
	}
}

func setInParallel(b *testing.B, address string, once bool) {
	connections := make([]*client.Connection, onceClients)
	sessions := make([]string, onceClients)
	for i := range connections {
		c, err := client.Connect(address, onceReplyLimit)
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		opened, err := c.Do("RAFT.SESSION", "OPEN", "TTL", "600000")
		if err != nil || opened.Kind != ':' {
			b.Fatalf("%v %v", opened, err)
		}
		connections[i], sessions[i] = c, opened.Text
	}
	value := string(make([]byte, 64))
	var left atomic.Int64
	left.Store(int64(b.N))
	ended := make(chan error, onceClients)
	b.ResetTimer()
	for i, c := range connections {
		go func() {
			for sequence := 1; left.Add(-1) >= 0; sequence++ {
				args := []string{"SET", "once:" + strconv.Itoa(i*1000+sequence%1000), value}
				if once {
					args = append([]string{"RAFT.ONCE", sessions[i], strconv.Itoa(sequence)}, args...)
				}
				if reply, err := c.Do(args...); err != nil || reply.Text != "OK" {
					ended <- fmt.Errorf("%v %w", reply, err)
					return
				}
			}
			ended <- nil
		}()
	}
	for range connections {
		if err := <-ended; err != nil {
			b.Error(err)
		}
	}
	b.StopTimer()
}
