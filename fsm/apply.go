package fsm

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands"
	"github.com/raftredis/raftredis/internal/commands/node"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/internal/reply"
)

const (
	// maxKeptArguments and maxKeptScratchBytes bound what the machine keeps between entries, so that one huge command
	// does not hold memory.
	maxKeptArguments    = 64
	maxKeptScratchBytes = 64 << 10
)

// Apply applies the entry at index: the next one after the last applied, whatever its kind. stamp is the entry's log
// time in milliseconds; data is its body, empty for entries that hold no commands. Apply keeps nothing of data but the
// long values of a body that was given to Prepare.
//
// local is nil, or on the node at which the commands arrived the *command.Run, which submitted data. Apply then
// executes the calls of the run, writes and reads in their order, and fills its Reply. The arguments of its writes come
// from data all the same: what a run says never matters for the state. If the run submitted another body, an invariant
// is broken and Apply panics.
//
// Apply takes any data, to the same effect on every node: it answers what is not a write of the command table with an
// error, and ignores the rest of an entry behind damage in its encoding. The result is always nil: replies go into the
// run.
func (m *Machine) Apply(index uint64, stamp int64, data []byte, local any) []byte {
	m.advance(index, stamp)
	m.kept = 0
	m.writer.Begin(m.ahead.texts)
	var commands int
	if local == nil {
		commands = m.replay(data)
	} else {
		commands = m.perform(local.(*command.Run), data)
	}
	if m.ahead.has(data) {
		m.ahead = ahead{}
	}
	m.sweep(sweepPerEntry + sweepPerWrite*commands)
	m.coming.end()
	m.trim()
	m.state.TellApplied()
	return nil
}

// replay executes the commands of a body that another node submitted, and returns how many they are.
func (m *Machine) replay(body []byte) (commands int) {
	c := exec.Unwatched(m.scratch)
	for len(body) > 0 {
		args, rest, ok := m.next(body)
		if !ok {
			break
		}
		commands++
		body = rest
		if commands == 1 && command.BeginsTransaction(args) {
			if !unchanged(&m.state, args) {
				break
			}
			c = c.InTransaction()
			continue
		}
		c.Reply = m.execute(c.Writing(args))[:0]
	}
	m.scratch = c.Reply
	return commands
}

// perform executes the calls of the run whose body came back from the log: its writes, and its reads at their places
// between them. It compares the body with the one that the run submitted: equal bodies are equal commands, so it looks
// up no command and counts no arguments. A long body it compares by the checksum, which two bodies may share: so it
// looks up the commands of that one, which are few for its length. It returns how many commands the body holds, all
// that the log knows of the run.
//
// The arguments of the writes are those in the body, though the run holds the same. Tried and rejected: to execute the
// run's own. They lie in the connection's read buffer:
//
//  1. The run copies them into the body, and submits that.
//  2. A fault of the front end lets the buffer be overwritten before the entry is applied.
//  3. The comparison finds the bodies equal. The origin executes other bytes than all other nodes, and its state is
//     another one from here on.
//
// To find the arguments in the body costs one walk over its lengths.
//
// Of a transaction it executes all calls or none: see transactions.go.
func (m *Machine) perform(run *command.Run, body []byte) (commands int) {
	if !m.isSubmitted(run, body) && !guard.Down(guard.BodyIsTheRuns) {
		panic(fmt.Sprintf("fsm: entry %d is not the body of the run that waits for it", m.state.Index()))
	}
	c := exec.Applied(run, &m.state)
	bySum := run.Summed && !guard.Down(guard.BodyIsTheRuns)
	if run.Head != nil {
		body, commands = m.takeHead(run, body), 1
		var executes bool
		if c.Reply, executes = begin(c, &m.state, run); !executes {
			run.Reply = c.Reply
			return commands
		}
		c = c.InTransaction()
	}
	m.state.Begin(run)
	run.Spent = 0
	if selection := run.Selection(); selection != nil {
		args, rest, ok := m.next(body)
		if !ok || bySum && !equal(args, selection) {
			panic(fmt.Sprintf("fsm: entry %d is in another database than the run that waits for it", m.state.Index()))
		}
		m.choose(&m.writer, c.Writing(args))
		body = rest
		commands++
	}
	v := viewOf(m.writer.Space(), m.writer.Database(), m.state.Now(), run, m.own)
	for i := range run.Calls {
		if !run.Calls[i].InLog() {
			v.Place = i
			if c.Reply = m.lookBeside(v, &run.Calls[i], c); guard.Down(guard.RideAlongsUncounted) {
				commands++
			}
			continue
		}
		args, rest, ok := m.next(body)
		if !ok {
			panic(fmt.Sprintf("fsm: entry %d ends before the writes of the run that waits for it", m.state.Index()))
		}
		if bySum && !calls(args, run.Calls[i].Spec) {
			panic(fmt.Sprintf("fsm: entry %d holds another command than the run that waits for it", m.state.Index()))
		}
		body = rest
		c.Reply = m.write(run.Calls[i].Spec, c.Writing(args))
		v.Space, v.Database = m.writer.Space(), m.writer.Database()
		commands++
	}
	if bySum && len(body) > 0 {
		panic(fmt.Sprintf("fsm: entry %d holds more than the run that waits for it", m.state.Index()))
	}
	run.Reply = c.Reply
	m.state.Begin(nil)
	return commands
}

