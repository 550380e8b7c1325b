package command

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// every visits all commands and subcommands.
func every(visit func(s *Spec)) {
	for _, s := range All() {
		visit(s)
		for i := range s.Subcommands {
			visit(&s.Subcommands[i])
		}
	}
}

func split(line string) [][]byte { return bytes.Fields([]byte(line)) }

func TestEveryIDNamesExactlyOneCommand(t *testing.T) {
	owners := make([]string, IDs)
	every(func(s *Spec) {
		if s.ID == 0 || s.ID >= IDs {
			t.Fatalf("%s has id %d", s.Name, s.ID)
		}
		if owners[s.ID] != "" {
			t.Errorf("id %d names both %s and %s", s.ID, owners[s.ID], s.Name)
		}
		owners[s.ID] = s.Name
	})
	for id := ID(1); id < IDs; id++ {
		if owners[id] == "" {
			t.Errorf("id %d names no command", id)
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
	every(func(s *Spec) {
		if len(s.Name) > longestName || s.Name != strings.ToLower(s.Name) || s.Arity == 0 {
			t.Errorf("%s: name or arity %d is not well formed", s.Name, s.Arity)
		}
		if s.Summary == "" || s.Complexity == "" || s.Since == "" || s.Group == "" || len(s.Categories) == 0 {
			t.Errorf("%s: documentation is missing", s.Name)
		}
		if (s.FirstKey == 0) != (s.Step == 0) {
			t.Errorf("%s: first key %d with step %d", s.Name, s.FirstKey, s.Step)
		}
		for _, sub := range s.Subcommands {
			if !strings.HasPrefix(sub.Name, s.Name+"|") {
				t.Errorf("%s is in the container %s", sub.Name, s.Name)
			}
		}
	})
}

func TestClassAgreesWithFlagsAndCategories(t *testing.T) {
	every(func(s *Spec) {
		write, read := s.Flags&FlagWrite != 0, s.Flags&FlagReadOnly != 0
		unmarked := s.ID == ClusterCountKeysInSlot || s.ID == ClusterGetKeysInSlot || s.ID == ObjectHelp ||
			s.ID == DebugObject // by Redis
		marked := s.ID == LolWut // by Redis too: it reads nothing
		if write != (s.Class == Write) || read != (s.Class == Read && !unmarked || marked) {
			t.Errorf("%s: class %d with flags %v", s.Name, s.Class, s.Flags.Names())
		}
		if write != slices.Contains(s.Categories, "@write") || read != slices.Contains(s.Categories, "@read") {
			t.Errorf("%s: categories %v with flags %v", s.Name, s.Categories, s.Flags.Names())
		}
		if (s.ID < lastData) != (s.Class != Barrier) {
			t.Errorf("%s: class %d with id %d", s.Name, s.Class, s.ID)
		}
	})
}

func TestFlagNamesCoverEveryFlag(t *testing.T) {
	if got := (flagsEnd - 1).Names(); len(got) != len(flagNames) || Flags(1<<len(flagNames)) != flagsEnd {
		t.Fatalf("flags %b have the names %v", flagsEnd-1, got)
	}
	if got := (FlagFast | FlagWrite).Names(); !slices.Equal(got, []string{"write", "fast"}) {
		t.Fatalf("write and fast are %v", got)
	}
}

func TestFindTellsFaultsApart(t *testing.T) {
	for line, want := range map[string]struct {
		id    ID
		fault Fault
	}{
		"GET a":              {Get, NoFault},
		"gEt a":              {Get, NoFault},
		"get":                {Get, WrongArity},
		"get a b":            {Get, WrongArity},
		"set a":              {Set, WrongArity},
		"mset a 1 b 2":       {MSet, NoFault},
		"nosuch a":           {0, UnknownCommand},
		"get\x00 a":          {0, UnknownCommand},
		"CLIENT ID":          {ClientID, NoFault},
		"client setname":     {ClientSetName, WrongArity},
		"client":             {Client, WrongArity},
		"client nosuch":      {Client, UnknownSubcommand},
		"command":            {Command, NoFault},
		"COMMAND Docs get":   {CommandDocs, NoFault},
		"config get":         {ConfigGet, WrongArity},
		"client|id":          {0, UnknownCommand},
		"ping a":             {Ping, NoFault},
		"client client|id x": {Client, UnknownSubcommand},
	} {
		spec, fault := Find(split(line))
		var id ID
		if spec != nil {
			id = spec.ID
		}
		if id != want.id || fault != want.fault {
			t.Errorf("%q: id %d fault %d, want id %d fault %d", line, id, fault, want.id, want.fault)
		}
	}
}

func TestFindTakesEmptyAndEndlessNames(t *testing.T) {
	for _, name := range [][]byte{nil, {}, bytes.Repeat([]byte("x"), 1<<20)} {
		if _, fault := Find([][]byte{name}); fault != UnknownCommand {
			t.Errorf("a name of %d bytes: fault %d", len(name), fault)
		}
		if _, fault := Find([][]byte{[]byte("client"), name}); fault != UnknownSubcommand {
			t.Errorf("a subcommand of %d bytes: fault %d", len(name), fault)
		}
	}
}

func TestFindAllocatesNothing(t *testing.T) {
	calls := [][][]byte{split("SeT a 1"), split("client ID"), split("nosuch"), {bytes.Repeat([]byte("x"), 1<<16)}}
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
	} {
		args := split(line)
		spec, _ := Lookup(args[0])
		if got := spec.Keys(nil, args); !slices.Equal(got, want) {
			t.Errorf("%q has keys at %v, want %v", line, got, want)
		}
	}
}

func TestBodyHoldsTheWritesInOrder(t *testing.T) {
	run := Run{Protocol: 2}
	for _, line := range []string{"set a 1", "get a", "incr b"} {
		args := split(line)
		spec, _ := Find(args)
		run.Calls = append(run.Calls, Call{Spec: spec, Args: args})
	}
	run.Calls = append(run.Calls, Call{Fixed: []byte("+PONG\r\n")})
	body := run.Body([]byte("> "), func(dst []byte, args [][]byte) []byte {
		return append(append(dst, bytes.Join(args, []byte(" "))...), ';')
	})
	if got := string(body); got != "> set a 1;incr b;" {
		t.Fatalf("body is %q", got)
	}
	if !run.HasWrite() {
		t.Fatal("a run with SET has no write")
	}
	run.Calls = run.Calls[1:2]
	if run.HasWrite() {
		t.Fatal("a run of GET alone has a write")
	}
}

func BenchmarkFind(b *testing.B) {
	args := split("SET a 1")
	b.ReportAllocs()
	for b.Loop() {
		Find(args)
	}
}
