package consensus

import (
	"io"

	"github.com/raftredis/raftredis/consensus/internal/engine"
)

// StateMachine is what the log drives. One goroutine at a time calls Apply, Restore and Freeze, and no Query runs
// meanwhile; many goroutines call Query at once. All types are Go's own, so a machine need not import this package.
//
// Open looks for seven more methods. A machine has those that it needs:
//
//	Due() int64         the earliest time, in milliseconds, at which time alone changes the state; 0 means never.
//	                    The leader then adds entries that carry only the time. Without Due, time moves with commands.
//	Hash() uint64       a hash of the state: equal states have equal hashes. A snapshot carries it, and a restore
//	                    compares it. Nodes compare it at each Options.CompareEntries-th entry, and at entries without a
//	                    command when time moves: keep it up with each change. Without Hash, only the bytes of the file
//	                    are checked, and no states are compared.
//	Seed(seed uint64)   takes a random number that is the same on all nodes of the cluster, for hashing. Every
//	                    Restore comes right after a Seed.
//	SetOffset(millis int64)
//	                    takes what has to be added to a stamp to get wall time, in milliseconds since 1970 UTC. It
//	                    comes before the Apply of each entry that changes it, and is 0 before the first one.
//	SetLevel(level uint8)
//	                    takes the feature level of the cluster, before the Apply of the first entry of that level and
//	                    after each Restore from an image. What a later version of the machine does differently it must
//	                    not do below the level in which that came: other nodes may run the version before. The levels
//	                    are those of this module's versions, so this is of use to machines of the module only.
//	Prepare(command []byte, totalBytes int)
//	                    takes what is here of a command above 1 MiB, whenever more of it is here, so that Apply
//	                    has less to do. It runs beside Query, and must not touch what Query reads. Apply gets the
//	                    same bytes at the same place in memory when all are here; another command may begin before
//	                    that, and a nil one says that the last one will not come. The goroutine of Apply calls it.
//	Upcoming(commands [][]byte)
//	                    takes commands that Apply gets next, in this order and at the same places in memory, so
//	                    that the machine can fetch what they need together. Others may come instead. It is called
//	                    where Apply is, and must not change the state. The slice itself is used again.
type StateMachine interface {
	// Apply executes the command at index, and returns what Propose returns on the node that took the command. Every
	// index comes once, in order. data is empty where the entry carries no command: at the start of a term, at a change of
	// the members, when only time moves, and where a session brings a command again. stamp is log time in milliseconds: it
	// moves with elapsed time while a majority runs, by the wall clocks across a stop of all nodes, and never goes back.
	// local is Request.Local on the node that took the command, and nil elsewhere and in a session. There the result is
	// kept on every node, so it must be the same on all.
	//
	// The same log must lead to the same state on every node: no clock, no random number, no order of a map. Apply must
	// not change data; a machine that keeps a piece of it keeps all of it in memory.
	Apply(index uint64, stamp int64, data []byte, local any) (result []byte)
	// Query answers the question in local from the present state, and changes nothing. stamp is the time at which it is
	// asked, in milliseconds. needTick says that something in the state ends between the last stamp applied and this one:
	// then time moves through the log, and the question comes again.
	Query(stamp int64, local any) (needTick bool)
	// Freeze returns the present state, in constant time. The node writes it to a file while Apply goes on, so the two
	// must not share what Apply changes. WriteTo is called once at most, and must write the same bytes on every node at
	// the same index. An image that has a method Release() is told when the node needs it no more.
	Freeze() io.WriterTo
	// Restore replaces the state by the image that r reads, all of it, or by the empty state when r is nil. It is called
	// before the first Apply. A machine may let go of its old state first: after an error the node ends.
	Restore(r io.Reader) error
}

// machine is a StateMachine as the engine drives it: with the methods that a StateMachine may lack.
type machine struct {
	StateMachine
	due  interface{ Due() int64 }
	hash interface{ Hash() uint64 }
	seed interface{ Seed(seed uint64) }
	wall interface{ SetOffset(millis int64) }
	rank interface{ SetLevel(level uint8) }
	soon interface {
		Prepare(command []byte, totalBytes int)
	}
	next interface{ Upcoming(commands [][]byte) }
}

func newMachine(m StateMachine) *machine {
	wrapped := &machine{StateMachine: m}
	wrapped.due, _ = m.(interface{ Due() int64 })
	wrapped.hash, _ = m.(interface{ Hash() uint64 })
	wrapped.seed, _ = m.(interface{ Seed(seed uint64) })
	wrapped.wall, _ = m.(interface{ SetOffset(millis int64) })
	wrapped.rank, _ = m.(interface{ SetLevel(level uint8) })
	wrapped.soon, _ = m.(interface {
		Prepare(command []byte, totalBytes int)
	})
	wrapped.next, _ = m.(interface{ Upcoming(commands [][]byte) })
	return wrapped
}

// Due is never for a machine that has no Due.
func (m *machine) Due() int64 {
	if m.due == nil {
		return 0
	}
	return m.due.Due()
}

// Hash is always the same for a machine that has no Hash.
func (m *machine) Hash() uint64 {
	if m.hash == nil {
		return 0
	}
	return m.hash.Hash()
}

// SetOffset is nothing to a machine that has no use for wall time.
func (m *machine) SetOffset(millis int64) {
	if m.wall != nil {
		m.wall.SetOffset(millis)
	}
}

// SetLevel is nothing to a machine that does the same at all levels.
func (m *machine) SetLevel(level uint8) {
	if m.rank != nil {
		m.rank.SetLevel(level)
	}
}

// Prepare is nothing to a machine that does all of it in Apply.
func (m *machine) Prepare(body []byte, totalBytes int) {
	if m.soon != nil {
		m.soon.Prepare(body, totalBytes)
	}
}

// Upcoming is nothing to a machine that fetches nothing ahead.
func (m *machine) Upcoming(commands [][]byte) {
	if m.next != nil {
		m.next.Upcoming(commands)
	}
}

// Restore tells the seed first.
func (m *machine) Restore(seed uint64, r io.Reader) error {
	if m.seed != nil {
		m.seed.Seed(seed)
	}
	return m.StateMachine.Restore(r)
}

// Freeze makes an image whose Release always exists.
func (m *machine) Freeze() engine.Image { return image{m.StateMachine.Freeze()} }

type image struct{ io.WriterTo }

// Release passes the release on, if the image has one.
func (i image) Release() {
	if releaser, ok := i.WriterTo.(interface{ Release() }); ok {
		releaser.Release()
	}
}
