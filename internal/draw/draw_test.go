package draw

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands"
	"github.com/raftredis/raftredis/internal/commands/data"
)

// draws is how many calls the tests look at: enough that each command is among them for certain.
const draws = 80_000

// TestEachCommandIsCalledAsSpecifiedAndOtherwise: calls that are drawn from specifications are of every command of the
// key space, most of them with an acceptable number of arguments, some not.
func TestEachCommandIsCalledAsSpecifiedAndOtherwise(t *testing.T) {
	x := NewMix(rand.New(rand.NewPCG(1, 1)))
	accepted, refused := map[string]int{}, map[string]int{}
	for range draws {
		line := x.Specified()
		args := make([][]byte, len(line))
		for i := range line {
			args[i] = []byte(line[i])
		}
		spec, fault := commands.Find(args)
		if fault == command.UnknownSubcommand || fault == command.UnknownCommand {
			t.Fatalf("%q is no command", line)
		}
		if fault == command.NoFault {
			accepted[spec.Name]++
		} else {
			refused[spec.Name]++
		}
	}
	for _, s := range keySpace {
		if accepted[s.Name] < draws/len(keySpace)/2 {
			t.Errorf("%s was called %d times with as many arguments as it takes", s.Name, accepted[s.Name])
		}
	}
	if len(refused) < len(keySpace)/4 {
		t.Errorf("only %d commands were called with a wrong number of arguments", len(refused))
	}
}

// TestTheSameSourceMakesTheSameCalls: a seed makes a test again.
func TestTheSameSourceMakesTheSameCalls(t *testing.T) {
	calls := func(seed uint64) (all []string) {
		x := NewMix(rand.New(rand.NewPCG(seed, 1)))
		for range 100 {
			_, line := x.Call()
			all = append(all, strings.Join(line, " "), strings.Join(x.Specified(), " "))
		}
		return all
	}
	if !slices.Equal(calls(1), calls(1)) || slices.Equal(calls(1), calls(2)) {
		t.Error("calls do not follow from the source of chance alone")
	}
}

// TestCommandsAreSentAgainInSessions: a mix opens sessions, uses those that it knows, and makes the same call twice.
func TestCommandsAreSentAgainInSessions(t *testing.T) {
	x := NewMix(rand.New(rand.NewPCG(5, 1)))
	x.Opened(4711)
	names, made, again, known := map[string]int{}, map[string]bool{}, 0, 0
	for range draws / 10 {
		line := x.Once()
		args := make([][]byte, len(line))
		for i := range line {
			args[i] = []byte(line[i])
		}
		spec, fault := commands.Find(args)
		if fault != command.NoFault {
			t.Fatalf("%q is no call", line)
		}
		names[spec.Name]++
		if spec == data.RaftOnce {
			text := strings.Join(line, " ")
			if made[text] {
				again++
			}
			if made[text] = true; line[1] == "4711" {
				known++
			}
			if inner, fault := commands.Find(args[spec.Wraps:]); fault == command.NoFault {
				names[inner.Name]++
			}
		}
	}
	for _, name := range []string{
		"raft.once", "raft.session|open", "raft.session|close", "raft.session|info", "raft.log|append", "raft.log|trim",
		"raft.log|limit", "raft.log|info",
	} {
		if names[name] < draws/1000 {
			t.Errorf("%s was called %d times", name, names[name])
		}
	}
	if again < draws/100 || known < draws/100 {
		t.Errorf("%d calls were made again, and %d in a session that is known", again, known)
	}
}

// TestOptionsComeWithTheirWords: SET is called with each of its options, with the word and the value.
func TestOptionsComeWithTheirWords(t *testing.T) {
	x := NewMix(rand.New(rand.NewPCG(3, 1)))
	met := map[string]bool{}
	for range draws {
		if line := x.Specified(); line[0] == "set" && len(line) > 3 {
			met[strings.ToUpper(line[3])] = true
			if i := slices.Index(line, "EX"); i > 0 {
				met["EX value"] = met["EX value"] || i+1 < len(line)
			}
		}
	}
	all := "NX,XX,IFEQ,IFNE,IFDEQ,IFDNE,GET,EX,PX,EXAT,PXAT,KEEPTTL,EX value"
	for option := range strings.SplitSeq(all, ",") {
		if !met[option] {
			t.Errorf("SET was never called with %s", option)
		}
	}
}

// TestEveryOwnCommandIsDrawnByHand fails when a command that Redis does not have is added to the key space, and not to
// the mix.
func TestEveryOwnCommandIsDrawnByHand(t *testing.T) {
	x, drawn := NewMix(rand.New(rand.NewPCG(2, 2))), map[string]int{}
	for range draws {
		name, line := x.Own()
		if words := strings.Count(name, " ") + 1; !strings.EqualFold(strings.Join(line[:words], " "), name) {
			t.Fatalf("%q is no call of %s", line, name)
		}
		drawn[strings.ReplaceAll(name, " ", "|")]++
	}
	x.Opened(7)
	for range draws {
		args := [][]byte{}
		for _, word := range x.Once() {
			args = append(args, []byte(word))
		}
		if spec, _ := commands.Find(args); spec != nil {
			drawn[spec.Name]++
		}
	}
	for _, c := range mixture {
		drawn[strings.ReplaceAll(c.Name, " ", "|")] += draws
	}
	for _, s := range keySpace {
		if strings.HasPrefix(s.Name, "raft.") && drawn[s.Name] < draws/100 {
			t.Errorf("%s was drawn %d times", s.Name, drawn[s.Name])
		}
	}
}