// equal reports whether two calls have the same arguments.
func equal(a, b [][]byte) bool { return slices.EqualFunc(a, b, bytes.Equal) }

// calls reports whether arguments are a call of a command.
func calls(args [][]byte, spec *command.Spec) bool {
	found, fault := commands.Find(args)
	return fault == command.NoFault && found == spec
}

// next decodes the next command of a body. ok is false at anything that is not a command.
func (m *Machine) next(body []byte) (args [][]byte, rest []byte, ok bool) {
	args, rest, err := argv.Next(body, m.arguments)
	if err != nil {
		return nil, nil, false
	}
	m.arguments = args
	m.seek(args, body, rest)
	return args, rest, true
}

// execute executes one command of the log.
func (m *Machine) execute(c exec.Call) []byte {
	spec, fault := commands.Find(c.Args)
	switch {
	case fault == command.NoFault && spec.MayWrite(c.Args):
		return m.write(spec, c)
	case spec == node.Select:
		return m.choose(&m.writer, c)
	}
	return refuse(c, spec, fault)
}

// choose is SELECT number [count [layout]] in the body of an entry: the database of what follows in it, how many there
// are for the client, and by which settings values are laid out. It is no command of RAFT.ONCE.
func (m *Machine) choose(_ *exec.Writer, c exec.Call) []byte {
	chosen, ok := m.writer.Selection().Parse(c.Args)
	if !ok {
		return c.Error(reply.DBOutOfRange)
	}
	m.writer.Select(chosen)
	return c.OK()
}

// write executes a write, unless its command came in a later level than the cluster's: nodes of the build before do not
// know it, and refuse it as well.
func (m *Machine) write(spec *command.Spec, c exec.Call) []byte {
	if m.isLater(spec) {
		return c.Error(reply.NeedsLevel(spec.Name, spec.Level, m.level))
	}
	return m.writes[spec.ID()](&m.writer, c)
}

// refuse answers a call that is not one of the table's writes. The log of this cluster should have none, but all bytes
// of a log have the same effect on every node.
func refuse(c exec.Call, spec *command.Spec, fault command.Fault) []byte {
	switch fault {
	case command.UnknownCommand:
		return c.Error(reply.UnknownCommand(c.Args))
	case command.UnknownSubcommand:
		return c.Error(reply.UnknownSubcommand(c.Args))
	case command.WrongArity:
		return c.Error(reply.WrongArity(spec.Name))
	default:
		return c.Error("ERR '" + spec.Name + "' does not write, and has no place in the log")
	}
}

// isLater reports whether a command came in a later level than the cluster's.
func (m *Machine) isLater(spec *command.Spec) bool {
	return spec.Level > m.level && !guard.Down(guard.NewCommandsWait)
}

// trim clears the arguments, which point into the entry, and frees large buffers.
func (m *Machine) trim() {
	clear(m.arguments[:cap(m.arguments)])
	if cap(m.arguments) > maxKeptArguments {
		m.arguments = nil
	}
	if cap(m.scratch) > maxKeptScratchBytes {
		m.scratch = nil
	}
	if cap(m.record) > maxKeptScratchBytes {
		m.record = nil
	}
}
