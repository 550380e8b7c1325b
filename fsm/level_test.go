package fsm

import (
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands/data"
)

// S39: a command of a later level changes nothing before that level is in force: neither where it was asked, which
// answers with an error that says why, nor elsewhere; and where it is not known the state is the same.
func TestACommandOfALaterLevelChangesNothing(t *testing.T) {
	later := *data.Set // as a later build knows it
	later.Level = 2
	args := [][]byte{[]byte("set"), []byte("key"), []byte("value")}
	unknown := [][]byte{[]byte("of-a-later-build"), []byte("key"), []byte("value")}
	apply := func(level uint8, body []byte, run *command.Run) (hash uint64) {
		m := New(Options{})
		if err := m.Restore(7, nil); err != nil {
			t.Fatal(err)
		}
		m.SetLevel(level)
		if run == nil {
			m.Apply(1, 1000, body, nil)
		} else {
			m.Apply(1, 1000, body, run)
		}
		return m.Hash()
	}
	for level, done := range map[uint8]bool{1: false, 2: true, 3: true} {
		run := &command.Run{Calls: []command.Call{{Spec: &later, Args: args}}, Protocol: 2}
		hash := apply(level, run.Body(nil, argv.Append), run)
		if done != (string(run.Reply) == "+OK\r\n") {
			t.Errorf("at level %d the reply is %q", level, run.Reply)
		}
		if !done && !strings.HasPrefix(string(run.Reply), "-ERR 'set' needs feature level 2, and this cluster is at 1") {
			t.Errorf("at level %d the reply is %q", level, run.Reply)
		}
		if same := hash == apply(level, argv.Append(nil, unknown), nil); same == done {
			t.Errorf("at level %d the state is that of a node which does not know the command: %v", level, same)
		}
	}
}
