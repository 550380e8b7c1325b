// Package attributes encodes what a raftredis node tells the other nodes of itself for their clients. The consensus
// library carries the bytes with every member and does not read them.
//
//	offset  0  version   u8  1
//	        1  sections  see package section
//
//	section  1  the address for Redis clients, host:port; absent when there is none
//	section  2  the host name for Redis clients; absent when there is none, skippable
package attributes

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/raftredis/raftredis/internal/section"
)

// Attributes are the attributes of one node.
type Attributes struct {
	// ClientAddress is where Redis clients reach the node, as host:port; it may be empty.
	ClientAddress string
	// ClientHostname is a name of the same host, for clients that verify names; it may be empty.
	ClientHostname string
}

const version = 1

const (
	sectionClientAddress  section.Kind = 1
	sectionClientHostname              = section.Skippable | 2
)

// Encode encodes the attributes.
func (a Attributes) Encode() []byte {
	b := []byte{version}
	if a.ClientAddress != "" {
		b = section.Append(b, sectionClientAddress, []byte(a.ClientAddress))
	}
	if a.ClientHostname != "" {
		b = section.Append(b, sectionClientHostname, []byte(a.ClientHostname))
	}
	return b
}

// Decode is the inverse of Encode. The attributes of a node that told none are empty.
func Decode(b []byte) (a Attributes, err error) {
	switch {
	case len(b) == 0:
		return a, nil
	case b[0] != version:
		return a, fmt.Errorf("attributes of version %d, this build knows version %d", b[0], version)
	}
	_, err = section.Read(b[1:], func(kind section.Kind, body []byte) (bool, error) {
		var text *string
		switch kind {
		case sectionClientAddress:
			text = &a.ClientAddress
		case sectionClientHostname:
			text = &a.ClientHostname
		default:
			return false, nil
		}
		if len(body) == 0 {
			return true, errors.New("an empty address")
		}
		*text = string(body)
		return true, nil
	})
	if err != nil {
		return Attributes{}, fmt.Errorf("attributes: %w", err)
	}
	return a, nil
}

// ClientAddress is the address in encoded attributes; empty when there is none, or when they cannot be decoded.
func ClientAddress(encoded []byte) string {
	a, _ := Decode(encoded) // attributes that another version wrote are no attributes here
	return a.ClientAddress
}

// nameBytes is the size of a node's name before it is written in hex.
const nameBytes = 20

// NodeName is the name by which Redis clients know a node: 40 hex digits. It is a function of the incarnation, which a
// data directory draws once and keeps, so the name needs no storage of its own.
func NodeName(incarnation uint64) string {
	sum := sha256.Sum256(binary.LittleEndian.AppendUint64([]byte("raftredis node name\x00"), incarnation))
	return hex.EncodeToString(sum[:nameBytes])
}
