//lint:file-ignore U1000 the codec reads the fields _struct through reflection

package membership

import (
	"fmt"

	"github.com/hashicorp/go-msgpack/v2/codec"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// MaxConfigurationBytes bounds an encoded configuration; a cluster of a hundred nodes needs about 20 KiB.
const MaxBytes = 64 << 10

// configurationRecord is the form of a configuration in an entry's body, in the order of its fields.
type configurationRecord struct {
	_struct   bool  `codec:",toarray"` //nolint:unused // read by the codec through reflection
	Format    uint8 // 2; 1 ends before Retire, which is empty there
	ClusterID uint64
	HashSeed  uint64
	NextID    uint64
	Members   []memberRecord
	Voters    []uint64
	Outgoing  []uint64
	Learners  []uint64
	Promote   []uint64
	Retire    []uint64
}

type memberRecord struct {
	_struct       bool `codec:",toarray"`
	ID            uint64
	Name          string
	Incarnation   uint64
	PeerAddress   string
	ClientAddress string
}

const configurationFormat = 2

func newHandle() *codec.MsgpackHandle {
	h := &codec.MsgpackHandle{WriteExt: true}
	h.RawToString = true
	h.MaxDepth = 8
	h.ErrorIfNoField = true
	h.ErrorIfNoArrayExpand = true
	return h
}

// EncodeConfiguration encodes a configuration as the body of an entry.
func Encode(c *Configuration) []byte {
	record := configurationRecord{
		Format: configurationFormat, ClusterID: c.ClusterID, HashSeed: c.HashSeed, NextID: uint64(c.NextID),
		Voters: numbers(c.Voters), Outgoing: numbers(c.Outgoing), Learners: numbers(c.Learners),
		Promote: numbers(c.Promote), Retire: numbers(c.Retire),
	}
	for _, m := range c.Members {
		record.Members = append(record.Members, memberRecord{
			ID: uint64(m.ID), Name: m.Name, Incarnation: m.Incarnation,
			PeerAddress: m.PeerAddress, ClientAddress: m.ClientAddress,
		})
	}
	var body []byte
	if err := codec.NewEncoderBytes(&body, newHandle()).Encode(&record); err != nil {
		panic(fmt.Sprintf("membership: encode configuration: %v", err)) // plain values into memory cannot fail
	}
	return body
}

// DecodeConfiguration is the inverse of EncodeConfiguration. It refuses what no node wrote: another format, members out
// of order or twice, voters that are no members.
func Decode(body []byte) (*Configuration, error) {
	if len(body) > MaxBytes {
		return nil, fmt.Errorf("configuration of %d bytes exceeds %d", len(body), MaxBytes)
	}
	var record configurationRecord
	if err := codec.NewDecoderBytes(body, newHandle()).Decode(&record); err != nil {
		return nil, fmt.Errorf("decode configuration: %w", err)
	}
	if record.Format < 1 || record.Format > configurationFormat {
		return nil, fmt.Errorf("configuration has format %d, this build knows up to %d", record.Format, configurationFormat)
	}
	c := &Configuration{
		ClusterID: record.ClusterID, HashSeed: record.HashSeed, NextID: raftlog.NodeID(record.NextID),
		Voters: nodes(record.Voters), Outgoing: nodes(record.Outgoing), Learners: nodes(record.Learners),
		Promote: nodes(record.Promote), Retire: nodes(record.Retire),
	}
	for _, m := range record.Members {
		c.Members = append(c.Members, Member{
			ID: raftlog.NodeID(m.ID), Name: m.Name, Incarnation: m.Incarnation,
			PeerAddress: m.PeerAddress, ClientAddress: m.ClientAddress,
		})
	}
	return c, validConfiguration(c)
}

// CheckRoom refuses a configuration whose members leave no room for all that can become of them without a new one: to
// be promoted and retired, and to be named in both halves of a joint configuration.
func CheckRoom(c *Configuration) error {
	_, err := Decode(Encode(withEveryRole(c)))
	return err
}

// withEveryRole is a configuration of the same members that is at least as large, encoded, as any other one of them.
func withEveryRole(c *Configuration) *Configuration {
	largest := *c
	ids := make([]raftlog.NodeID, len(c.Members))
	for i := range c.Members {
		ids[i] = c.Members[i].ID
	}
	largest.Voters, largest.Outgoing, largest.Learners, largest.Promote, largest.Retire = ids, ids, ids, ids, ids
	return &largest
}

func validConfiguration(c *Configuration) error {
	known := map[raftlog.NodeID]bool{}
	last := raftlog.NodeID(0)
	for _, m := range c.Members {
		if m.ID <= last || m.ID >= c.NextID {
			return fmt.Errorf("configuration: member %d after %d, next id %d", m.ID, last, c.NextID)
		}
		last = m.ID
		known[m.ID] = true
	}
	if len(c.Voters) == 0 {
		return fmt.Errorf("configuration without voters")
	}
	for _, ids := range [][]raftlog.NodeID{c.Voters, c.Outgoing, c.Learners, c.Promote, c.Retire} {
		for _, id := range ids {
			if !known[id] {
				return fmt.Errorf("configuration: node %d has a role but is not a member", id)
			}
		}
	}
	return nil
}

func numbers(ids []raftlog.NodeID) []uint64 {
	var out []uint64
	for _, id := range ids {
		out = append(out, uint64(id))
	}
	return out
}

func nodes(ids []uint64) []raftlog.NodeID {
	var out []raftlog.NodeID
	for _, id := range ids {
		out = append(out, raftlog.NodeID(id))
	}
	return out
}
