package geo

import "math"

// The limits of positions, in degrees: those of the projection of web maps, which ends before the poles.
const (
	minLongitude, maxLongitude = -180.0, 180.0
	minLatitude, maxLatitude   = -85.05112878, 85.05112878
)

// maxSteps is how many bits each of longitude and latitude has in a score: 52 bits together fit exactly into a float.
const maxSteps = 26

// position is a longitude and a latitude, in degrees.
type position struct{ longitude, latitude float64 }

// isValid reports whether a position is within the limits.
func (p position) isValid() bool {
	return minLongitude <= p.longitude && p.longitude <= maxLongitude &&
		minLatitude <= p.latitude && p.latitude <= maxLatitude
}

// extent is what is divided by the bits of a cell: degrees of longitude and latitude.
type extent struct{ minLongitude, maxLongitude, minLatitude, maxLatitude float64 }

var (
	// ofScores is the extent of Redis's scores, ofTexts that of geohash texts.
	ofScores = extent{minLongitude, maxLongitude, minLatitude, maxLatitude}
	ofTexts  = extent{minLongitude, maxLongitude, -90, 90}
)

// cell is a rectangle of the earth: steps times halved in both directions. The bits of the longitude stand at odd
// places of bits, those of the latitude at even ones.
type cell struct {
	bits  uint64
	steps int
}

// The places of both in the bits of a cell.
const longitudeBits, latitudeBits uint64 = 0xaaaaaaaaaaaaaaaa, 0x5555555555555555

// cellOf is the cell in which a valid position lies.
func (e *extent) cellOf(p position, steps int) cell {
	scale := float64(uint64(1) << steps)
	latitude := float64(float64(p.latitude-e.minLatitude) / float64(e.maxLatitude-e.minLatitude))
	longitude := float64(float64(p.longitude-e.minLongitude) / float64(e.maxLongitude-e.minLongitude))
	return cell{spread(uint32(latitude*scale)) | spread(uint32(longitude*scale))<<1, steps}
}

// spread puts the bits of n at the even places; gather takes them from there.
func spread(n uint32) uint64 {
	x := uint64(n)
	x = (x | x<<16) & 0x0000ffff0000ffff
	x = (x | x<<8) & 0x00ff00ff00ff00ff
	x = (x | x<<4) & 0x0f0f0f0f0f0f0f0f
	x = (x | x<<2) & 0x3333333333333333
	return (x | x<<1) & latitudeBits
}

func gather(bits uint64) uint32 {
	x := bits & latitudeBits
	x = (x | x>>1) & 0x3333333333333333
	x = (x | x>>2) & 0x0f0f0f0f0f0f0f0f
	x = (x | x>>4) & 0x00ff00ff00ff00ff
	x = (x | x>>8) & 0x0000ffff0000ffff
	return uint32(x | x>>16)
}

// bounds are the edges of a cell.
func (c cell) bounds() extent {
	latitude, longitude := gather(c.bits), gather(c.bits>>1)
	return extent{
		c.edge(longitude, minLongitude, maxLongitude), c.edge(longitude+1, minLongitude, maxLongitude),
		c.edge(latitude, minLatitude, maxLatitude), c.edge(latitude+1, minLatitude, maxLatitude),
	}
}

func (c cell) edge(number uint32, low, high float64) float64 {
	share := float64(float64(number) / float64(uint64(1)<<c.steps))
	return float64(low + float64(share*float64(high-low)))
}

// positionOf is the position of a score: the middle of its cell. Any number is taken as a score, as in Redis.
func positionOf(score float64) position {
	b := cell{bitsOf(score), maxSteps}.bounds()
	return position{
		min(max(float64(float64(b.minLongitude+b.maxLongitude)/2), minLongitude), maxLongitude),
		min(max(float64(float64(b.minLatitude+b.maxLatitude)/2), minLatitude), maxLatitude),
	}
}

// scoreOf is the score of a valid position.
func scoreOf(p position) float64 { return float64(ofScores.cellOf(p, maxSteps).bits) }

// bitsOf makes an integer of a score. What becomes of one that is none is what an x86 processor makes of it in Redis.
func bitsOf(score float64) uint64 {
	if score < 1<<63 {
		return uint64(signed(score))
	}
	return uint64(signed(score-1<<63)) ^ 1<<63
}

// signed makes an integer of a number, and the lowest one of a number that is out of range.
func signed(n float64) int64 {
	if n >= -1<<63 && n < 1<<63 {
		return int64(n)
	}
	return math.MinInt64
}

// scores gives the lowest score of a cell, and the lowest one behind it.
func (c cell) scores() (first, behind float64) {
	shift := 2 * (maxSteps - c.steps)
	return float64(c.bits << shift), float64((c.bits + 1) << shift)
}

// toLongitude is the cell beside this one: to the east if steps is 1, to the west if it is -1. The earth is round.
func (c cell) toLongitude(steps int) cell {
	moved := move(c.bits&longitudeBits, latitudeBits>>(64-2*c.steps), steps)
	c.bits = moved&(longitudeBits>>(64-2*c.steps)) | c.bits&latitudeBits
	return c
}

// toLatitude is the cell beside this one: to the north if steps is 1, to the south if it is -1.
func (c cell) toLatitude(steps int) cell {
	moved := move(c.bits&latitudeBits, longitudeBits>>(64-2*c.steps), steps)
	c.bits = moved&(latitudeBits>>(64-2*c.steps)) | c.bits&longitudeBits
	return c
}

// move adds 1 to a number whose bits have the others between them, or takes 1 away.
func move(bits, between uint64, steps int) uint64 {
	if steps > 0 {
		return bits + (between + 1)
	}
	return (bits | between) - (between + 1)
}

// textLength is the length of a geohash text, and the number of its bits for each character.
const textLength, characterBits = 11, 5

const alphabet = "0123456789bcdefghjkmnpqrstuvwxyz"

// text is the standard geohash of a position. There are bits for ten characters; as in Redis the last one is 0.
func (p position) text() string {
	bits := ofTexts.cellOf(p, maxSteps).bits
	text := [textLength]byte{textLength - 1: alphabet[0]}
	for i := range textLength - 1 {
		text[i] = alphabet[bits>>(2*maxSteps-(i+1)*characterBits)&(1<<characterBits-1)]
	}
	return string(text[:])
}
