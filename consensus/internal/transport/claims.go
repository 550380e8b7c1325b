package transport

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/raftredis/raftredis/consensus/internal/locations"
	"github.com/raftredis/raftredis/internal/section"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// A hello has sections. It says which start of its data directory the sender is, and passes on what it knows of others'
// addresses:
//
//	section 1 (skippable)   start u64, and then for each claim
//	                        id u64, incarnation u64, start u64, boot u64, length u16, address
//
// Numbers are little-endian. A sender that knows neither leaves the section out. And it says what it knows of the node
// that it dials:
//
//	section 2               that node has a log (ToHasLog); no content, left out if that is not known
const (
	sectionHasLog    section.Kind = 2
	sectionAddresses              = section.Skippable | 1
)

// claimBytes is the size of a claim without its address.
const claimBytes = 4*8 + 2

var errClaims = errors.New("addresses of members are cut short")

// sections encodes what a hello says beside its fields.
func (h *Hello) sections() []byte {
	var list []byte
	if h.ToHasLog {
		list = section.Append(list, sectionHasLog, nil)
	}
	if h.Start == 0 && len(h.Claims) == 0 {
		return list
	}
	b := binary.LittleEndian.AppendUint64(nil, h.Start)
	for i := range h.Claims {
		c := &h.Claims[i]
		if len(c.Address) > math.MaxUint16 {
			panic("transport: an address of more than 64 KiB")
		}
		for _, number := range [...]uint64{uint64(c.ID), c.Incarnation, c.Start, uint64(c.Boot)} {
			b = binary.LittleEndian.AppendUint64(b, number)
		}
		b = binary.LittleEndian.AppendUint16(b, uint16(len(c.Address)))
		b = append(b, c.Address...)
	}
	return section.Append(list, sectionAddresses, b)
}

func (h *Hello) readSections(b []byte) error {
	_, err := section.Read(b, func(kind section.Kind, body []byte) (bool, error) {
		switch kind {
		case sectionHasLog:
			if h.ToHasLog = true; len(body) > 0 {
				return true, section.ErrMalformed
			}
			return true, nil
		case sectionAddresses:
			return true, h.readClaims(body)
		}
		return false, nil
	})
	return err
}

func (h *Hello) readClaims(b []byte) error {
	if len(b) < 8 {
		return errClaims
	}
	h.Start, b = binary.LittleEndian.Uint64(b), b[8:]
	for len(b) > 0 {
		if len(b) < claimBytes {
			return errClaims
		}
		number := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
		c := locations.Claim{
			ID: raftlog.NodeID(number(0)), Incarnation: number(1), Start: number(2), Boot: raftlog.Boot(number(3)),
		}
		addressBytes := int(binary.LittleEndian.Uint16(b[claimBytes-2:]))
		b = b[claimBytes:]
		if len(b) < addressBytes {
			return errClaims
		}
		c.Address, b = string(b[:addressBytes]), b[addressBytes:]
		h.Claims = append(h.Claims, c)
	}
	return nil
}
