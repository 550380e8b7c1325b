package system

import (
	"slices"
	"strings"
	"testing"
)

func find(t *testing.T, name string) System {
	all := All()
	i := slices.IndexFunc(all, func(s System) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("there is no %s", name)
	}
	return all[i]
}

// Flags go to the further system alone, and assignments into its environment.
func TestFurtherFlagsReachTheirSystem(t *testing.T) {
	p := Programs{Raftredis: "/a", Other: "/b", OtherFlags: []string{"--x", "1", "LOOP=off"}}
	l := find(t, Other).launch(&p, "/d/raftredis-flags/1", 1000, 0)
	if l.Program != "/b" || strings.Join(l.Args[len(l.Args)-2:], " ") != "--x 1" ||
		!slices.Equal(l.Environment, []string{"LOOP=off"}) {
		t.Errorf("%+v", l)
	}
	if l := find(t, Raftredis).launch(&p, "/d/raftredis/1", 1000, 0); l.Program != "/a" || slices.Contains(l.Args, "--x") {
		t.Errorf("%+v", l)
	}
}

// The first node waits for as many as the cluster has, the others look for it, and one alone waits for none.
func TestNodesFindEachOther(t *testing.T) {
	five := Cluster("five", 5, "--event-loop", "yes")
	for _, c := range []struct {
		system System
		node   int
		want   string
	}{
		{find(t, One), 0, "--port 1000 --peer-port 1005 --bootstrap"},
		{find(t, Raftredis), 0, "--port 1000 --peer-port 1005 --bootstrap --expect 3"},
		{five, 0, "--port 1000 --peer-port 1005 --bootstrap --expect 5 --event-loop yes"},
		{five, 4, "--port 1004 --peer-port 1009 --join 127.0.0.1:1000@1005 --event-loop yes"},
	} {
		l := c.system.launch(&Programs{Raftredis: "/a"}, "/d", 1000, c.node)
		if got := strings.Join(l.Args, " "); got != "serve --dir /d "+c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

// All systems have room for their ports, and names of their own.
func TestSystemsAreToldApart(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range All() {
		if seen[s.Name] || s.Nodes < 1 || s.Nodes > MaxNodes || s.launch == nil {
			t.Errorf("%+v", s)
		}
		seen[s.Name] = true
	}
}

func TestFactsAreFoundInInfo(t *testing.T) {
	const info = "# A\r\nother_peer_role:x\r\npeer_role:leader\r\n"
	if got := Fact(info, "peer_role"); got != "leader" {
		t.Errorf("%q", got)
	}
	if got := Fact(info, "role"); got != "" {
		t.Errorf("%q", got)
	}
}
