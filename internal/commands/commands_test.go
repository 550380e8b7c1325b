package commands

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/commands/node"
)

func words(line string) [][]byte { return bytes.Fields([]byte(line)) }

func TestEveryIDNamesExactlyOneCommand(t *testing.T) {
	owners := make([]*command.Spec, IDs())
	for s := range Each() {
		if s.ID() == 0 || owners[s.ID()] != nil {
			t.Errorf("%s has the ID %d, which is not its own", s.Name, s.ID())
		}
		owners[s.ID()] = s
	}
	if at := slices.Index(owners[1:], nil); at >= 0 {
		t.Errorf("ID %d names no command", at+1)
	}
}

// A literal that no family lists would be a command that clients cannot call.
func TestEveryLiteralIsInTheTable(t *testing.T) {
	literals := 0
	paths, err := filepath.Glob("*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		literals += len(regexp.MustCompile(`(?m)^\t[A-Z]\w* += &command\.Spec\{$`).FindAll(text, -1))
	}
	if literals != IDs()-1 {
		t.Errorf("%d literals, and %d commands in the table", literals, IDs()-1)
	}
}

// The error for a wrong subcommand tells the client to try HELP, so every container has it, and it lists them all.
func TestEveryContainerHasHelp(t *testing.T) {
	for _, s := range All() {
		if len(s.Subcommands) == 0 {
			continue
		}
		if _, ok := s.Subcommand([]byte("help")); !ok {
			t.Errorf("%s has no HELP", s.Name)
		}
		text := "\n" + strings.Join(s.HelpLines(), "\n")
		for _, sub := range s.Subcommands {
			if word := strings.ToUpper(strings.TrimPrefix(sub.Name, s.Name+"|")); !strings.Contains(text, "\n"+word) {
				t.Errorf("%s HELP does not list %s", s.Name, word)
			}
		}
	}
}

func TestTableIsSortedAndComplete(t *testing.T) {
	names := []string{}
	for _, s := range All() {
		names = append(names, s.Name)
	}
	if !slices.IsSorted(names) {
		t.Errorf("not sorted: %v", names)
	}
	for s := range Each() {
		if len(s.Name) > command.MaxNameBytes || s.Name != strings.ToLower(s.Name) || s.Arity == 0 {
			t.Errorf("%s: name or arity %d is not well formed", s.Name, s.Arity)
		}
		if s.Summary == "" || s.Complexity == "" || s.Since == "" || s.Group == "" {
			t.Errorf("%s: documentation is missing", s.Name)
		}
		for _, k := range s.KeySpecs {
			backwards := k.Keyword != "" && k.First < 0 // the keyword is looked for from the end
			if k.First <= 0 && !k.Unknown && !backwards || k.Step <= 0 || len(k.Flags) == 0 {
				t.Errorf("%s: keys from %d in steps of %d with flags %v", s.Name, k.First, k.Step, k.Flags)
			}
		}
		for _, sub := range s.Subcommands {
			if !strings.HasPrefix(sub.Name, s.Name+"|") || sub.Container() != s {
				t.Errorf("%s is in the container %s", sub.Name, s.Name)
			}
		}
	}
}

func TestHelpTellsEverySubcommand(t *testing.T) {
	for _, s := range All() {
		lines := s.HelpLines()
		if _, ok := s.Subcommand([]byte("help")); !ok {
			if len(lines) > 0 {
				t.Errorf("%s has help and no subcommand for it", s.Name)
			}
			continue
		}
		if len(s.Help) == 0 || !strings.HasPrefix(s.Help[0], peopleName(s)+" <subcommand>") {
			t.Errorf("the help of %s begins with %q", s.Name, s.Help)
		}
		for _, sub := range s.Subcommands {
			own := strings.TrimPrefix(peopleName(sub), peopleName(s)+" ")
			if len(sub.Help) < 2 || strings.Fields(sub.Help[0])[0] != own || !slices.Contains(lines, sub.Help[0]) {
				t.Errorf("%s HELP lacks %s", s.Name, own)
			}
		}
	}
}

func TestClassAgreesWithFlagsAndCategories(t *testing.T) {
	for s := range Each() {
		write, read := s.Flags&command.FlagWrite != 0, s.Flags&command.FlagReadOnly != 0
		// The first two exceptions are Redis's: reads without the flag, and a command with the flag that reads nothing.
		// MIGRATE writes, and not through its connection's runs.
		unmarked := slices.Contains([]*command.Spec{
			node.ClusterCountKeysInSlot, node.ClusterGetKeysInSlot, node.Watch, data.ObjectHelp, data.PFSelfTest,
		}, s) || node.IsDebug(s)
		marked := s == node.LolWut
		sends := s == data.Publish || s == data.SPublish // they go through the log, and write nothing
		writes := s.Class == command.Write && !sends || s == data.Migrate
		if write != writes || read != (s.Class == command.Read && !unmarked || marked) {
			t.Errorf("%s: class %d with flags %v", s.Name, s.Class, s.Flags.Names())
		}
		if follow := (&command.Spec{Flags: s.Flags}).AllCategories(); s.Categories&follow != 0 {
			t.Errorf("%s: categories %v follow from flags, and are told again", s.Name, s.Categories.Names())
		}
	}
}

