//lint:file-ignore U1000 the codec reads the fields _struct through reflection

package membership

import (
	"fmt"

	"github.com/hashicorp/go-msgpack/v2/codec"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// MaxChangeBytes bounds an encoded Change, which one node sends to another.
const MaxChangeBytes = 32 << 10

// changeRecord is the form in which a Change travels, in the order of its fields.
type changeRecord struct {
	_struct bool `codec:",toarray"`
	Format  uint8
	Add     []memberRecord
	Learner bool
	Remove  []uint64
	Update  []memberRecord
	Logged  []uint64
	If      uint64
}

const changeFormat = 2

// EncodeChange encodes a change for another node.
func EncodeChange(c Change) []byte {
	record := changeRecord{
		Format: changeFormat, Add: memberRecords(c.Add), Learner: c.Learner, Remove: numbers(c.Remove),
		Update: memberRecords(c.Update), Logged: numbers(c.Logged), If: uint64(c.If),
	}
	var body []byte
	if err := codec.NewEncoderBytes(&body, newHandle()).Encode(&record); err != nil {
		panic(fmt.Sprintf("membership: encode change: %v", err)) // plain values into memory cannot fail
	}
	return body
}

// DecodeChange is the inverse of EncodeChange. Whether the change makes sense is for Next to say.
func DecodeChange(body []byte) (Change, error) {
	if len(body) > MaxChangeBytes {
		return Change{}, fmt.Errorf("change of %d bytes exceeds %d", len(body), MaxChangeBytes)
	}
	if err := checkFormat(body, changeFormat); err != nil {
		return Change{}, fmt.Errorf("change: %w", err)
	}
	var record changeRecord
	if err := codec.NewDecoderBytes(body, newHandle()).Decode(&record); err != nil {
		return Change{}, fmt.Errorf("decode change: %w", err)
	}
	return Change{
		Add: members(record.Add), Learner: record.Learner, Remove: nodes(record.Remove), Update: members(record.Update),
		Logged: nodes(record.Logged), If: raftlog.Index(record.If),
	}, nil
}

func memberRecords(list []Member) []memberRecord {
	var out []memberRecord
	for _, m := range list {
		out = append(out, memberRecord{
			ID: uint64(m.ID), Incarnation: m.Incarnation, Address: m.Address, Attributes: m.Attributes,
		})
	}
	return out
}

func members(records []memberRecord) []Member {
	var out []Member
	for _, m := range records {
		out = append(out, Member{
			ID: raftlog.NodeID(m.ID), Incarnation: m.Incarnation, Address: m.Address, Attributes: m.Attributes,
		})
	}
	return out
}
