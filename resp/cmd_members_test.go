package resp

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/resp/topology"
)

const someName = "0123456789abcdef0123456789abcdef00000002"

func TestMembershipCommandsAskForWhatTheySay(t *testing.T) {
	for input, want := range map[string]MemberChange{
		"CLUSTER ADDNODE 10.0.0.9:7000":             {Add: []NewMember{{PeerAddress: "10.0.0.9:17000"}}},
		"cluster addnode a:7000@9 learner":          {Add: []NewMember{{PeerAddress: "a:9", Learner: true}}},
		"CLUSTER ADDNODE [::1]:7000":                {Add: []NewMember{{PeerAddress: "[::1]:17000"}}},
		"CLUSTER ADDNODE a:7000 PEER b:70":          {Add: []NewMember{{PeerAddress: "b:70"}}},
		"CLUSTER ADDNODE a:60000 LEARNER peer b:70": {Add: []NewMember{{PeerAddress: "b:70", Learner: true}}},
		"CLUSTER ADDNODE a:7000 LEARNER IF 17":      {Add: []NewMember{{PeerAddress: "a:17000", Learner: true}}, If: 17},
		"CLUSTER MEET 10.0.0.9 7000":                {Add: []NewMember{{PeerAddress: "10.0.0.9:17000"}}},
		"CLUSTER MEET ::1 7000 70":                  {Add: []NewMember{{PeerAddress: "[::1]:70"}}},
		"RAFT.NODE ADD 0 10.0.0.9:7000":             {Add: []NewMember{{PeerAddress: "10.0.0.9:17000"}}},
		"CLUSTER REMOVENODE " + someName:            {Remove: []Member{{Name: someName}}},
		"CLUSTER REMOVENODE " + someName + " " +
			strings.ToUpper(fakeName(3)): {Remove: []Member{{Name: someName}, {Name: fakeName(3)}}},
		"CLUSTER FORGET " + someName:                                  {Remove: []Member{{Name: someName}}},
		"RAFT.NODE REMOVE 18446744073709551615":                       {Remove: []Member{{ID: 1<<64 - 1}}},
		"RAFT.NODE REMOVE " + someName:                                {Remove: []Member{{Name: someName}}},
		"CLUSTER REMOVENODE " + someName + " if 18446744073709551615": {Remove: []Member{{Name: someName}}, If: 1<<64 - 1},
		"CLUSTER REPLACENODE " + someName + " a:1 IF 5": {
			Remove: []Member{{Name: someName}}, If: 5,
			Add: []NewMember{{PeerAddress: "a:10001", InPlaceOf: Member{Name: someName}}},
		},
		"CLUSTER REPLACENODE " + someName + " a:1 " + fakeName(3) + " b:2@3": {
			Remove: []Member{{Name: someName}, {Name: fakeName(3)}},
			Add: []NewMember{
				{PeerAddress: "a:10001", InPlaceOf: Member{Name: someName}},
				{PeerAddress: "b:3", InPlaceOf: Member{Name: fakeName(3)}},
			},
		},
	} {
		store := newFakeStore(t)
		c := newClient(t, testServer(t, Options{Store: store, Limits: Limits{ChangeTimeout: 7 * time.Second}}))
		got := c.send(input + "\r\n")
		request, n := store.lastChange()
		if n != 1 {
			t.Errorf("%s: %d changes submitted; the reply is %q", input, n, got)
			continue
		}
		if !reflect.DeepEqual(request.Change, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", input, request.Change, want)
		}
		if request.Timeout != 7*time.Second {
			t.Errorf("%s waits for %v", input, request.Timeout)
		}
	}
}

// numberTwo is how a number is answered where an id is wanted.
const numberTwo = "nodes are named by their ids. Node number 2 is " + someName + ", for clients at 10.0.0.2:7002\r\n"

