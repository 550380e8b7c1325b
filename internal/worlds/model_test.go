package worlds

import (
	"errors"
	"testing"

	"github.com/raftredis/raftredis/consensus/sim/workload"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// past is a history that a test writes down.
type past []workload.Operation

// add adds a run that was answered.
func (p *past) add(index raftlog.Index, asked, answered int64, command, reply string) *workload.Operation {
	run := Commands(command).Begin(len(*p)).(*Run)
	run.replies = []string{reply}
	*p = append(*p, workload.Operation{
		Run: run, Number: len(*p), Asked: asked, Answered: answered, Known: true, Index: index,
	})
	return &(*p)[len(*p)-1]
}

// check makes sure that a history breaks a rule; none if that is empty.
func (p *past) check(t *testing.T, rule string) {
	t.Helper()
	var broken *workload.Violation
	err := (KeySpace{}).Check(*p, &workload.Log{})
	if errors.As(err, &broken) != (rule != "") || broken != nil && broken.Rule != rule {
		t.Errorf("violation %v, want one of %q", err, rule)
	}
}

func TestTheModelRefusesHistoriesThatNoOrderExplains(t *testing.T) {
	for _, c := range []struct {
		name        string
		asked       int64
		reply, rule string
	}{
		{"after the write, the value", 3, "$1\r\nv\r\n", ""},
		{"during the write, nothing", 1, "$-1\r\n", ""},
		{"after the write, nothing", 3, "$-1\r\n", "linearizability"},
		{"never written", 3, "$1\r\nw\r\n", "linearizability"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p past
			p.add(2, 1, 2, "SET k v", "+OK\r\n")
			p.add(0, c.asked, 4, "GET k", c.reply)
			p.check(t, c.rule)
		})
	}
}

func TestTheModelTakesWritesOfUnknownFateAsTheLogHasThem(t *testing.T) {
	for _, index := range []raftlog.Index{0, 3} {
		var p past
		p.add(2, 1, 2, "INCR n", ":1\r\n")
		lost := p.add(index, 3, 4, "INCR n", "")
		lost.Known, lost.Run.(*Run).replies = false, nil
		p.add(0, 5, 6, "GET n", "$1\r\n1\r\n")
		p.add(4, 7, 8, "INCR n", []string{":2\r\n", "", "", ":3\r\n"}[index])
		p.check(t, "") // it may take effect after the read that did not see it
	}
}

func TestTheModelKnowsEachAnswer(t *testing.T) {
	var p past
	p.add(2, 1, 2, "SET k a", "+OK\r\n")
	p.add(3, 3, 4, "INCR k", "-ERR value is not an integer or out of range\r\n")
	p.add(4, 5, 6, "APPEND k bc", ":3\r\n")
	p.add(5, 7, 8, "DEL k", ":1\r\n")
	p.add(6, 9, 10, "DEL k", ":0\r\n")
	p.check(t, "")
	p.add(7, 11, 12, "APPEND k bc", ":5\r\n")
	p.check(t, "reply")
}
