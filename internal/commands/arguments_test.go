package commands

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/commands/node"
)

// TestTheArgumentsOfACommandAreAsManyAsItsArity compares what COMMAND DOCS says with what calls are checked against.
func TestTheArgumentsOfACommandAreAsManyAsItsArity(t *testing.T) {
	for s := range Each() {
		if len(s.Subcommands) > 0 {
			if s.Arguments() != nil {
				t.Errorf("%s is a container and has arguments", s.Name)
			}
			continue
		}
		words := 1 + strings.Count(s.Name, "|")
		minWords, maxWords := countAll(s.Arguments())
		minWords, maxWords = minWords+words, plus(maxWords, words)
		if s.Arity > 0 && (minWords != s.Arity || maxWords != s.Arity) || s.Arity < 0 && minWords != -s.Arity {
			t.Errorf("%s: from %d to %d words, with arity %d", s.Name, minWords, maxWords, s.Arity)
		}
		if s.Arity < 0 && maxWords == minWords && !takesNothing[s] {
			t.Errorf("%s: %d words always, with arity %d", s.Name, minWords, s.Arity)
		}
	}
}

// takesNothing are the commands whose arity, which is Redis's, allows arguments that have no meaning.
var takesNothing = map[*command.Spec]bool{node.PSync: true, node.Quit: true}

// visitArguments visits arguments and those within them.
func visitArguments(all []command.Argument, visit func(a *command.Argument)) {
	for i := range all {
		visit(&all[i])
		visitArguments(all[i].Arguments, visit)
	}
}

func TestKeysAmongArgumentsAreThoseOfTheKeySpecs(t *testing.T) {
	types := []string{"string", "integer", "double", "key", "pattern", "unix-time", "pure-token", "oneof", "block"}
	for s := range Each() {
		keys := 0
		visitArguments(s.Arguments(), func(a *command.Argument) {
			if !slices.Contains(types, a.Type) {
				t.Errorf("%s: %s is of type %q", s.Name, a.Name, a.Type)
			}
			group := a.Type == "oneof" || a.Type == "block"
			if group != (len(a.Arguments) > 1) || group != (a.Display == "") {
				t.Errorf("%s: %s of type %s has %d arguments and is shown as %q", s.Name, a.Name, a.Type, len(a.Arguments),
					a.Display)
			}
			names := a.Type == "key" || a.Type == "pattern" && s.LooksFurther()
			if names != (a.KeySpec >= 0) || a.KeySpec >= len(s.KeySpecs) {
				t.Errorf("%s: %s of type %s has the specification %d", s.Name, a.Name, a.Type, a.KeySpec)
			}
			if a.Type == "key" {
				keys++
			}
		})
		want := len(s.KeySpecs)
		if s.LooksFurther() { // one is of keys that patterns name
			want--
		}
		if s.HasChannels() {
			want = 0
		}
		// LCS has one specification for two keys.
		if keys != want && (s != data.LCS || keys != 2) {
			t.Errorf("%s: %d keys among the arguments, %d specifications of keys", s.Name, keys, want)
		}
	}
}

func TestAUsageIsReadAsItIsWritten(t *testing.T) {
	set := data.Set.Arguments()
	if len(set) != 5 || set[0].KeySpec != 0 || set[1].Type != "string" || set[2].Type != "oneof" || !set[2].Optional {
		t.Fatalf("SET takes %+v", set)
	}
	if get := set[3]; get.Type != "pure-token" || get.Token != "GET" || get.Name != "get" || !get.Optional {
		t.Errorf("GET of SET is %+v", get)
	}
	px := set[4].Arguments[1]
	if px.Token != "PX" || px.Name != "milliseconds" || px.Type != "integer" || px.Display != px.Name {
		t.Errorf("PX of SET is %+v", px)
	}
	prefix := node.ClientTracking.Arguments()[2]
	if got := prefix.Flags(); !slices.Equal(got, []string{"optional", "multiple", "multiple_token"}) {
		t.Errorf("PREFIX of CLIENT TRACKING is %v", got)
	}
	migrate := data.Migrate.Arguments()
	if none := migrate[2].Arguments[1]; none.Name != "empty-string" || none.Token != `""` {
		t.Errorf("the key of MIGRATE may be %+v", none)
	}
	auth2 := migrate[7].Arguments[1]
	if auth2.Token != "AUTH2" || auth2.Name != "auth2" || auth2.Type != "block" || len(auth2.Arguments) != 2 {
		t.Errorf("AUTH2 of MIGRATE takes %+v", auth2)
	}
	if keys := migrate[8]; keys.Token != "KEYS" || keys.KeySpec != 1 || !keys.Optional || !keys.Multiple {
		t.Errorf("KEYS of MIGRATE is %+v", keys)
	}
	kill := node.ClientKill.Arguments()[0]
	if kill.Arguments[0].Display != "ip:port" || !kill.Arguments[1].Multiple || kill.Arguments[1].Optional {
		t.Errorf("CLIENT KILL takes %+v", kill)
	}
}

// count is the smallest and the largest number of words that an argument takes; the largest may be endless.
func count(a *command.Argument) (minWords, maxWords int) {
	switch a.Type {
	case "pure-token":
		minWords, maxWords = 0, 0
	case "block":
		minWords, maxWords = countAll(a.Arguments)
	case "oneof":
		minWords = math.MaxInt
		for i := range a.Arguments {
			low, high := count(&a.Arguments[i])
			minWords, maxWords = min(minWords, low), max(maxWords, high)
		}
	default:
		minWords, maxWords = 1, 1
	}
	if a.Token != "" {
		minWords, maxWords = minWords+1, plus(maxWords, 1)
	}
	if a.Multiple {
		maxWords = endless
	}
	if a.Optional {
		minWords = 0
	}
	return minWords, maxWords
}

// endless is more words than any client sends.
const endless = math.MaxInt32

func plus(a, b int) int { return min(a+b, endless) }

// countAll is count for arguments that follow each other.
func countAll(all []command.Argument) (minWords, maxWords int) {
	for i := range all {
		low, high := count(&all[i])
		minWords, maxWords = minWords+low, plus(maxWords, high)
	}
	return minWords, maxWords
}
