package worlds

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/sim/workload"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// TestTheJudgeOfLocksKnowsRightFromWrong: a step is a log time, a command, and its reply, or ? for one that was lost.
func TestTheJudgeOfLocksKnowsRightFromWrong(t *testing.T) {
	for name, c := range map[string]struct {
		steps string
		wrong bool
	}{
		"one after the other":   {"1 RAFT.LOCK l a 5 :1, 5 RAFT.LOCK l b 5 nil, 6 RAFT.LOCK l b 5 :3", false},
		"two at once":           {"1 RAFT.LOCK l a 5 :1, 5 RAFT.LOCK l b 5 :2", true},
		"refused, though free":  {"1 RAFT.LOCK l a 5 :1, 6 RAFT.LOCK l b 5 nil", true},
		"refused to itself":     {"1 RAFT.LOCK l a 5 :1, 5 RAFT.LOCK l a 5 nil", true},
		"of another lock":       {"1 RAFT.LOCK l a 5 :1, 5 RAFT.LOCK l2 b 5 :2", false},
		"the same again":        {"1 RAFT.LOCK l a 5 :1, 5 RAFT.LOCK l a 5 :1, 9 RAFT.LOCK l b 5 nil", false},
		"another token":         {"1 RAFT.LOCK l a 5 :1, 5 RAFT.LOCK l a 5 :2", true},
		"an equal token":        {"1 RAFT.LOCK l a 5 :7, 6 RAFT.LOCK l b 5 :7", true},
		"a lower token":         {"1 RAFT.LOCK l a 5 :7, 1 RAFT.LOCK l2 b 5 :6", true},
		"a token told later":    {"1 RAFT.LOCK l a 5 ?, 1 RAFT.LOCK l2 b 5 :8, 2 RAFT.LOCK l a 5 :7", false},
		"told later, too low":   {"1 RAFT.LOCK l2 b 5 :8, 1 RAFT.LOCK l a 5 ?, 2 RAFT.LOCK l a 5 :7", true},
		"unknown, and taken":    {"1 RAFT.LOCK l a 5 ?, 2 RAFT.LOCK l b 5 nil", false},
		"unknown, and not":      {"1 RAFT.LOCK l a 5 ?, 2 RAFT.LOCK l b 5 :2", true},
		"unknown, and lost":     {"1 RAFT.LOCK l a 5 :1, 2 RAFT.LOCK l b 9 ?, 6 RAFT.LOCK l c 5 :3", false},
		"renewed":               {"1 RAFT.LOCK l a 5 :1, 5 RAFT.RENEW l 1 5 :1, 9 RAFT.LOCK l b 5 nil", false},
		"renewed, and forgot":   {"1 RAFT.LOCK l a 5 :1, 5 RAFT.RENEW l 1 5 :1, 9 RAFT.LOCK l b 5 :3", true},
		"renewed unknown":       {"1 RAFT.LOCK l a 5 :1, 5 RAFT.RENEW l 1 5 ?, 9 RAFT.LOCK l b 5 nil", false},
		"renewed too late":      {"1 RAFT.LOCK l a 5 :1, 6 RAFT.RENEW l 1 5 :1", true},
		"renewed by another":    {"1 RAFT.LOCK l a 5 :1, 2 RAFT.RENEW l 2 5 :1", true},
		"not renewed":           {"1 RAFT.LOCK l a 5 :1, 2 RAFT.RENEW l 1 5 :0", true},
		"never shortened":       {"1 RAFT.LOCK l a 5 :1, 2 RAFT.RENEW l 1 1 :1, 5 RAFT.LOCK l b 5 :3", true},
		"given up":              {"1 RAFT.LOCK l a 5 :1, 2 RAFT.UNLOCK l 1 :1, 2 RAFT.LOCK l b 5 :3", false},
		"given up unknown":      {"1 RAFT.LOCK l a 5 :1, 2 RAFT.UNLOCK l 1 ?, 2 RAFT.LOCK l b 5 :3", false},
		"given up twice":        {"1 RAFT.LOCK l a 5 :1, 2 RAFT.UNLOCK l 1 :1, 2 RAFT.UNLOCK l 1 :1", true},
		"not given up":          {"1 RAFT.LOCK l a 5 :1, 2 RAFT.UNLOCK l 1 :0", true},
		"given up with another": {"1 RAFT.LOCK l a 5 :1, 2 RAFT.UNLOCK l 2 :0, 2 RAFT.LOCK l b 5 :3", true},
		"removed":               {"1 RAFT.LOCK l a 5 :1, 2 DEL l :1, 2 RAFT.LOCK l b 5 :3", false},
		"all removed":           {"1 RAFT.LOCK l a 5 :1, 2 FLUSHALL +OK, 2 RAFT.LOCK l b 5 nil", true},
		"time goes not back":    {"1 RAFT.LOCK l a 5 :1, 6 FLUSHDB x, 2 RAFT.LOCK l b 5 :2, 2 RAFT.LOCK l c 5 nil", false},
		"no number":             {"1 RAFT.LOCK l a 5 +OK", true},
	} {
		t.Run(name, func(t *testing.T) {
			var p past
			var log workload.Log
			for i, step := range strings.Split(c.steps, ", ") {
				words := strings.Fields(step)
				last := len(words) - 1
				reply := strings.ReplaceAll(words[last]+"\r\n", "nil\r\n", nullReply)
				o := p.add(raftlog.Index(i+1), 0, 0, strings.Join(words[1:last], " "), reply)
				o.Known = words[last] != "?"
				stamp, _ := time.ParseDuration(words[0] + "ms")
				log.Inputs = append(log.Inputs, workload.Input{Stamp: stamp.Milliseconds(), Data: o.Run.Body()})
			}
			if err := checkLocks(p, &log); (err != nil) != c.wrong {
				t.Errorf("%s: %v", c.steps, err)
			}
		})
	}
}

