package sortedsets

import (
	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/reply"
)

// elements are copies of elements of a sorted set.
type elements struct {
	names  []byte
	ends   []int
	scores []float64
}

func (e *elements) add(member []byte, score float64) {
	e.names = append(e.names, member...)
	e.ends, e.scores = append(e.ends, len(e.names)), append(e.scores, score)
}

func (e *elements) each(visit func(member []byte, score float64)) {
	begin := 0
	for i, end := range e.ends {
		visit(e.names[begin:end], e.scores[i])
		begin = end
	}
}

// replyBytes is about how long a reply with the elements is.
func (e *elements) replyBytes() int { return len(e.names) + len(e.ends)*elementOverheadBytes }

// elementOverheadBytes is more than the encoding adds to a member and a score.
const elementOverheadBytes = 2 * exec.ValueOverheadBytes

// answer answers with elements: their members, or pairs of member and score, which nest in RESP3.
func answer(c exec.Call, count int, withScores bool, each func(visit func(member []byte, score float64))) []byte {
	c.Reply = begin(c, count, withScores)
	each(func(member []byte, score float64) {
		c.Reply = appendElement(c.Reply, c.Protocol, member, score, withScores)
	})
	return c.Reply
}

// begin begins an array of elements.
func begin(c exec.Call, count int, withScores bool) []byte {
	if withScores {
		return reply.PairsHeader(c.Reply, c.Protocol, count)
	}
	return reply.ArrayHeader(c.Reply, count)
}

// appendElement appends an element.
func appendElement(dst []byte, protocol int, member []byte, score float64, withScores bool) []byte {
	if !withScores {
		return reply.Bulk(dst, member)
	}
	return reply.Double(reply.Bulk(reply.PairHeader(dst, protocol), member), protocol, score)
}

// answerRanks answers with the elements from a rank on, before another one, or with those in reverse order.
func answerRanks(c exec.Call, z *value.SortedSet, begin, end int, back, withScores bool) []byte {
	if !fitsRanks(c, z, begin, end) {
		return c.TooLong()
	}
	return answer(c, end-begin, withScores, func(visit func(member []byte, score float64)) {
		eachRank(z, begin, end, back, visit)
	})
}

// eachRank visits the elements from a rank on, before another one, in either order.
func eachRank(z *value.SortedSet, begin, end int, back bool, visit func(member []byte, score float64)) {
	left := end - begin
	if left == 0 {
		return
	}
	some := func(member []byte, score float64) bool {
		visit(member, score)
		left--
		return left > 0
	}
	if back {
		z.EachBack(end-1, some)
	} else {
		z.Each(begin, some)
	}
}

// fitsRanks reports whether a reply with the elements from a rank on, before another one, fits. Whether a reply of
// RAFT.ONCE fits decides what is kept, on all nodes: so it follows from the elements, and not from the size of the set,
// in which it counts how that lies in memory.
func fitsRanks(c exec.Call, z *value.SortedSet, begin, end int) bool {
	if count := end - begin; !c.IsKept() && c.Fits(z.Size()+count*elementOverheadBytes) {
		return true
	}
	bytes := 0
	eachRank(z, begin, end, false, func(member []byte, _ float64) { bytes += len(member) + elementOverheadBytes })
	return c.Fits(bytes)
}
