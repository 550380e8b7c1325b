package server

import (
	"bytes"
	"log/slog"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus"
)

func TestMemory_TheHeapGetsMostOfAContainer(t *testing.T) {
	const mib = 1 << 20
	for container, want := range map[int64]int64{
		256 * mib: 256*mib - 256*mib/5, 20 * mib: 20 * mib, 32 * mib: 32 * mib, 40 * mib: 32 * mib,
		41 * mib: 41*mib - 41*mib/5, 2560 * mib: 2048 * mib, 2561 * mib: 2049 * mib, 64 << 30: 64<<30 - 512*mib,
	} {
		if got := shareOfHeap(container); got != want {
			t.Errorf("of %d the heap gets %d, want %d", container, got, want)
		}
	}
}

func TestMemory_BuffersFitInAContainer(t *testing.T) {
	const mib = 1 << 20
	whole := int64(consensus.DefaultOptions().MaxWaitingBytes)
	for _, c := range []struct{ heap, maxMemory, waiting, input, replies int64 }{
		{0, 0, whole, 0, 0}, {200 * mib, 0, 25 * mib, 25 * mib, 25 * mib},
		{200 * mib, 160 * mib, 10 * mib, 10 * mib, 10 * mib},
		{200 * mib, 199 * mib, 25 * mib / 4, 25 * mib / 4, 25 * mib / 4},
		{200 * mib, 300 * mib, 25 * mib, 25 * mib, 25 * mib}, {20 * mib, 0, 4 * mib, 4 * mib, 4 * mib},
		{2048 * mib, 0, whole, 256 * mib, 256 * mib}, {1 << 40, 0, whole, 2 << 30, 1 << 37},
	} {
		config := NewConfig()
		config.tuning.MaxMemoryBytes.Store(c.maxMemory)
		config.fitBuffers(c.heap)
		waiting, input := int64(config.node.MaxWaitingBytes), config.front.Limits.MaxInputBytes
		replies := config.tuning.Output.Replies().Load()
		if waiting != c.waiting || input != c.input || replies != c.replies {
			t.Errorf("of %d with maxmemory %d, %d are for commands that wait, %d for requests, %d for one reply",
				c.heap, c.maxMemory, waiting, input, replies)
		}
	}
	config := NewConfig()
	row := config.row("client-output-buffer-limit")
	if problem := assign(row, row.Name, []string{"normal", "7mb", "0", "0"}); problem != "" {
		t.Fatal(problem)
	}
	config.given[row] = true
	if config.fitBuffers(200 * mib); config.tuning.Output.Replies().Load() != 7*mib {
		t.Errorf("a limit that was given becomes %d", config.tuning.Output.Replies().Load())
	}
}

func TestMemory_IsToldInOneLine(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	t.Setenv("GOGC", "")
	for _, own := range []string{"", "1GiB"} {
		t.Setenv("GOMEMLIMIT", own)
		var log bytes.Buffer
		c := NewConfig()
		c.fitMemory(slog.New(slog.NewTextHandler(&log, nil)))
		if c.front.Memory.SystemBytes < 1<<20 {
			t.Errorf("the machine has %d bytes of memory", c.front.Memory.SystemBytes)
		}
		if given := c.front.Memory.SetHeapLimit == nil; given != (own != "") {
			t.Errorf("with GOMEMLIMIT=%q, somebody else decides: %t", own, given)
		}
		if text := log.String(); strings.Count(text, "\n") != 1 || strings.Contains(text, "GOMEMLIMIT") != (own != "") {
			t.Errorf("with GOMEMLIMIT=%q the log says %q", own, text)
		}
	}
	for _, own := range []string{"", "100", "off"} {
		t.Setenv("GOGC", own)
		var log bytes.Buffer
		c := NewConfig()
		c.fitMemory(slog.New(slog.NewTextHandler(&log, nil)))
		given, text := c.front.Memory.SetPercent == nil, log.String()
		if given != (own != "") || strings.Contains(text, "GOGC") != given {
			t.Errorf("with GOGC=%q, somebody else decides: %t; the log says %q", own, given, text)
		}
		if never := c.front.Memory.CollectsNever; never != (own == "off") {
			t.Errorf("with GOGC=%q, nothing collects: %t", own, never)
		}
	}
	var log bytes.Buffer
	c := NewConfig()
	c.tuning.MaxMemoryBytes.Store(1 << 60)
	if c.fitMemory(slog.New(slog.NewTextHandler(&log, nil))); !strings.Contains(log.String(), "leaves too little") {
		t.Errorf("a maxmemory beyond the machine: the log says %q", log.String())
	}
}
