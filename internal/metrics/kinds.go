package metrics

import (
	"iter"
	"sync/atomic"
)

// Counter only grows. The zero value is ready, and any goroutine may use it.
type Counter struct{ total, mark atomic.Int64 }

// Inc adds one.
func (c *Counter) Inc() { c.total.Add(1) }

// Value is what was counted since the start.
func (c *Counter) Value() int64 { return c.total.Load() }

// Since is what was counted since the last Mark.
func (c *Counter) Since() int64 { return c.total.Load() - c.mark.Load() }

// Mark makes Since begin anew.
func (c *Counter) Mark() { c.mark.Store(c.total.Load()) }

// Gauge goes up and down. The zero value is ready, and any goroutine may use it.
type Gauge struct{ value atomic.Int64 }

// Add adds to it; a negative number takes away.
func (g *Gauge) Add(n int64) { g.value.Add(n) }

// Value is the present value.
func (g *Gauge) Value() int64 { return g.value.Load() }

// CounterFunc tells a number that only grows and that its owner keeps. Nil tells nothing.
type CounterFunc func() int64

// GaugeFunc tells a number that its owner keeps. Nil tells nothing.
type GaugeFunc func() int64

// LabelledCounters tells numbers that only grow, each with its label. Nil tells nothing.
type LabelledCounters func() iter.Seq2[string, int64]

// Histograms tells distributions of times, each with its label. Nil tells nothing.
type Histograms func() iter.Seq2[string, *Times]
