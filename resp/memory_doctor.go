package resp

import (
	"fmt"
	"math"
	"runtime/debug"
	"strings"

	"github.com/raftredis/raftredis/internal/reply"
)

// What MEMORY DOCTOR takes note of.
const (
	// littleMemory is what a node has to hold before anything is judged.
	littleMemory = 5 << 20
	// notableBytes is what has to be at stake for a ratio to be worth a sentence.
	notableBytes = 10 << 20
	// clientMemory is more than a client should hold on average.
	clientMemory = 200 << 10

	notablePeak, notableGaps, notableRest = 1.5, 1.4, 1.4
	// notableFill is the share of a limit above which it is nearly reached.
	notableFill = 0.9
)

// complaint is something that MEMORY DOCTOR may say.
type complaint struct {
	holds bool
	text  string
}

// memoryDoctor is MEMORY DOCTOR: sentences for people.
func memoryDoctor(c *Conn, dst []byte, _ [][]byte) []byte {
	r := c.server.memoryReport()
	limit := uint64(max(c.server.memory.bytes.Load(), 0))
	return reply.Verbatim(dst, c.protocol(), "txt", r.diagnosis(limit, uint64(debug.SetMemoryLimit(-1))))
}

// diagnosis is what there is to say; limit is maxmemory, 0 if there is none, ceiling the limit that the collector tries
// to keep.
func (r *memoryReport) diagnosis(limit, ceiling uint64) string {
	if less(r.used, startMemory) < littleMemory {
		return "This node holds next to nothing. Come back when there is data in it.\n"
	}
	var text strings.Builder
	for _, one := range r.complaints(limit, ceiling) {
		if one.holds {
			text.WriteString(" * " + one.text + "\n")
		}
	}
	if text.Len() == 0 {
		return "Nothing about the memory of this node is remarkable.\n"
	}
	return "About the memory of this node there is something to say:\n\n" + text.String()
}

func (r *memoryReport) complaints(limit, ceiling uint64) []complaint {
	return []complaint{
		{
			limit > 0 && ratio(r.used, limit) > notableFill,
			fmt.Sprintf("Nearly full: %s are in use, and maxmemory is %s. Beyond it writes that may need memory are "+
				"refused on this node (-OOM). What is in use counts garbage; MEMORY PURGE shows how much is left of it. "+
				"Remove keys, or CONFIG SET maxmemory on every node.", humanBytes(r.used), humanBytes(limit)),
		},
		{
			ceiling < math.MaxInt64 && ratio(r.process, ceiling) > notableFill,
			fmt.Sprintf("Close to GOMEMLIMIT: the process holds %s of the %s that Go's collector was told to keep to, so it "+
				"collects often. Give it more, or the node fewer keys.", humanBytes(r.process), humanBytes(ceiling)),
		},
		{
			ratio(r.peak, r.used) > notablePeak,
			fmt.Sprintf("Past peak: %s were in use once, now %s are. The system gets the difference back little by little, "+
				"and at once by MEMORY PURGE.", humanBytes(r.peak), humanBytes(r.used)),
		},
		{
			ratio(r.active, r.used) > notableGaps && less(r.active, r.used) > notableBytes,
			fmt.Sprintf("Gaps: %s lie between live objects, where only objects of the same size can go. Values of new sizes "+
				"leave such gaps when they replace others; writing the old sizes again, or a restart, fills them.",
				humanBytes(less(r.active, r.used))),
		},
		{
			ratio(r.process, r.active) > notableRest && less(r.process, r.active) > notableBytes,
			fmt.Sprintf("Held in reserve: the process has %s from the system that no object needs now. MEMORY PURGE gives "+
				"back what can be; a smaller GOGC keeps less in reserve.", humanBytes(less(r.process, r.active))),
		},
		{
			r.clients/max(r.clientCount, 1) > clientMemory,
			fmt.Sprintf("Large buffers: %d clients hold %s. They send large requests, or do not read their replies: see qbuf "+
				"and omem in CLIENT LIST.", r.clientCount, humanBytes(r.clients)),
		},
	}
}
