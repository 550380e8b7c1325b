//lint:file-ignore U1000 the codec reads the fields _struct through reflection

package membership

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/hashicorp/go-msgpack/v2/codec"

	"github.com/raftredis/raftredis/internal/section"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// MaxBytes bounds an encoded configuration; a cluster of a hundred nodes needs about 20 KiB.
const MaxBytes = 64 << 10

// configurationRecord is the form of a configuration in an entry's body: a msgpack array of its fields, in this order.
// Lists are arrays (nil when empty), Sections is a byte string.
type configurationRecord struct {
	_struct   bool `codec:",toarray"` //nolint:unused // read by the codec through reflection
	Format    uint8
	ClusterID uint64
	HashSeed  uint64
	NextID    uint64
	Level     uint8
	Index     uint64
	Members   []memberRecord
	Voters    []uint64
	Outgoing  []uint64
	Learners  []uint64
	Promote   []uint64
	Retire    []uint64
	Sections  []byte
}

// memberRecord is the form of a Member: an array, too.
type memberRecord struct {
	_struct     bool `codec:",toarray"`
	ID          uint64
	Incarnation uint64
	Address     string
	Attributes  []byte
}

// A configuration may have one section of this build's:
//
//	section 1 (skippable)   Fresh: id u64, little-endian, of each; left out if there are none
const sectionFresh = section.Skippable | 1

// configurationFormat is the version of configurationRecord and memberRecord.
const configurationFormat = 4

func newHandle() *codec.MsgpackHandle {
	h := &codec.MsgpackHandle{WriteExt: true}
	h.MaxDepth = 8
	h.ErrorIfNoField = true
	h.ErrorIfNoArrayExpand = true
	return h
}

// checkFormat refuses a record of another format by name. Every record is a short msgpack array whose first element is
// its format, below 128: the second byte.
func checkFormat(body []byte, known byte) error {
	switch {
	case len(body) < 2 || body[0]&0xf0 != 0x90 || body[1] >= 0x80:
		return errors.New("the bytes are no record")
	case body[1] > known:
		return fmt.Errorf("format %d, this build knows format %d: upgrade this node", body[1], known)
	case body[1] < known:
		return fmt.Errorf("format %d, this build knows format %d", body[1], known)
	}
	return nil
}

// Encode encodes a configuration as the body of an entry.
func Encode(c *Configuration) []byte {
	record := configurationRecord{
		Format: configurationFormat, ClusterID: c.ClusterID, HashSeed: c.HashSeed, NextID: uint64(c.NextID),
		Level: c.FeatureLevel(), Index: uint64(c.Index),
		Voters: numbers(c.Voters), Outgoing: numbers(c.Outgoing), Learners: numbers(c.Learners),
		Promote: numbers(c.Promote), Retire: numbers(c.Retire),
		Members: memberRecords(c.Members), Sections: append(freshSection(c.Fresh), c.Sections...),
	}
	var body []byte
	if err := codec.NewEncoderBytes(&body, newHandle()).Encode(&record); err != nil {
		panic(fmt.Sprintf("membership: encode configuration: %v", err)) // plain values into memory cannot fail
	}
	return body
}

// Decode is the inverse of Encode. It refuses what no node wrote: another format, an unknown section that must not be
// skipped, members out of order or twice, attributes that are too long, voters that are no members.
func Decode(body []byte) (*Configuration, error) {
	if len(body) > MaxBytes {
		return nil, fmt.Errorf("configuration of %d bytes exceeds %d", len(body), MaxBytes)
	}
	if err := checkFormat(body, configurationFormat); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	var record configurationRecord
	if err := codec.NewDecoderBytes(body, newHandle()).Decode(&record); err != nil {
		return nil, fmt.Errorf("decode configuration: %w", err)
	}
	if record.Level < raftlog.FirstLevel {
		return nil, fmt.Errorf("configuration: feature level %d, the first is %d", record.Level, raftlog.FirstLevel)
	}
	var fresh []raftlog.NodeID
	skipped, err := section.Read(record.Sections, func(kind section.Kind, body []byte) (known bool, err error) {
		if kind != sectionFresh {
			return false, nil
		}
		fresh, err = readFresh(body)
		return true, err
	})
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	c := &Configuration{
		ClusterID: record.ClusterID, HashSeed: record.HashSeed, NextID: raftlog.NodeID(record.NextID),
		Level: record.Level, Index: raftlog.Index(record.Index),
		Voters: nodes(record.Voters), Outgoing: nodes(record.Outgoing), Learners: nodes(record.Learners),
		Promote: nodes(record.Promote), Retire: nodes(record.Retire),
		Members: members(record.Members), Fresh: fresh, Sections: skipped,
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
	largest.Index = ^raftlog.Index(0)
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
		if len(m.Attributes) > MaxAttributesBytes {
			return fmt.Errorf("configuration: member %d has %d bytes of attributes, allowed are %d",
				m.ID, len(m.Attributes), MaxAttributesBytes)
		}
		last = m.ID
		known[m.ID] = true
	}
	if len(c.Voters) == 0 {
		return fmt.Errorf("configuration without voters")
	}
	for _, ids := range [][]raftlog.NodeID{c.Voters, c.Outgoing, c.Learners, c.Promote, c.Retire, c.Fresh} {
		for _, id := range ids {
			if !known[id] {
				return fmt.Errorf("configuration: node %d has a role but is not a member", id)
			}
		}
	}
	return nil
}

// freshSection encodes Configuration.Fresh: it has the least kind, so other sections may follow.
func freshSection(ids []raftlog.NodeID) []byte {
	if len(ids) == 0 {
		return nil
	}
	var body []byte
	for _, id := range ids {
		body = binary.LittleEndian.AppendUint64(body, uint64(id))
	}
	return section.Append(nil, sectionFresh, body)
}

func readFresh(body []byte) (ids []raftlog.NodeID, err error) {
	if len(body) == 0 || len(body)%8 != 0 || len(body) > 8*MaxMembers {
		return nil, fmt.Errorf("%w: %d bytes of ids", section.ErrMalformed, len(body))
	}
	for ; len(body) > 0; body = body[8:] {
		ids = append(ids, raftlog.NodeID(binary.LittleEndian.Uint64(body)))
	}
	return ids, nil
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