// TestClientsHoldLocks: what clients make up of the replies takes, prolongs and gives up locks, and is refused.
func TestClientsHoldLocks(t *testing.T) {
	const requests = 4000
	m := newAlone(t)
	var clients []*client
	for number := range 3 {
		clients = append(clients, KeySpace{}.NewClient(number, rand.New(rand.NewPCG(9, uint64(number))),
			workload.Mix{}).(*client))
	}
	var history past
	var log workload.Log
	met := map[string]int{}
	for i := range requests {
		r := clients[i%len(clients)].locking(false).(*Request)
		stamp := int64(1000 + 100*i)
		run := m.do(i, stamp, r)
		if r.Reads() {
			continue
		}
		if err := run.Answered(); err != nil {
			t.Fatal(err)
		}
		log.Inputs = append(log.Inputs, workload.Input{Stamp: stamp, Data: run.Body()})
		met[run.calls[0][0]+" "+run.replies[0][:2]]++
		history = append(history, workload.Operation{Run: run, Number: i, Known: true, Index: raftlog.Index(m.applied)})
	}
	if err := checkLocks(history, &log); err != nil {
		t.Error(err)
	}
	outcomes := "RAFT.LOCK $-,RAFT.RENEW :0,RAFT.RENEW :1,RAFT.UNLOCK :0,RAFT.UNLOCK :1"
	for outcome := range strings.SplitSeq(outcomes, ",") {
		if met[outcome] < requests/100 {
			t.Errorf("%s: met %d times of %v", outcome, met[outcome], met)
		}
	}
	for i := range history {
		if run := history[i].Run.(*Run); run.calls[0][0] == "RAFT.UNLOCK" && run.replies[0] == integer(1) {
			run.replies[0] = integer(0)
			break
		}
	}
	if checkLocks(history, &log) == nil {
		t.Error("a wrong reply is right")
	}
}
