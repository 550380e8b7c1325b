package worlds

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"

	"github.com/raftredis/raftredis/consensus/sim/workload"
	"github.com/raftredis/raftredis/fsm"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// replay gives the committed log to a machine that never crashed, restarted or took over a snapshot, and compares: each
// state has the hash that the nodes had, and each client got, to the byte, what its run answers at its place. A run
// that only reads has its place behind the entry whose state answered it.
//
// That is linearizability, for every command there is, with the log as the order: the checker of the world makes sure
// that each run has its place between the moments at which it was asked and answered. The model is less and more than
// this: it knows few commands, but it is not the machine that it judges.
func replay(k KeySpace, history []workload.Operation, log *workload.Log) error {
	if len(log.Inputs) == 0 {
		return nil
	}
	m := k.NewMachine().(machine).Machine // for which nothing is long
	if err := m.Restore(log.Seed, nil); err != nil {
		return violation("replay", "a machine does not begin: %v", err)
	}
	written, read := placed(history)
	for i := range log.Inputs {
		in, index := &log.Inputs[i], raftlog.Index(i+1)
		if in.SetsOffset {
			m.SetOffset(in.Offset)
		}
		if err := replayEntry(m, index, in, written[index]); err != nil {
			return err
		}
		for len(read) > 0 && read[0].ReadAt == index {
			again := read[0].Run.(*Run).again(read[0].Number)
			if m.Query(int64(read[0].Stamp), again.Local()) {
				return violation("replay", "at %d run %d read what was about to end: %v", index, read[0].Number, read[0].Run)
			}
			if err := compare(read[0], again, index); err != nil {
				return err
			}
			read = read[1:]
		}
	}
	return nothingLeft(history, raftlog.Index(len(log.Inputs)))
}

// nothingLeft makes sure that the replay came to each run whose answer a client has: it has a place, and that is within
// the log.
func nothingLeft(history []workload.Operation, last raftlog.Index) error {
	for i := range history {
		h := &history[i]
		if place := max(h.Index, h.ReadAt); h.Known && (place == 0 || place > last) {
			return violation("replay", "run %d was answered from the state at %d, of a log from 1 to %d: %v", h.Number, place,
				last, h.Run)
		}
	}
	return nil
}

// placed sorts runs by their place: those that wrote by their entry, those that only read in the order of the states
// that answered them.
func placed(history []workload.Operation) (written map[raftlog.Index]*workload.Operation, read []*workload.Operation) {
	written = map[raftlog.Index]*workload.Operation{}
	for i := range history {
		switch h := &history[i]; {
		case h.Index != 0:
			written[h.Index] = h
		case h.Known && h.ReadAt != 0:
			read = append(read, h)
		}
	}
	slices.SortStableFunc(read, func(a, b *workload.Operation) int { return cmp.Compare(a.ReadAt, b.ReadAt) })
	return written, read
}

// replayEntry applies one entry, with the reads that rode along with it.
func replayEntry(m *fsm.Machine, index raftlog.Index, in *workload.Input, h *workload.Operation) error {
	if h == nil || !h.Known && h.Run.(*Run).head == nil {
		m.Apply(uint64(index), in.Stamp, in.Data, nil)
	} else {
		again := h.Run.(*Run).again(h.Number)
		m.Apply(uint64(index), in.Stamp, in.Data, again.Local())
		if !h.Known { // a transaction whose client did not learn whether it was executed
			h.Run.(*Run).executed = string(again.run.Reply) != nullTransaction
		} else if err := compare(h, again, index); err != nil {
			return err
		}
	}
	if hash := m.Hash(); in.Hash != 0 && hash != in.Hash {
		return violation("replay", "the state behind entry %d has hash %016x, that of the nodes was %016x", index, hash,
			in.Hash)
	}
	return nil
}

// again is the same run, not yet answered.
func (r *Run) again(number int) *Run {
	again := r.Request.Begin(number).(*Run)
	if !r.Reads() {
		again.Body()
	}
	return again
}

// compare compares what a client got with what its run answers in the replay.
func compare(h *workload.Operation, again *Run, index raftlog.Index) error {
	run := h.Run.(*Run).run
	run.Join()
	if got, want := run.Reply, again.run.Reply; !h.Run.(*Run).sameReplies(got, want) {
		return violation("replay", "at %d run %d was answered %q, it answers %q: %v", index, h.Number, got, want, h.Run)
	}
	return nil
}

// sameReplies reports whether two replies to the run are the same. Where a call asks how a value lies in memory,
// numbers may differ: a string that was written in place lies in chunks in the replay, and in one piece on a node that
// took over a snapshot behind the write. When a key was used is each node's own.
func (r *Run) sameReplies(a, b []byte) bool {
	if slices.ContainsFunc(r.calls, showsNode) {
		a, b = withoutNumbers(a), withoutNumbers(b)
	}
	return bytes.Equal(a, b)
}

// withoutNumbers is a reply in which each number is 0, and when a key was used in what DEBUG OBJECT says.
func withoutNumbers(reply []byte) []byte {
	return regexp.MustCompile(`(?m)(^:|\blru:|\blru_seconds_idle:)\d+`).ReplaceAll(reply, []byte("${1}0"))
}
