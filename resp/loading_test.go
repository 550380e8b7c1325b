package resp

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands"
	"github.com/raftredis/raftredis/internal/commands/node"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/resp/topology"
)

// loadingServer is a server whose node loads. opening says that it does not know its cluster either.
func loadingServer(t *testing.T, opening bool) (*Server, *fakeStore) {
	t.Helper()
	store, loading := newFakeStore(t), new(atomic.Bool)
	store.info.State, store.info.Opening = topology.Loading, opening
	loading.Store(true)
	s := testServer(t, Options{Store: store, Loading: loading})
	s.tuning.EnableDebug.Store("yes")
	return s, store
}

// shortest is a call of a command with as few arguments as it takes.
func shortest(spec *command.Spec) string {
	words := strings.Split(spec.Name, "|")
	for wanted := max(spec.Arity, -spec.Arity); len(words) < wanted; {
		words = append(words, "1")
	}
	return bulk(words...)
}

// A node that loads answers what Redis answers while it loads: the flag of the table says what. What shows the cluster
// it answers as soon as it knows one.
func TestLoading_EveryCommandIsAnsweredAsItsFlagSays(t *testing.T) {
	const loading = "-" + reply.Loading + "\r\n"
	for spec := range commands.Each() {
		if len(spec.Subcommands) > 0 && !spec.AcceptsArgc(1) {
			continue // a container
		}
		for _, opening := range []bool{true, false} {
			want := spec.Flags&command.FlagLoading == 0 || spec.Class != command.Barrier // OBJECT HELP
			switch spec {
			case node.ClusterInfo, node.ClusterLinks, node.ClusterMyID, node.ClusterMyShardID,
				node.ClusterNodes, node.ClusterShards, node.ClusterSlots:
				want = opening
			}
			s, store := loadingServer(t, opening)
			got := newClient(t, s).send(shortest(spec))
			if (got == loading) != want || got == "" && spec != node.ClientReply && spec != node.DebugSleep {
				t.Errorf("%s, opening %v: %q, want LOADING %v", spec.Name, opening, got, want)
			}
			if len(store.bodies) > 0 || store.views > 0 {
				t.Errorf("%s reaches the store of a node that loads", spec.Name)
			}
		}
	}
}

func TestLoading_WordsOfTheTable(t *testing.T) {
	s, _ := loadingServer(t, true)
	c := newClient(t, s)
	const loading = "-LOADING Redis is loading the dataset in memory\r\n"
	for input, want := range map[string]string{
		"PING\r\n": loading, "GET a\r\n": loading, "SET a 1\r\n": loading, "CLUSTER INFO\r\n": loading,
		"CLUSTER NODES\r\n": loading, "CLUSTER SLOTS\r\n": loading, "SELECT 0\r\n": "+OK\r\n",
		"ECHO x\r\n": bulkText("x"), "NOSUCH\r\n": "-ERR unknown command 'NOSUCH', with args beginning with: \r\n",
	} {
		if got := c.send(input); got != want {
			t.Errorf("%q gets %q, want %q", input, got, want)
		}
	}
	for _, input := range []string{"INFO\r\n", "HELLO 2\r\n", "ROLE\r\n", "CONFIG GET maxclients\r\n", "CLIENT LIST\r\n"} {
		if got := c.send(input); strings.HasPrefix(got, "-") {
			t.Errorf("%q gets %q", input, got)
		}
	}
	s.loading.Store(false)
	if got := c.send("PING\r\n"); got != "+PONG\r\n" {
		t.Errorf("afterwards PING gets %q", got)
	}
}

// A node that fetches another one's state shows its cluster, and that it serves none of it.
func TestLoading_TheStateOfTheClusterIsFail(t *testing.T) {
	s, store := loadingServer(t, false)
	c := newClient(t, s)
	if got := c.send("CLUSTER INFO\r\n"); !strings.Contains(got, "cluster_state:fail\r\n") {
		t.Errorf("CLUSTER INFO is %q", got)
	}
	if got := c.send("CLUSTER NODES\r\n"); strings.Count(got, "\n") != 2+3 {
		t.Errorf("CLUSTER NODES is %q", got)
	}
	s.loading.Store(false)
	store.info.State = topology.Up
	if got := c.send("CLUSTER INFO\r\n"); !strings.Contains(got, "cluster_state:ok\r\n") {
		t.Errorf("afterwards CLUSTER INFO is %q", got)
	}
}

// Runs that wait when the node begins to load end as not done: they are told why.
func TestLoading_RunsThatWaitedAreToldWhy(t *testing.T) {
	store, loading := newFakeStore(t), new(atomic.Bool)
	store.finish = store.park
	c := newClient(t, testServer(t, Options{Store: store, Loading: loading}))
	c.send("GET a\r\n")
	loading.Store(true)
	store.next().Complete(NotDone)
	c.advance()
	if got := c.take(); got != "-"+reply.Loading+"\r\n" {
		t.Errorf("GET gets %q", got)
	}
}

func TestLoading_InfoTellsHowFarItIs(t *testing.T) {
	s, store := loadingServer(t, true)
	s.clock = func() time.Time { return time.Unix(1700000010, 0) }
	c := newClient(t, s)
	for _, one := range []struct {
		progress LoadProgress
		fields   []string
	}{
		{
			LoadProgress{Active: true, Began: time.Unix(1700000000, 0), DoneBytes: 250, TotalBytes: 1000},
			[]string{
				"loading:1", "async_loading:0", "loading_start_time:1700000000", "loading_total_bytes:1000",
				"loading_loaded_bytes:250", "loading_loaded_perc:25.00", "loading_eta_seconds:30",
			},
		},
		{
			LoadProgress{Active: true, Began: time.Unix(1700000010, 0)},
			[]string{"loading:1", "loading_total_bytes:0", "loading_loaded_perc:0.00", "loading_eta_seconds:1"},
		},
		{
			LoadProgress{Active: true, Began: time.Unix(1700000020, 0), DoneBytes: 1000, TotalBytes: 1000},
			[]string{"loading_loaded_perc:100.00", "loading_eta_seconds:0"},
		},
	} {
		store.info.Loading = one.progress
		got := c.send("INFO persistence\r\n")
		for _, field := range one.fields {
			if !strings.Contains(got, "\r\n"+field+"\r\n") {
				t.Errorf("%s is not in %q", field, got)
			}
		}
	}
	store.info.Loading = LoadProgress{}
	if got := c.send("INFO persistence\r\n"); strings.Contains(got, "loading_total_bytes") {
		t.Errorf("a node that does not load says %q", got)
	}
}
