package draw

import (
	"slices"
	"strconv"
	"strings"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands"
)

// repeatsMax is how often a multiple argument comes at most.
const repeatsMax = 3

// Specified is a call of any command of the key space, with arguments that follow from its specification alone: what
// COMMAND DOCS tells of them. So a new command is called from the day on which it stands in the table.
func (x *Mix) Specified() []string {
	s := keySpace[x.IntN(len(keySpace))]
	line := strings.Split(s.Name, "|")
	return x.spoiled(x.sequence(line, s.Arguments()), len(line))
}

// keySpace has the commands whose replies come from the state machine.
var keySpace = func() (all []*command.Spec) {
	for s := range commands.Each() {
		if len(s.Subcommands) == 0 && (s.Class == command.Read || s.Class == command.Write) {
			all = append(all, s)
		}
	}
	return all
}()

// sequence adds arguments that follow each other.
func (x *Mix) sequence(line []string, arguments []command.Argument) []string {
	for i := range arguments {
		a := &arguments[i]
		if a.Optional && x.IntN(2) == 0 {
			continue
		}
		times := 1
		if a.Multiple {
			times += x.IntN(repeatsMax)
		}
		for n := range times {
			if a.Token != "" && (n == 0 || a.MultipleToken) {
				line = append(line, x.spelled(a.Token))
			}
			line = x.argument(line, a)
		}
	}
	return line
}

// argument adds an argument without its token. The types are those of command.Argument; the name tells what a string is
// made of.
func (x *Mix) argument(line []string, a *command.Argument) []string {
	switch a.Type {
	case "pure-token":
		return line
	case "oneof":
		which := x.IntN(len(a.Arguments))
		return x.sequence(line, a.Arguments[which:which+1])
	case "block":
		return x.sequence(line, a.Arguments)
	case "key":
		return append(line, x.key())
	case "integer":
		if a.Name == "token" {
			return append(line, x.token())
		}
		return append(line, x.integer())
	case "double":
		return append(line, Decimal(x.Rand))
	case "unix-time":
		return append(line, x.instant([]int64{1, secondMillis}[x.IntN(2)]))
	case "pattern":
		return append(line, x.pattern())
	}
	switch {
	case strings.HasSuffix(a.Name, "digest"):
		return append(line, x.digest())
	case a.Name == "holder":
		return append(line, x.holder())
	case slices.Contains(streamIDNames, a.Name):
		return append(line, x.entryID())
	case a.Name == "threshold":
		return append(line, x.pick(x.entryID(), strconv.Itoa(x.IntN(100))))
	}
	return append(line, x.value())
}

// streamIDNames are the names of arguments that are IDs of entries of a stream.
var streamIDNames = strings.Fields("id start end last-id lastid max-deleted-id")

// integer is a number: mostly one that many commands take, else one at an edge.
func (x *Mix) integer() string {
	switch x.IntN(4) {
	case 0:
		return Position(x.Rand)
	case 1:
		return string(Number(x.Rand))
	}
	return strconv.Itoa(x.IntN(12) - 2)
}
