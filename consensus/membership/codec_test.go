package membership

import (
	"reflect"
	"testing"

	"github.com/hashicorp/go-msgpack/v2/codec"
	"github.com/raftredis/raftredis/wal/raftlog"
)

func sampleConfiguration() *Configuration {
	return &Configuration{
		ClusterID: 5, HashSeed: 6, NextID: 9,
		Members: []Member{
			{ID: 1, Name: "one", Incarnation: 11, PeerAddress: "10.0.0.1:1", ClientAddress: "10.0.0.1:2"},
			{ID: 2, Name: "two", Incarnation: 12}, {ID: 8, Name: "eight", Incarnation: 1 << 63},
		},
		Voters: []raftlog.NodeID{1, 2}, Outgoing: []raftlog.NodeID{1}, Learners: []raftlog.NodeID{8}, Promote: []raftlog.NodeID{8},
		Retire: []raftlog.NodeID{2},
	}
}

func TestConfigurationSurvivesItsEncoding(t *testing.T) {
	c := sampleConfiguration()
	got, err := Decode(Encode(c))
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
	got, err := Decode(body)
	if err != nil {
		t.Fatal(err)
	}
	want := &Configuration{
		ClusterID: 5, HashSeed: 6, NextID: 3, Members: []Member{{ID: 1}, {ID: 2}},
		Voters: []raftlog.NodeID{1}, Learners: []raftlog.NodeID{2}, Promote: []raftlog.NodeID{2},
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v\nwant %+v", got, want)
	}
}

func TestDamagedConfigurationsAreRefused(t *testing.T) {
	body := Encode(sampleConfiguration())
	for n := range body {
		if _, err := Decode(body[:n]); err == nil {
			t.Fatalf("accepted the first %d of %d bytes", n, len(body))
		}
	}
	for name, change := range map[string]func(*Configuration){
		"voter that is no member": func(c *Configuration) { c.Voters = append(c.Voters, 3) },
		"members out of order": func(c *Configuration) {
			c.Members[0], c.Members[1] = c.Members[1], c.Members[0]
		},
		"id beyond the next":               func(c *Configuration) { c.NextID = 8 },
		"a retired node that is no member": func(c *Configuration) { c.Retire = []raftlog.NodeID{4} },
		"no voters":                        func(c *Configuration) { c.Voters = nil },
	} {
		c := sampleConfiguration()
		change(c)
		if _, err := Decode(Encode(c)); err == nil {
			t.Errorf("accepted a configuration with %s", name)
		}
	}
	if _, err := Decode(make([]byte, MaxBytes+1)); err == nil {
		t.Error("accepted a configuration above the limit")
	}
}

func FuzzDecodeConfiguration(f *testing.F) {
	f.Add(Encode(sampleConfiguration()))
	f.Fuzz(func(t *testing.T, body []byte) {
		if c, err := Decode(body); err == nil {
			if again, err := Decode(Encode(c)); err != nil || !reflect.DeepEqual(c, again) {
				t.Fatalf("%+v does not survive: %v", c, err)
			}
		}
	})
}
