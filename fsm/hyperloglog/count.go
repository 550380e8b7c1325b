package hyperloglog

import (
	"encoding/binary"
	"math"

	"github.com/raftredis/raftredis/fsm/value"
)

// histogram says how many registers have each value.
type histogram [maxRegister + 1]int

// histogramOf counts the registers of a HyperLogLog. ok is false if it is damaged.
func histogramOf(b []byte) (h histogram, ok bool) {
	if b[encodingAt] == sparse {
		ok = eachRun(b, func(_ int, r run) bool {
			h[r.value] += r.length
			return true
		})
		return h, ok
	}
	for rest := b[headerBytes:]; len(rest) >= 3; rest = rest[3:] { // four registers
		h[rest[0]&maxRegister]++
		h[(rest[0]>>6|rest[1]<<2)&maxRegister]++
		h[(rest[1]>>4|rest[2]<<4)&maxRegister]++
		h[rest[2]>>2]++
	}
	return h, true
}

// maxima are the registers of a union: of each the highest.
type maxima [registers]byte

// add adds a HyperLogLog to a union. ok is false if it is damaged.
func (m *maxima) add(b []byte) (ok bool) {
	if b[encodingAt] == sparse {
		return eachRun(b, func(first int, r run) bool {
			if r.value == 0 {
				return true
			}
			if first+r.length > registers {
				return false
			}
			for i := first; i < first+r.length; i++ {
				m[i] = max(m[i], r.value)
			}
			return true
		})
	}
	i := 0
	for rest := b[headerBytes:]; len(rest) >= 3; rest = rest[3:] {
		m[i] = max(m[i], rest[0]&maxRegister)
		m[i+1] = max(m[i+1], (rest[0]>>6|rest[1]<<2)&maxRegister)
		m[i+2] = max(m[i+2], (rest[1]>>4|rest[2]<<4)&maxRegister)
		m[i+3] = max(m[i+3], rest[2]>>2)
		i += 4
	}
	return true
}

func (m *maxima) histogram() (h histogram) {
	for _, value := range m {
		h[value]++
	}
	return h
}

// infiniteAlpha is 0.5/ln 2.
const infiniteAlpha = 0.721347520444481703680

// estimate is about how many different elements there were. Products are converted, so that no processor adds to them
// before they are rounded: the estimate is the same on all nodes.
func (h *histogram) estimate() int64 {
	const m = float64(registers)
	z := float64(m * tau((m-float64(h[countedBits+1]))/m))
	for i := countedBits; i >= 1; i-- {
		z = float64((z + float64(h[i])) * 0.5)
	}
	z += float64(m * sigma(float64(h[0])/m))
	e := math.Round(float64(infiniteAlpha*m*m) / z)
	if e >= 1<<63 { // where all registers are above what a hash gives: the string is none of PFADD's
		return math.MinInt64
	}
	return int64(e)
}

// sigma and tau are functions of Ertl's estimate.
func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	y, z := 1.0, x
	for {
		x = float64(x * x)
		before := z
		z += float64(x * y)
		y += y
		if z == before {
			return z
		}
	}
}

func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	y, z := 1.0, 1-x
	for {
		x = math.Sqrt(x)
		before := z
		y *= 0.5
		z -= float64(float64((1-x)*(1-x)) * y)
		if z == before {
			return z / 3
		}
	}
}

// keptIn is the answer of PFCOUNT that a HyperLogLog has. ok is false if it has none, or one that is out of date.
func keptIn(text value.String) (elements int64, ok bool) {
	var kept [headerBytes - cardinality]byte
	text.ReadAt(kept[:], cardinality)
	elements = int64(binary.LittleEndian.Uint64(kept[:]))
	return elements, elements >= 0 // the highest bit of the last byte says that it is out of date
}

// count is the estimate for one HyperLogLog. ok is false if it is damaged.
func count(b []byte) (elements int64, ok bool) {
	h, ok := histogramOf(b)
	if !ok {
		return 0, false
	}
	return h.estimate(), true
}
