package load

import (
	"math/rand/v2"
	"strconv"
)

// drawer draws the requests of one connection. It is a function of the seed and of the number of the connection, but
// for {seq}, which all connections share.
type drawer struct {
	plan   *plan
	random *rand.Rand
	keys   distribution
}

func newDrawer(p *plan, connection int) drawer {
	random := rand.New(rand.NewPCG(p.Seed, uint64(connection)))
	return drawer{plan: p, random: random, keys: newDistribution(random, p.Keys, p.Skew)}
}

// command draws the index of one of the commands.
func (d *drawer) command() int {
	if len(d.plan.requests) == 1 {
		return 0
	}
	n := d.random.Uint64N(d.plan.weights)
	for i := range d.plan.requests {
		weight := d.plan.requests[i].weight
		if n < weight {
			return i
		}
		n -= weight
	}
	panic("load: the weights of the commands have another sum")
}

// appendRequest appends a request, with all that is drawn for it.
func (d *drawer) appendRequest(dst []byte, r *request) []byte {
	length := 0
	for i := range r.parts {
		switch p := &r.parts[i]; p.kind {
		case pieceText:
			dst = append(dst, p.text...)
		case pieceKey:
			dst = appendNumber(dst, d.keys.draw())
		case pieceRandom:
			dst = appendNumber(dst, d.random.Uint64N(d.plan.Keys))
		case pieceSequence:
			dst = appendNumber(dst, (d.plan.sequence.Add(1)-1)%d.plan.Keys)
		case pieceLength:
			length = d.valueLength()
			dst = strconv.AppendInt(append(dst, '$'), int64(p.around+length), 10)
			dst = append(dst, "\r\n"...)
		case pieceValue:
			start := d.random.IntN(len(d.plan.values) - length + 1)
			dst = append(dst, d.plan.values[start:start+length]...)
		}
	}
	return dst
}

func (d *drawer) valueLength() int {
	spread := d.plan.MaxValueBytes - d.plan.MinValueBytes
	if spread == 0 {
		return d.plan.MinValueBytes
	}
	return d.plan.MinValueBytes + d.random.IntN(spread+1)
}

// appendNumber appends the last twelve digits of a number.
func appendNumber(dst []byte, n uint64) []byte {
	const zeros = "000000000000"
	dst = append(dst, zeros[:numberDigits]...)
	for i := len(dst) - 1; n > 0 && i >= len(dst)-numberDigits; i-- {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
	return dst
}

// valueLead is by how much the stock of bytes is longer than the longest value, so that two values rarely are the same.
const valueLead = 64 << 10

// drawValues makes the stock that values are cut from.
func drawValues(seed uint64, length int) []byte {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	random := rand.New(rand.NewPCG(seed, 1<<63)) // no connection has that number
	values := make([]byte, length+valueLead)
	for i := range values {
		values[i] = letters[random.Uint32()%uint32(len(letters))]
	}
	return values
}
