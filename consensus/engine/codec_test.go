package engine

import (
	"reflect"
	"testing"

	"github.com/hashicorp/go-msgpack/v2/codec"

	"github.com/raftredis/raftredis/consensus/raft"
)

func sampleConfiguration() *raft.Configuration {
	return &raft.Configuration{
		ClusterID: 5, HashSeed: 6, NextID: 9,
		Members: []raft.Member{
			{ID: 1, Name: "one", Incarnation: 11, PeerAddress: "10.0.0.1:1", ClientAddress: "10.0.0.1:2"},
			{ID: 2, Name: "two", Incarnation: 12}, {ID: 8, Name: "eight", Incarnation: 1 << 63},
		},
		Voters: []raft.NodeID{1, 2}, Outgoing: []raft.NodeID{1}, Learners: []raft.NodeID{8}, Promote: []raft.NodeID{8},
		Retire: []raft.NodeID{2},
	}
}

func TestConfigurationSurvivesItsEncoding(t *testing.T) {
	c := sampleConfiguration()
	got, err := DecodeConfiguration(EncodeConfiguration(c))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(c, got) {
		t.Fatalf("got %+v\nwant %+v", got, c)
	}
}

// Clusters that were made by the first build have configurations of format 1 in their logs: they end before Retire.
func TestConfigurationsOfFormat1AreRead(t *testing.T) {
	record := struct {
		_struct                     bool `codec:",toarray"`
		Format                      uint8
		ClusterID, HashSeed, NextID uint64
		Members                     []memberRecord
		Voters, Outgoing            []uint64
		Learners, Promote           []uint64
	}{Format: 1, ClusterID: 5, HashSeed: 6, NextID: 3, Members: []memberRecord{{ID: 1}, {ID: 2}},
		Voters: []uint64{1}, Learners: []uint64{2}, Promote: []uint64{2}}
	var body []byte
	if err := codec.NewEncoderBytes(&body, newHandle()).Encode(&record); err != nil {
		t.Fatal(err)
	}
	got, err := DecodeConfiguration(body)
	if err != nil {
		t.Fatal(err)
	}
	want := &raft.Configuration{
		ClusterID: 5, HashSeed: 6, NextID: 3, Members: []raft.Member{{ID: 1}, {ID: 2}},
		Voters: []raft.NodeID{1}, Learners: []raft.NodeID{2}, Promote: []raft.NodeID{2},
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v\nwant %+v", got, want)
	}
}

func TestDamagedConfigurationsAreRefused(t *testing.T) {
	body := EncodeConfiguration(sampleConfiguration())
	for n := range body {
		if _, err := DecodeConfiguration(body[:n]); err == nil {
			t.Fatalf("accepted the first %d of %d bytes", n, len(body))
		}
	}
	for name, change := range map[string]func(*raft.Configuration){
		"voter that is no member": func(c *raft.Configuration) { c.Voters = append(c.Voters, 3) },
		"members out of order": func(c *raft.Configuration) {
			c.Members[0], c.Members[1] = c.Members[1], c.Members[0]
		},
		"id beyond the next":               func(c *raft.Configuration) { c.NextID = 8 },
		"a retired node that is no member": func(c *raft.Configuration) { c.Retire = []raft.NodeID{4} },
		"no voters":                        func(c *raft.Configuration) { c.Voters = nil },
	} {
		c := sampleConfiguration()
		change(c)
		if _, err := DecodeConfiguration(EncodeConfiguration(c)); err == nil {
			t.Errorf("accepted a configuration with %s", name)
		}
	}
	if _, err := DecodeConfiguration(make([]byte, MaxConfigurationBytes+1)); err == nil {
		t.Error("accepted a configuration above the limit")
	}
}

func FuzzDecodeConfiguration(f *testing.F) {
	f.Add(EncodeConfiguration(sampleConfiguration()))
	f.Fuzz(func(t *testing.T, body []byte) {
		if c, err := DecodeConfiguration(body); err == nil {
			if again, err := DecodeConfiguration(EncodeConfiguration(c)); err != nil || !reflect.DeepEqual(c, again) {
				t.Fatalf("%+v does not survive: %v", c, err)
			}
		}
	})
}

func TestCoalescedPromisesKeepTheLastAcknowledgementPerLeader(t *testing.T) {
	ack := func(to raft.NodeID, term raft.Term, index raft.Index) raft.Message {
		return raft.Message{Kind: raft.AppendReply, To: to, Term: term, Index: index}
	}
	reject := raft.Message{Kind: raft.AppendReply, To: 1, Term: 2, Reject: true}
	vote := raft.Message{Kind: raft.VoteReply, To: 3, Term: 3}
	got := CoalescePromises([]raft.AppendOperation{
		{Promises: []raft.Message{ack(1, 2, 5)}}, {Promises: []raft.Message{reject, ack(1, 2, 7)}},
		{Promises: []raft.Message{vote, ack(2, 3, 7)}},
	})
	want := []raft.Message{ack(1, 2, 7), reject, vote, ack(2, 3, 7)}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v\nwant %+v", got, want)
	}
}

func TestAnEntryOfAnUnknownLevelStopsTheNode(t *testing.T) {
	tb := newTable(t, 3)
	s := tb.node(1)
	s.in.Messages = append(s.in.Messages, raft.Message{
		Kind: raft.Append, From: 2, To: 1, Term: 2, Previous: raft.Mark{Term: 1, Index: 1},
		Entries: []raft.Entry{{Index: 2, Term: 2, Kind: raft.EntryCommand, Level: Level + 1}},
	})
	s.engine.Turn(&s.in, &s.out)
	if s.out.Fatal == nil {
		t.Fatal("the node took an entry that it cannot apply")
	}
}
