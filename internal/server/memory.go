package server

import (
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/internal/cgroup"
	"github.com/raftredis/raftredis/resp"
)

const (
	// A container's memory is not the runtime's alone: the system counts the pages of files there, the stacks of the
	// kernel, the buffers of sockets. A fifth is left for them, and no more than maxOutsideHeap.
	outsideHeapShare = 5
	maxOutsideHeap   = 512 << 20
	// roomShare is the part of what maxmemory leaves that unfinished requests may take, and commands that wait, and one
	// reply: the rest is for the log, for frozen states, and for garbage. minRoomShare is the least part of the heap that
	// counts as left.
	roomShare, minRoomShare = 4, 8
	minRoomBytes            = 4 << 20
	maxInputBytes           = 2 << 30
	// minHeapBytes is the least that a node gets by with. A smaller share would only make the collector run all the time.
	minHeapBytes = 32 << 20
)

// shareOfHeap is how much of a container's memory the runtime may hold.
func shareOfHeap(container int64) int64 {
	return max(container-min(container/outsideHeapShare, maxOutsideHeap), min(container, minHeapBytes))
}

// fitBuffers bounds what waits for clients and from clients where there is a container: what their defaults permit
// together is more than most containers have. What maxmemory leaves of the heap is for them, or half of the heap.
func (c *Config) fitBuffers(heap int64) {
	if heap == 0 {
		return
	}
	room := heap / 2
	if limit := c.tuning.MaxMemoryBytes.Load(); limit > 0 && limit < heap {
		room = max(heap-limit, heap/minRoomShare)
	}
	share := max(room/roomShare, minRoomBytes)
	c.node.MaxWaitingBytes = int(min(share, int64(consensus.DefaultOptions().MaxWaitingBytes)))
	if c.front.Limits.MaxInputBytes == 0 {
		c.front.Limits.MaxInputBytes = min(share, maxInputBytes)
	}
	if chosen := c.given[c.row("client-output-buffer-limit")] || c.given[c.row("client-output-buffer-bytes")]; !chosen {
		c.tuning.Output.Replies().Store(share)
	}
}

// fitMemory makes the collector keep within the container around the process, and says in one line what was found and
// set. Who sets GOMEMLIMIT or GOGC decides that alone.
func (c *Config) fitMemory(logger *slog.Logger) {
	root := os.DirFS("/")
	m := resp.MemoryOptions{SystemBytes: cgroup.SystemMemory(root)}
	limit, file, limited := cgroup.MemoryLimit(root)
	if limited && (m.SystemBytes == 0 || limit < m.SystemBytes) {
		m.SystemBytes, m.HeapBytes = limit, shareOfHeap(limit)
		logger = logger.With("limit", limit, "of", file)
	}
	maxMemory := c.tuning.MaxMemoryBytes.Load()
	logger = logger.With("system", m.SystemBytes, "maxmemory", maxMemory)
	if own := os.Getenv("GOMEMLIMIT"); own != "" {
		logger.Info("memory: GOMEMLIMIT is set and stays", "GOMEMLIMIT", debug.SetMemoryLimit(-1))
	} else {
		m.SetHeapLimit = func(bytes int64) { debug.SetMemoryLimit(bytes) }
		if m.HeapBytes > 0 { // the state may have to be restored before the front end takes over
			m.SetHeapLimit(m.HeapBytes)
		}
		logger.Info("memory", "heap", m.HeapBytes)
	}
	if own := os.Getenv("GOGC"); own != "" {
		logger.Info("memory: GOGC is set and stays", "GOGC", own)
		m.CollectsNever = own == "off"
	} else {
		m.SetPercent = func(percent int) { debug.SetGCPercent(percent) }
	}
	if room := m.SystemBytes / 4 * 3; m.SystemBytes > 0 && maxMemory > room {
		logger.Warn("maxmemory leaves too little for the log, for snapshots and for clients", "most", room)
	}
	c.front.Memory = m
	c.fitBuffers(m.HeapBytes)
}
