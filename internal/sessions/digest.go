package sessions

import "hash/crc32"

// Hash is a hash of the table, kept up with each change: equal tables have equal hashes. It is 0 for an empty table.
func (t *Table) Hash() uint64 {
	if t.byID.Len() == 0 {
		return 0
	}
	return chain(t.sum, t.kept.recorded)
}

// digest is that of a session without its replies.
func (s *session) digest() uint64 {
	return chain(s.id, s.highest, s.done.low, s.done.high, uint64(s.deadline), uint64(s.ttlMillis))
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// computeDigest hashes the reply's body by two checksums for which processors have instructions. It has to show nodes
// that differ by accident, and nothing else.
func (r *reply) computeDigest() uint64 {
	body := uint64(crc32.Checksum(r.body, castagnoli))<<32 | uint64(crc32.ChecksumIEEE(r.body))
	return chain(r.session, r.sequence, uint64(r.at), r.order, uint64(len(r.body)), body)
}

// chain hashes numbers in their order.
func chain(numbers ...uint64) (sum uint64) {
	sum = 0x9e3779b97f4a7c15
	for _, n := range numbers {
		sum = mix(sum ^ n)
	}
	return sum
}

// mix is the last part of splitmix64: it changes half of the bits of what follows, and loses none.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