func TestFindTellsFaultsApart(t *testing.T) {
	for line, want := range map[string]struct {
		spec  *command.Spec
		fault command.Fault
	}{
		"GET a":              {data.Get, command.NoFault},
		"gEt a":              {data.Get, command.NoFault},
		"get":                {data.Get, command.WrongArity},
		"get a b":            {data.Get, command.WrongArity},
		"set a":              {data.Set, command.WrongArity},
		"mset a 1 b 2":       {data.MSet, command.NoFault},
		"nosuch a":           {nil, command.UnknownCommand},
		"get\x00 a":          {nil, command.UnknownCommand},
		"CLIENT ID":          {node.ClientID, command.NoFault},
		"client setname":     {node.ClientSetName, command.WrongArity},
		"client":             {node.Client, command.WrongArity},
		"client nosuch":      {node.Client, command.UnknownSubcommand},
		"command":            {node.Command, command.NoFault},
		"COMMAND Docs get":   {node.CommandDocs, command.NoFault},
		"config get":         {node.ConfigGet, command.WrongArity},
		"client|id":          {nil, command.UnknownCommand},
		"ping a":             {node.Ping, command.NoFault},
		"client client|id x": {node.Client, command.UnknownSubcommand},
	} {
		spec, fault := Find(words(line))
		if spec != want.spec || fault != want.fault {
			t.Errorf("%q: %v with fault %d, want %v with fault %d", line, spec, fault, want.spec, want.fault)
		}
	}
}

func TestFindTakesEmptyAndEndlessNames(t *testing.T) {
	for _, name := range [][]byte{nil, {}, bytes.Repeat([]byte("x"), 1<<20)} {
		if _, fault := Find([][]byte{name}); fault != command.UnknownCommand {
			t.Errorf("a name of %d bytes: fault %d", len(name), fault)
		}
		if _, fault := Find([][]byte{[]byte("client"), name}); fault != command.UnknownSubcommand {
			t.Errorf("a subcommand of %d bytes: fault %d", len(name), fault)
		}
	}
}

func TestFindAllocatesNothing(t *testing.T) {
	calls := [][][]byte{words("SeT a 1"), words("client ID"), words("nosuch"), {bytes.Repeat([]byte("x"), 1<<16)}}
	for _, args := range calls {
		if n := testing.AllocsPerRun(100, func() { Find(args) }); n != 0 {
			t.Errorf("%.20q: %v allocations", args[0], n)
		}
	}
}

func TestKeysAreThoseThatTheCallHas(t *testing.T) {
	for line, want := range map[string][]int{
		"get a":        {1},
		"set a 1 NX":   {1},
		"del a b c":    {1, 2, 3},
		"mset a 1 b 2": {1, 3},
		"mset a 1 b":   {1, 3},
		"get":          nil,
		"dbsize":       nil,
		"ping a":       nil,

		"migrate h 1 k 0 1":                     {3},
		"migrate h 1 k 0 1 copy replace auth p": {3},
		"migrate h 1 k 0 1 keys a":              {3}, // which is refused
		"migrate h 1 _ 0 1 keys a b":            {7, 8},
		"migrate h 1 _ 0 1 KeyS keys":           {7},
		"migrate h 1 _ 0 1 auth keys keys a":    {9},
		"migrate h 1 _ 0 1 auth2 u keys keys a": {10},
		"migrate h 1 _ 0 1 auth2 u":             {3},
		"migrate h 1 _ 0 1 auth":                {3},
		"migrate h 1 _ 0 1 keys":                nil,
		"migrate h 1 _ 0 1":                     {3},
		"migrate h 1":                           nil,
	} {
		args := words(line)
		for i := range args {
			if string(args[i]) == "_" { // an empty argument
				args[i] = nil
			}
		}
		spec, _ := Lookup(args[0])
		if got := spec.Keys(nil, args); !slices.Equal(got, want) {
			t.Errorf("%q has keys at %v, want %v", line, got, want)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	args := words("SET a 1")
	b.ReportAllocs()
	for b.Loop() {
		Find(args)
	}
}

// The keys of BITOP do not move: clients find them by the range that COMMAND tells.
func TestKeysThatDoNotMoveAreARange(t *testing.T) {
	first, last, step := data.BitOp.KeyRange()
	if data.BitOp.Flags&command.FlagMovableKeys != 0 || first != 2 || last != -1 || step != 1 {
		t.Errorf("BITOP: flags %v, keys from %d to %d in steps of %d", data.BitOp.Flags.Names(), first, last, step)
	}
}

func TestNamesThatAreNoCommandsAreNotFound(t *testing.T) {
	tooLong := string(make([]byte, command.MaxNameBytes+1))
	for _, name := range []string{"", "ge", "gett", "get ", "\x00get", "client|list", tooLong} {
		if spec, ok := Lookup([]byte(name)); ok || spec != nil {
			t.Errorf("%q is found as %s", name, spec.Name)
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	names := [][]byte{[]byte("GET"), []byte("set"), []byte("INCRBY"), []byte("nosuch")}
	b.ReportAllocs()
	for i := range b.N {
		Lookup(names[i%len(names)])
	}
}

// Each command that compares names with a pattern of its client says where it stands, so that a long one is refused.
// SORT has patterns of another kind. Patterns to which clients listen are shorter by a rule of their own.
func TestCommandsWithPatternsSayWhereTheyAre(t *testing.T) {
	others := []*command.Spec{data.Sort, data.SortRO, node.PSubscribe, node.PUnsubscribe}
	found := 0
	for spec := range Each() {
		is := strings.Contains(spec.Usage, ":pattern") || spec == node.ConfigGet
		if want := is && !slices.Contains(others, spec); want != (spec.Globs > 0) {
			t.Errorf("%s: Globs is %d", spec.Name, spec.Globs)
		}
		if spec.Globs > 0 {
			found++
		}
	}
	if found < 9 {
		t.Errorf("%d commands have patterns", found)
	}
}