func TestMembershipCommandsThatSayNothingSensibleChangeNothing(t *testing.T) {
	for input, want := range map[string]string{
		"CLUSTER ADDNODE 10.0.0.9":                  "-ERR \"10.0.0.9\" is no address; ",
		"CLUSTER ADDNODE 10.0.0.9:0":                "-ERR \"10.0.0.9:0\": \"0\" is no port",
		"CLUSTER ADDNODE a:60000":                   "-ERR \"a:60000\": nodes talk to each other ",
		"CLUSTER ADDNODE a:1 PEER b":                "-ERR \"b\" is no address; ",
		"CLUSTER ADDNODE a PEER b:1":                "-ERR \"a\" is no address; ",
		"CLUSTER ADDNODE a:1 PEER":                  "-ERR syntax error\r\n",
		"CLUSTER ADDNODE a:1 x":                     "-ERR syntax error\r\n",
		"CLUSTER ADDNODE a:1 IF":                    "-ERR syntax error\r\n",
		"CLUSTER ADDNODE a:1 IF 0":                  "-ERR IF takes the index of a configuration, ",
		"CLUSTER ADDNODE a:1 IF 3 LEARNER":          "-ERR syntax error\r\n",
		"CLUSTER REMOVENODE " + someName + " IF x":  "-ERR IF takes the index of a configuration, ",
		"CLUSTER REMOVENODE " + someName + " IF":    "-ERR Unknown node IF: an id has 40 hex digits, ",
		"CLUSTER REPLACENODE " + someName + " IF 3": "-ERR CLUSTER REPLACENODE takes pairs: ",
		"CLUSTER ADDNODE":                           "-ERR wrong number of arguments for 'cluster|addnode' command\r\n",
		"CLUSTER REMOVENODE":                        "-ERR wrong number of arguments for 'cluster|removenode' command\r\n",
		"CLUSTER REMOVENODE 0":                      "-ERR Unknown node 0: an id has 40 hex digits, ",
		"CLUSTER REMOVENODE 2":                      "-ERR Unknown node 2: " + numberTwo,
		"CLUSTER REMOVENODE 7":                      "-ERR Unknown node 7: nodes are named by their ids of 40 hex digits, ",
		"CLUSTER REMOVENODE " + someName + " -1":    "-ERR Unknown node -1: an id has 40 hex digits, ",
		"CLUSTER REPLACENODE 2 a:1":                 "-ERR Unknown node 2: " + numberTwo,
		"CLUSTER FORGET 2":                          "-ERR Unknown node 2: " + numberTwo,
		"CLUSTER REMOVENODE " + fakeName(1)[1:]:     "-ERR Unknown node ",
		"CLUSTER REMOVENODE g" + fakeName(1)[1:]:    "-ERR Unknown node g",
		"CLUSTER FORGET x":                          "-ERR Unknown node x\r\n",
		"CLUSTER FORGET 1 2":                        "-ERR wrong number of arguments for 'cluster|forget' command\r\n",
		"CLUSTER REPLACENODE 1 a:1 2":               "-ERR CLUSTER REPLACENODE takes pairs: ",
		"CLUSTER REPLACENODE x a:1":                 "-ERR Unknown node x: an id has 40 hex digits, ",
		"CLUSTER REPLACENODE " + someName + " a":    "-ERR \"a\" is no address; ",
		"CLUSTER MEET a 1 2 3":                      "-ERR unknown subcommand or wrong number of arguments for 'MEET'.",
		"CLUSTER MEET a x":                          "-ERR Invalid TCP base port specified: x\r\n",
		"CLUSTER MEET a 1 0":                        "-ERR Invalid TCP bus port specified: 0\r\n",
		"CLUSTER MEET 0.0.0.0 1":                    "-ERR Invalid node address specified: 0.0.0.0:1\r\n",
		"CLUSTER ADDNODE 0.0.0.0:1":                 "-ERR \"0.0.0.0:1\" is every address of a machine, ",
		"CLUSTER MEET a 60000":                      "-ERR nodes talk to each other ",
		"RAFT.NODE ADD 7 a:1":                       "-" + raftNodeID + "\r\n",
		"RAFT.NODE ADD 0 a":                         "-ERR \"a\" is no address; ",
		"RAFT.NODE ADD 0 a:1 LEARNER":               "-ERR wrong number of arguments for 'raft.node|add' command\r\n",
		"RAFT.NODE REMOVE x":                        "-ERR Unknown node x: an id has 40 hex digits, ",
		"RAFT.NODE":                                 "-ERR wrong number of arguments for 'raft.node' command\r\n",
		"RAFT.NODE LIST":                            "-ERR unknown subcommand 'LIST'. Try RAFT.NODE HELP.\r\n",
	} {
		store := newFakeStore(t)
		c := newClient(t, testServer(t, Options{Store: store}))
		if got := c.send(input + "\r\n"); !strings.HasPrefix(got, want) {
			t.Errorf("%s is answered %q, want %q", input, got, want)
		}
		if _, n := store.lastChange(); n != 0 || len(store.joined) != 0 {
			t.Errorf("%s: %d changes submitted, asked to join %v", input, n, store.joined)
		}
	}
}

