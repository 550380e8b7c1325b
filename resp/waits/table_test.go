package waits

import (
	"fmt"
	"sync"
	"testing"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands"
)

// readOf is a call that waits for a key.
func readOf(key string) *command.Call {
	args := [][]byte{[]byte("raft.log"), []byte("read"), []byte(key), []byte("0")}
	spec, fault := commands.Find(args)
	if fault != command.NoFault {
		panic(fault)
	}
	return &command.Call{Spec: spec, Args: args}
}

func wantEmpty(t *testing.T, table *Table) {
	t.Helper()
	if len(table.byKey) != 0 || len(table.all) != 0 || table.Keys() != 0 {
		t.Errorf("%d calls are left, for %d keys, %d counted", len(table.all), len(table.byKey), table.Keys())
	}
}

// Calls are woken in the order in which they came, each once until it has looked, by their key alone or by all.
func TestCallsAreWokenByTheirKeyInOrder(t *testing.T) {
	var woken []int
	table := New(10)
	waits := make([]*Wait, 4)
	for i := range waits {
		waits[i], _ = table.Add(func() { woken = append(woken, i) }, readOf([]string{"a", "b"}[i%2]))
	}
	table.Changed("c")
	table.Changed("b")
	table.Changed("b")
	table.Changed("a")
	if fmt.Sprint(woken) != "[1 3 0 2]" {
		t.Errorf("woken: %v", woken)
	}
	if news := waits[3].News(); news != KeyChanged || waits[3].News() != 0 {
		t.Errorf("the news are %v", news)
	}
	table.Remove(waits[1])
	woken = nil
	table.Changed("b")
	table.TellAll(KeyChanged)
	table.TellAll(StandingChanged)
	if len(woken) != 4 || woken[0] != 3 {
		t.Errorf("woken again: %v", woken)
	}
	if news := waits[0].News(); !news.Has(KeyChanged) || !news.Has(StandingChanged) {
		t.Errorf("the news are %v", news)
	}
	for _, at := range []int{0, 2, 3} {
		table.Remove(waits[at])
	}
	wantEmpty(t, table)
}

func TestChangesCostNothingWhereNoneWaits(t *testing.T) {
	table := New(2)
	if n := testing.AllocsPerRun(100, func() { table.Changed("a") }); n != 0 {
		t.Errorf("a change costs %v allocations while no call waits", n)
	}
	w, _ := table.Add(func() {}, readOf("b"))
	if n := testing.AllocsPerRun(100, func() { table.Changed("a") }); n != 0 {
		t.Errorf("a change of another key costs %v allocations", n)
	}
	table.Remove(w)
}

func TestATableHoldsSoManyKeys(t *testing.T) {
	table := New(2)
	first, _ := table.Add(func() {}, readOf("a"))
	if _, ok := table.Add(func() {}, readOf("a")); !ok {
		t.Error("the last one is refused")
	}
	if _, ok := table.Add(func() {}, readOf("b")); ok || table.Keys() != 2 {
		t.Error("one more is taken")
	}
	table.Remove(first)
	if _, ok := table.Add(func() {}, readOf("b")); !ok {
		t.Error("it is refused where there is room")
	}
}

// For the race detector: calls come and go while keys change. A call that was added before a change hears of it.
func TestCallsComeAndGoWhileKeysChange(t *testing.T) {
	const rounds = 300
	table := New(10)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range rounds {
				woken := make(chan struct{}, 1)
				w, _ := table.Add(func() { woken <- struct{}{} }, readOf("a"))
				table.Changed("a")
				<-woken
				table.Remove(w)
			}
		})
	}
	all.Go(func() {
		for range rounds {
			table.TellAll(KeyChanged)
		}
	})
	all.Wait()
	wantEmpty(t, table)
}
