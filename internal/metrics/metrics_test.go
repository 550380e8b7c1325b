package metrics

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// gathered is what a scrape reads: the values by name and label.
func gathered(t *testing.T, s *Set) map[string]float64 {
	t.Helper()
	families, err := s.Gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := make(map[string]float64)
	for _, family := range families {
		for _, m := range family.Metric {
			name := family.GetName()
			for _, label := range m.Label {
				name += " " + label.GetValue()
			}
			switch {
			case m.Counter != nil:
				values[name] = m.Counter.GetValue()
			case m.Gauge != nil:
				values[name] = m.Gauge.GetValue()
			case m.Histogram != nil:
				values[name+" count"] = float64(m.Histogram.GetSampleCount())
				values[name+" sum"] = m.Histogram.GetSampleSum()
				for _, bucket := range m.Histogram.Bucket {
					values[fmt.Sprint(name, " ", bucket.GetUpperBound())] = float64(bucket.GetCumulativeCount())
				}
			}
		}
	}
	return values
}

func TestAScrapeReadsEveryRow(t *testing.T) {
	s := New()
	calls := NewCalls([]string{"get", "set"})
	calls.Fill(s)
	s.Accepted.Inc()
	s.Clients.Add(3)
	s.MemoryUsed = func() int64 { return 77 }
	shard := calls.Shard(1)
	shard.Commands.Add(2)
	shard.Executed(0, 2, 20*time.Microsecond)
	calls.Shard(2).Executed(0, 1, time.Second)
	shard.Answered(0, []byte("-WRONGTYPE text\r\n"))
	shard.Answered(0, []byte("-\xff\xfe\r\n"))
	shard.Rejected(1)
	got := gathered(t, s)
	for name, want := range map[string]float64{
		"raftredis_connections_received_total": 1, "raftredis_connected_clients": 3, "raftredis_memory_used_bytes": 77,
		"raftredis_commands_total": 2, "raftredis_command_calls_total get": 3, "raftredis_command_failed_total get": 2,
		"raftredis_command_rejected_total set": 1, "raftredis_error_kind_replies_total WRONGTYPE": 1,
		"raftredis_error_replies_total": 2, "raftredis_command_seconds get count": 3,
		"raftredis_command_seconds get sum": 1.00004, "raftredis_command_seconds get 3.2e-05": 2,
		"raftredis_command_seconds get 1.6e-05": 0, "raftredis_command_seconds get 1.048576": 3,
	} {
		if value, there := got[name]; !there || value != want {
			t.Errorf("%s is %v, want %v", name, value, want)
		}
	}
}

func TestARowThatHidesItsUnitOrSaysNothingIsRefused(t *testing.T) {
	for _, row := range [][3]string{
		{"memory", "bytes", "Sentence."}, {"memory_bytes", "bytes", "no sentence"}, {"memory_bytes", "bytes", ""},
	} {
		if err := check(row[0], row[1], row[2]); err == nil {
			t.Errorf("%q is accepted", row)
		}
	}
	if err := check("input_bytes_total", "bytes", "Bytes."); err != nil {
		t.Error(err)
	}
}

func TestAMarkChangesWhatCameSinceAndNothingElse(t *testing.T) {
	s := New()
	calls := NewCalls([]string{"get"})
	shard := calls.Shard(0)
	count := func() {
		s.Accepted.Inc()
		shard.Commands.Add(1)
		shard.Executed(0, 1, time.Millisecond)
		shard.Answered(0, []byte("-ERR x\r\n"))
		shard.Rejected(0)
	}
	count()
	s.Mark()
	calls.Mark()
	if total := calls.Since(0); *total != (Total{}) || s.Accepted.Since() != 0 || calls.AllErrors() != 0 ||
		calls.Traffic() != (Traffic{}) {
		t.Fatalf("%d calls, %d connections, %d errors since the mark", total.Calls, s.Accepted.Since(), calls.AllErrors())
	}
	for word, n := range calls.Errors() {
		t.Errorf("%d errors %s since the mark", n, word)
	}
	count()
	if total := calls.Since(0); total.Calls != 1 || total.Failed != 1 || total.Rejected != 1 || total.Times.Count() != 1 ||
		total.Micros != 1000 {
		t.Fatalf("since the mark: %d calls, %d failed, %d rejected", total.Calls, total.Failed, total.Rejected)
	}
	if s.Accepted.Value() != 2 || calls.total(0).Calls != 2 {
		t.Fatalf("%d connections and %d calls since the start", s.Accepted.Value(), calls.total(0).Calls)
	}
}

func TestNoTimeIsToldByMoreThanAnEighthTooHigh(t *testing.T) {
	const seed, rounds = 8, 100_000
	random := rand.New(rand.NewPCG(seed, 0))
	last := int64(-1)
	for i := range steps {
		if stepOf(maxMicros(i)) != i || maxMicros(i) <= last {
			t.Fatalf("step %d holds values up to %d, which is counted at %d", i, maxMicros(i), stepOf(maxMicros(i)))
		}
		last = maxMicros(i)
	}
	for range rounds {
		value := random.Int64() >> (23 + random.IntN(40))
		if bucket := maxMicros(stepOf(value)); bucket < value || bucket-value > value/8 {
			t.Fatalf("seed %d: %d is told as %d", seed, value, bucket)
		}
	}
	if stepOf(1<<62) != steps-1 || stepOf(-1) != 0 {
		t.Error("values beyond both ends are not counted at the ends")
	}
}

func TestKindsOfErrorsAreBounded(t *testing.T) {
	c := NewCalls(nil)
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for i := range 1000 {
				c.Failed(fmt.Appendf(nil, "-KIND%d text\r\n", i))
			}
		})
	}
	writers.Wait()
	kinds := 0
	for word, n := range c.Errors() {
		kinds++
		if n != 4 {
			t.Errorf("%d of %s", n, word)
		}
	}
	if kinds != maxErrorKinds || c.AllErrors() != 4000 {
		t.Errorf("%d kinds, %d errors", kinds, c.AllErrors())
	}
}

// What a command costs here, and what it would cost by the counters and histograms of the Prometheus library.
func BenchmarkCommand(b *testing.B) {
	b.Run("shard", func(b *testing.B) {
		calls := NewCalls([]string{"get"})
		b.RunParallel(func(pb *testing.PB) {
			shard := calls.Shard(rand.Int64N(shards))
			for pb.Next() {
				shard.Commands.Add(1)
				shard.Executed(0, 1, 100*time.Microsecond)
			}
		})
	})
	b.Run("prometheus", func(b *testing.B) {
		commands := prometheus.NewCounter(prometheus.CounterOpts{Name: "commands"})
		calls := prometheus.NewCounter(prometheus.CounterOpts{Name: "calls"})
		times := prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "seconds", Buckets: prometheus.ExponentialBuckets(16e-6, 2, 23),
		})
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				commands.Inc()
				calls.Inc()
				times.Observe(100e-6)
			}
		})
	})
}