func TestEachEndOfAChangeHasItsWords(t *testing.T) {
	for _, c := range []struct {
		result ChangeResult
		want   string
	}{
		{ChangeResult{Outcome: NotDone}, "-CLUSTERDOWN The members were not changed: no leader took the change in time\r\n"},
		{ChangeResult{Outcome: Overloaded}, "-TRYAGAIN The members were not changed: too many changes wait on this node\r\n"},
		{ChangeResult{Outcome: NotDone, Reason: "node 4 uses the address"}, "-ERR node 4 uses the address\r\n"},
		{ChangeResult{Outcome: NotDone, Unknown: []Member{{ID: 9}}}, "-ERR Unknown node 9\r\n"},
		{ChangeResult{Outcome: NotDone, Unknown: []Member{{Name: someName}}}, "-ERR Unknown node " + someName + "\r\n"},
		{
			ChangeResult{Outcome: NotDone, Unknown: []Member{{Name: someName}}, Reason: "the node at a:1 is a member already"},
			"-ERR Unknown node " + someName + ": the node at a:1 is a member already\r\n",
		},
		{ChangeResult{Outcome: Uncertain}, "-UNCERTAIN The change did not end within 30s and may go on: " +
			"CLUSTER NODES shows who is a member, INFO raft whether a change is under way\r\n"},
		{ChangeResult{Outcome: Uncertain, Reason: "node 4 is slow"}, "-UNCERTAIN The change did not end within 30s and may " +
			"go on: CLUSTER NODES shows who is a member, INFO raft whether a change is under way (node 4 is slow)\r\n"},
		{ChangeResult{Outcome: Done, Added: []Member{{ID: 4, Name: fakeName(4)}}}, bulkText(fakeName(4))},
	} {
		store := newFakeStore(t)
		store.change = func(r *ChangeRequest) { r.Complete(c.result) }
		client := newClient(t, testServer(t, Options{Store: store}))
		client.expect("CLUSTER ADDNODE a:1\r\n", c.want)
	}
}

func TestForgettingANonMemberIsFineAndRemovingOneIsNot(t *testing.T) {
	c := newClient(t, testServer(t, Options{Store: newFakeStore(t)}))
	gone := fakeName(77)
	c.expect("CLUSTER FORGET "+gone+"\r\n", "+OK\r\n")
	c.expect("CLUSTER REMOVENODE "+gone+"\r\n", "-ERR Unknown node "+gone+"\r\n")
	c.expect("RAFT.NODE REMOVE 77\r\n", "-ERR Unknown node 77\r\n")
}

func TestABlankNodeThatMeetsAnotherAsksToJoinIt(t *testing.T) {
	for _, state := range []topology.State{topology.Initializing, topology.Joining} {
		store := newFakeStore(t)
		store.info = fakeInfo{Name: fakeName(9), State: state, Role: "follower"}
		c := newClient(t, testServer(t, Options{Store: store}))
		c.expect("CLUSTER MEET 10.0.0.1 7001\r\n", "+OK\r\n")
		store.join = errors.New("this node makes a cluster of its own")
		c.expect("CLUSTER MEET ::1 7001 70\r\n", "-ERR this node makes a cluster of its own\r\n")
		if want := []string{"10.0.0.1:17001", "[::1]:70"}; !reflect.DeepEqual(store.joined, want) {
			t.Errorf("%s: it asks %v, want %v", state, store.joined, want)
		}
		if _, n := store.lastChange(); n != 0 {
			t.Errorf("%s: %d changes submitted", state, n)
		}
	}
}

func TestMembershipCommandsWantAPassword(t *testing.T) {
	store := newFakeStore(t)
	c := newClient(t, testServer(t, Options{Store: store, Tuning: withPassword("secret")}))
	for _, input := range []string{
		"CLUSTER ADDNODE a:1", "CLUSTER REMOVENODE 1", "CLUSTER REPLACENODE 1 a:1", "CLUSTER MEET a 1", "CLUSTER FORGET 1",
		"RAFT.NODE ADD 0 a:1", "RAFT.NODE REMOVE 1",
	} {
		c.expect(input+"\r\n", "-NOAUTH Authentication required.\r\n")
	}
	if _, n := store.lastChange(); n != 0 {
		t.Fatalf("%d changes submitted without a password", n)
	}
}

func TestWithoutAClusterViewTheNodesCanStillBeChanged(t *testing.T) {
	store := newFakeStore(t)
	c := newClient(t, testServer(t, Options{Store: store, ClusterView: topology.NoView}))
	c.expect("CLUSTER MEET a 1\r\nCLUSTER FORGET 1\r\n", "-"+clusterDisabled+"\r\n-"+clusterDisabled+"\r\n")
	c.expect("CLUSTER ADDNODE a:1\r\n", bulkText(fakeName(100)))
	c.expect("CLUSTER REPLACENODE "+fakeName(100)+" b:1\r\n", "*1\r\n"+bulkText(fakeName(101)))
	c.expect("CLUSTER REMOVENODE "+fakeName(101)+"\r\n", "+OK\r\n")
	c.expect("RAFT.NODE ADD 0 a:1\r\n", "*2\r\n:100\r\n$16\r\n0000000000000007\r\n")
}
