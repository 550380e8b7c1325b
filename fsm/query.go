package fsm

import (
	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands/node"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/internal/reply"
)

// Query answers a *command.Run of reads from the present state, into its Reply. It changes nothing, and may run beside
// other queries. stamp is the time at which the read was registered.
//
// needTick says that a key which the run looks at ends between the state time and stamp. Then Query answers nothing.
// The caller has an entry with at least that stamp applied and queries the run again, so that no later read on any node
// finds what this read did not. A read that looks at keys in general waits for any key. Before the first Restore there
// is no state, and the answers are LOADING errors.
//
// A call that has found no answer in a cache which it may fill ends the query: it and those behind it are Run.Left, and
// of a transaction nothing is answered. See Run.MayFill.
//
// It takes as long as the reads need, but makes no more replies than Run.MaxReplyBytes allows. A run that is much work,
// or answers with a long value that may change, wants a frozen state instead, where that can be had: see Run.LateBytes.
func (m *Machine) Query(stamp int64, local any) (needTick bool) {
	run := local.(*command.Run)
	if !m.ready {
		answer(exec.View{}, run, exec.Queried(run, nil), nil)
		return false
	}
	return query(&m.state, stamp, run, exec.Queried(run, &m.state), m.own)
}

// Query is Machine.Query on the frozen state. It may take long, since the machine goes on meanwhile. It panics if the
// image was released.
func (i *Image) Query(stamp int64, local any) (needTick bool) {
	run, state := local.(*command.Run), i.frozen.State()
	return query(state, stamp, run, exec.Queried(run, state).Frozen(), i.own)
}

func query(
	s *keyspace.State, stamp int64, run *command.Run, c exec.Call, own ownSettings,
) (needTick bool) {
	if s.EndsBy(stamp) && anyEnds(s, run, s.NowAt(stamp)) {
		return true
	}
	counted, database := run.Lookups, run.Database
	if guard.Down(guard.ReadsKnowTheirDatabase) {
		database = 0
	}
	v := viewOf(s.Space(database), database, s.NowAt(stamp), run, own)
	v.IsFrozen = c.IsFrozen()
	v.Use.Unnoted = v.Use.Unnoted || v.IsFrozen
	if answer(v, run, c, s); run.WantsFreeze || run.WantsFill && run.Head != nil {
		run.Lookups = counted
	}
	return false
}

// viewOf is what the reads of a run see of a database.
func viewOf(
	s *keyspace.Space, database int, now keyspace.Now, run *command.Run, own ownSettings,
) exec.View {
	use := s.UseAt(now, own.countsUses())
	use.Unnoted = run.NoTouch
	return exec.View{
		Space: s, Database: database, Now: now, Random: run.Random, MaxValueBytes: s.MaxValueBytes(),
		Lookups: &run.Lookups, Limits: own.encodings, Use: use,
	}
}

// anyEnds reports whether a key that the run looks at is present at the state time, and not at now. A read whose Spec
// names no key, or not all of them, counts as one that looks at all.
func anyEnds(s *keyspace.State, run *command.Run, now keyspace.Now) bool {
	var few [8]int
	space := s.Space(run.Database)
	ends := func(in *keyspace.Space, key []byte) bool {
		e := in.Get(key)
		return e != nil && e.Expired(now)
	}
	if run.Head != nil {
		for rest := run.Head[1:]; len(rest) > 0; { // the keys that the transaction depends on
			w, following, ok := command.NextWatched(rest)
			if rest = following; ok && ends(s.Space(w.Database), w.Key) {
				return true
			}
		}
	}
	for i := range run.Calls {
		called := &run.Calls[i]
		switch {
		case called.Spec == nil:
			continue
		case called.Spec == node.Select:
			space = s.Space(chosen(called))
			continue
		case called.Spec.FirstKey(called.Args) == 0, called.Spec.LooksFurther():
			return true
		}
		for _, at := range called.Spec.Keys(few[:0], called.Args) {
			if ends(space, called.Args[at]) {
				return true
			}
		}
	}
	return false
}

// sentFirstBytes is the length of bounded replies from which a query leaves the rest of its calls to a later query: so
// one long value at most waits to be sent, however many a client asks for.
const sentFirstBytes = 256 << 10

// chosen is the database of a call of SELECT in a run. The connection has judged it.
func chosen(called *command.Call) int {
	chosen, ok := command.Selection{Databases: command.MaxDatabases}.Parse(called.Args)
	if !ok {
		panic("fsm: a run selects what is no database")
	}
	return chosen.Database
}

// answer answers the calls of a run of reads, in order, from a state; or none of them if one wants a frozen state.
// Without one there is no state.
func answer(v exec.View, run *command.Run, c exec.Call, state *keyspace.State) {
	run.Spent = 0
	if run.Head != nil {
		var executes bool
		if c.Reply, executes = begin(c, state, run); !executes {
			run.Reply = c.Reply
			return
		}
	}
	for i := range run.Calls {
		if run.Calls[i].IsWrite() {
			panic("fsm: query of a run that writes")
		}
		if i > 0 && run.Head == nil && run.MaxReplyBytes > 0 && len(c.Reply)+c.Held()-len(run.Reply) >= sentFirstBytes {
			run.Left = len(run.Calls) - i
			break
		}
		if i%soughtKeys == 0 && i+1 < len(run.Calls) && state != nil {
			fetchFor(run.Calls[i:], state.Space(v.Database))
		}
		v.Place = i
		if run.Calls[i].Spec == node.Select && state != nil {
			v.Database = chosen(&run.Calls[i])
			v.Space = state.Space(v.Database)
			c.Reply = c.OK()
			continue
		}
		if c.Reply = look(v, &run.Calls[i], c); run.WantsFreeze {
			run.Long = command.Long{}
			return
		}
		if run.WantsFill {
			if run.Head != nil {
				run.Long = command.Long{}
				return
			}
			run.Left = len(run.Calls) - i
			break
		}
	}
	run.Reply = c.Reply
}

// look answers a call that needs no entry: a fixed reply, or a read.
func look(v exec.View, called *command.Call, c exec.Call) []byte {
	if called.Spec == nil {
		return c.Fixed(called.Fixed)
	}
	if v.Space == nil { // no state is not an empty state
		return c.Error(reply.Loading)
	}
	return read(v, called.Spec, c.Reading(called.Args))
}

// read executes a read, unless it is so much work that a frozen state is wanted for it.
func read(v exec.View, spec *command.Spec, c exec.Call) []byte {
	if c.IsLongRead(v, spec) {
		return c.Reply
	}
	return reads[spec.ID()](v, c)
}
