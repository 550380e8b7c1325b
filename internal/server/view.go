package server

import (
	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/fsm"
	"github.com/raftredis/raftredis/internal/command"
)

// query executes a run of reads on the key space under the read lock, so that entries wait for its end. A run that is
// much work reads a frozen state instead, and blocks no entry; so does one that answers with a long value which may
// change. It fails while no state may be shown; then nothing was read.
func (s *store) query(stamp int64, run *command.Run) (needTick bool, err error) {
	if needTick, err = s.queryPresent(stamp, run); err != nil || !run.WantsFreeze {
		return needTick, err
	}
	run.WantsFreeze = false
	run.TakesLong()
	image, err := s.freeze()
	if err != nil {
		return false, err
	}
	if image != nil {
		defer image.Release()
		return image.Query(stamp, run), nil
	}
	needTick, err = s.queryPresent(stamp, run) // no state: to say that takes no time
	again := run.WantsFreeze                   // but now there is one
	run.WantsFreeze = false
	return needTick || again, err
}

// queryPresent executes a run of reads on the present state.
func (s *store) queryPresent(stamp int64, run *command.Run) (needTick bool, err error) {
	err = s.node.View(func(m consensus.StateMachine) { needTick = m.Query(stamp, run) })
	return needTick, err
}

// freeze freezes the key space as a reader, of which one at a time may. It is nil as long as there is no state.
func (s *store) freeze() (image *fsm.Image, err error) {
	s.freezing.Lock()
	defer s.freezing.Unlock()
	err = s.node.View(func(m consensus.StateMachine) {
		if space := m.(*machine); space.Ready() {
			image = space.Machine.Freeze()
		}
	})
	return image, err
}

// Settled reports whether the present state knows that RAFT.ONCE will never execute a sequence from now on.
func (s *store) Settled(session, sequence uint64) (settled bool) {
	err := s.node.View(func(m consensus.StateMachine) { settled = m.(*machine).Settled(session, sequence) })
	return err == nil && settled
}

// Weigh is the machine's, from the present state; without one there is nothing.
func (s *store) Weigh(database int, key []byte) (weight int) {
	_ = s.node.View(func(m consensus.StateMachine) { weight = m.(*machine).Weigh(database, key) })
	return weight
}
