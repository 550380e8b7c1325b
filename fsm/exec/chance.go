package exec

import (
	"math/bits"

	"github.com/raftredis/raftredis/fsm/keyspace"
)

// Chance draws numbers. The same chance draws the same ones.
type Chance struct{ words keyspace.Sequence }

// ChanceOf is the chance of a word.
func ChanceOf(word uint64) Chance { return Chance{keyspace.Sequence(word)} }

// Chance is that of a read: it comes from the connection, and from the moment and the place of the call in its run, so
// that one call differs from the next, also where it is put off.
func (v View) Chance() Chance {
	words := keyspace.Sequence(v.Random)
	words ^= keyspace.Sequence(words.Next() ^ uint64(v.Now.Log))
	words ^= keyspace.Sequence(words.Next() ^ uint64(v.Place))
	return Chance{words}
}

// Word is a number of 64 bits.
func (c *Chance) Word() uint64 { return c.words.Next() }

// Below is a number from 0 to n-1.
func (c *Chance) Below(n int) int {
	high, _ := bits.Mul64(c.words.Next(), uint64(n))
	return int(high)
}

// Different are count different numbers below n, of which there are as many at least: each choice is as likely as any
// other. They are in no order, or in ascending order if they are more than half.
func (c *Chance) Different(n, count int) []int {
	if 2*count <= n {
		return c.draw(n, count)
	}
	left := make(map[int]bool, n-count)
	for _, number := range c.draw(n, n-count) {
		left[number] = true
	}
	drawn := make([]int, 0, count)
	for number := range n {
		if !left[number] {
			drawn = append(drawn, number)
		}
	}
	return drawn
}

// draw is Different for at most half of the numbers: it draws each again until it is a new one.
func (c *Chance) draw(n, count int) []int {
	seen, drawn := make(map[int]bool, count), make([]int, 0, count)
	for len(drawn) < count {
		if number := c.Below(n); !seen[number] {
			seen[number] = true
			drawn = append(drawn, number)
		}
	}
	return drawn
}
