package server

import (
	"io"
	"math"
	"sync/atomic"

	"github.com/raftredis/raftredis/fsm"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/setting"
	"github.com/raftredis/raftredis/internal/spoil"
	"github.com/raftredis/raftredis/resp"
)

// machine is the key space in the words of the library.
type machine struct {
	*fsm.Machine
	// applied is the index of the last entry applied, for readers without the lock of the state.
	applied atomic.Uint64
	// held is about how many bytes the keys and values occupy, for readers without the lock.
	held atomic.Int64
	// sessions and sessionBytes are the sessions and about what they occupy, for readers without the lock.
	sessions, sessionBytes atomic.Int64
	// seed is the cluster's, for Restore.
	seed uint64
}

func newMachine(c *Config) *machine {
	return &machine{Machine: fsm.New(fsm.Options{
		Parallel: inParallel, Encodings: c.encodings.limits, ByFrequency: c.tuning.CountsUses,
	})}
}

// Apply gives the key space an entry, and with a command of this node the run that it belongs to. It notes the index
// before the clients of the entry are woken.
func (m *machine) Apply(index uint64, stamp int64, data []byte, local any) []byte {
	if own, is := local.(*submission); is {
		local = &own.request.Run
	}
	data, local = spoil.Entry(data, local)
	result := m.Machine.Apply(index, stamp, data, local)
	m.note(index)
	return result
}

// Seed comes before each Restore.
func (m *machine) Seed(seed uint64) { m.seed = seed }

// Restore is that of the key space.
func (m *machine) Restore(r io.Reader) error {
	m.Discard() // a Restore that fails ends the node
	m.held.Store(0)
	m.noteSessions()
	err := m.Machine.Restore(m.seed, r)
	m.note(m.Index())
	return err
}

// note lets others see how far the machine has come, and what it holds.
func (m *machine) note(index uint64) {
	m.held.Store(int64(m.HeldBytes()))
	m.noteSessions()
	m.applied.Store(index)
}

// noteSessions stores what has changed: reading costs an entry less.
func (m *machine) noteSessions() {
	count, bytes := m.Sessions()
	if m.sessions.Load() != int64(count) {
		m.sessions.Store(int64(count))
	}
	if m.sessionBytes.Load() != int64(bytes) {
		m.sessionBytes.Store(int64(bytes))
	}
}

// Freeze is that of the key space.
func (m *machine) Freeze() io.WriterTo { return m.Machine.Freeze() }

// encodings are the settings by which this node says how Redis would keep values. Connections set them and read them
// beside each other. They do not change how values lie here, but for those of front: see command.Layout.
type encodings struct {
	hash, set, sortedSet listpackCells

	integerSetEntries, listSize atomic.Int64
	front                       *resp.Tuning
	// compressDepth is kept for clients that ask for it. It shows in no reply of Redis either.
	compressDepth atomic.Int64
}

// listpackCells hold value.ListpackLimits.
type listpackCells struct{ entries, elementBytes atomic.Int64 }

func (l *listpackCells) store(limits value.ListpackLimits) {
	l.entries.Store(limits.Entries)
	l.elementBytes.Store(limits.ElementBytes)
}

func (l *listpackCells) limits() value.ListpackLimits {
	return value.ListpackLimits{Entries: l.entries.Load(), ElementBytes: l.elementBytes.Load()}
}

func newEncodings(front *resp.Tuning) *encodings {
	e, o := &encodings{front: front}, value.DefaultEncodingLimits()
	e.hash.store(o.Hash)
	e.set.store(o.Set)
	e.sortedSet.store(o.SortedSet)
	e.integerSetEntries.Store(o.IntegerSetEntries)
	e.listSize.Store(o.ListSize)
	return e
}

// limits are those in force.
func (e *encodings) limits() value.EncodingLimits {
	return value.EncodingLimits{
		Hash: e.hash.limits(), Set: e.set.limits(), SortedSet: e.sortedSet.limits(),
		IntegerSetEntries: e.integerSetEntries.Load(), ListSize: e.listSize.Load(),
		StreamNodeBytes: e.front.StreamNodeBytes.Load(), StreamNodeEntries: e.front.StreamNodeEntries.Load(),
	}
}

// rows are the settings, with the names, kinds and bounds that they have in Redis. A synonym is the name that a setting
// had when the compact form was the ziplist.
func (e *encodings) rows() []*setting.Row {
	row := func(name, synonym string, value setting.Value) *setting.Row {
		r := &setting.Row{Name: name, Live: true, Value: value}
		if synonym != "" {
			r.Synonyms = []string{synonym}
		}
		return r
	}
	count := func(at setting.Cell) setting.Value { return &setting.Int{At: at, Max: math.MaxInt64} }
	bytes := func(at setting.Cell) setting.Value { return memory(at, 0, math.MaxInt64) }
	listSize := &setting.Int{At: &e.listSize, Min: math.MinInt32, Max: math.MaxInt32}
	compressDepth := &setting.Int{At: &e.compressDepth, Max: math.MaxInt32}
	return []*setting.Row{
		row("hash-max-listpack-entries", "hash-max-ziplist-entries", count(&e.hash.entries)),
		row("hash-max-listpack-value", "hash-max-ziplist-value", bytes(&e.hash.elementBytes)),
		row("hll-sparse-max-bytes", "", bytes(&e.front.SparseBytes)),
		row("list-compress-depth", "", compressDepth),
		row("list-max-listpack-size", "list-max-ziplist-size", listSize),
		row("set-max-intset-entries", "", count(&e.integerSetEntries)),
		row("set-max-listpack-entries", "", count(&e.set.entries)),
		row("set-max-listpack-value", "", count(&e.set.elementBytes)),
		row("stream-node-max-bytes", "", bytes(&e.front.StreamNodeBytes)),
		row("stream-node-max-entries", "", count(&e.front.StreamNodeEntries)),
		row("zset-max-listpack-entries", "zset-max-ziplist-entries", count(&e.sortedSet.entries)),
		row("zset-max-listpack-value", "zset-max-ziplist-value", bytes(&e.sortedSet.elementBytes)),
	}
}
