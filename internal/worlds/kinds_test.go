package worlds

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/sim/workload"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands"
)

// TestTheModelAnswersAsTheMachineDoes: two that were written apart say the same of random calls of all kinds.
func TestTheModelAnswersAsTheMachineDoes(t *testing.T) {
	const calls = 30_000
	chance := rand.New(rand.NewPCG(7, 1))
	mix := workload.Mix{Keys: 2, KeyLife: time.Hour}
	c := KeySpace{}.NewClient(0, chance, mix).(*client)
	m := newAlone(t)
	states, met := map[string]*family{}, map[string]int{}
	for i := range calls {
		words := c.read(c.key(0))
		if c.hits(0.6) {
			words = c.write(c.key(0))
		}
		r := &Request{calls: []call{words}, protocol: 2}
		run := m.answer(t, i, 0, r)
		name := familyOf(words[1])
		if states[name] == nil {
			states[name] = &family{}
		}
		before := *states[name]
		if want := words.apply(states[name]); run.replies[0] != want {
			t.Fatalf("call %d, %v on %q: the machine answers %q, the model %q", i, words, before, run.replies[0], want)
		}
		met[words[0]]++
	}
	all := "GET MGET GETBIT BITCOUNT STRLEN GETRANGE EXISTS SET SETNX GETDEL GETSET APPEND DEL INCR DECR INCRBY SETBIT " +
		"SETRANGE MSET MSETNX RENAME COPY DELEX DELIFEQ DIGEST"
	for _, name := range strings.Fields(all) {
		if met[name] < calls/500 {
			t.Errorf("%s was compared %d times", name, met[name])
		}
	}
}

// TestClientsAskForEveryCommand: what they draw has every command of the key space, with and without an argument that
// is wrong, alone and with others.
func TestClientsAskForEveryCommand(t *testing.T) {
	const requests = 40_000
	c := KeySpace{}.NewClient(0, rand.New(rand.NewPCG(8, 1)), workload.Mix{Drawn: 1}).(*client)
	met := map[string]int{}
	faults, withReads := 0, 0
	for range requests {
		r := c.drawn(time.Minute, false).(*Request)
		reads := 0
		for _, words := range r.calls {
			spec, fault := commands.Find(words.args())
			if fault != command.NoFault {
				faults++
				continue
			}
			met[spec.Name]++
			if spec.Class == command.Read {
				reads++
			}
		}
		if reads > 0 && !r.Reads() {
			withReads++
		}
	}
	for s := range commands.Each() {
		inKeySpace := len(s.Subcommands) == 0 && (s.Class == command.Read || s.Class == command.Write)
		few := requests / 1000
		if s.Name == "flushall" || s.Name == "flushdb" {
			few = 1
		}
		if inKeySpace && met[s.Name] < few {
			t.Errorf("%s was drawn %d times", s.Name, met[s.Name])
		}
	}
	if faults < requests/100 || withReads < requests/10 {
		t.Errorf("%d calls are no commands, %d runs have reads beside writes", faults, withReads)
	}
}
