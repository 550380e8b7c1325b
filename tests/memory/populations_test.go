package memory_test

import (
	"fmt"
	"strconv"
)

// population is a key space whose memory is measured.
type population struct {
	name string
	// unit is what is counted.
	unit string
	// share is how many of these there are in a mixed key space for each element of the others.
	share float64
	// call writes some elements from a number on, callElements at most, and says how many those are.
	call func(from int) (args []string, elements int)
}

// callElements is how many elements of a container a call writes.
const callElements = 100

// scattered gives the numbers up to a million in an order that looks like none, each once, and then on.
func scattered(i int) int { return i/1_000_003*1_000_003 + i*7919%1_000_003 }

// container is a population of one key, whose elements a command takes.
func container(name, unit, command string, element func(i int) []string) population {
	return population{name, unit, 1, func(from int) ([]string, int) {
		args := []string{command, name}
		for i := from; i < from+callElements; i++ {
			args = append(args, element(i)...)
		}
		return args, callElements
	}}
}

// populations are the key spaces that are measured. Elements have some ten to twenty bytes, as those of applications.
func populations() []population {
	return []population{
		{"hashes of 10 fields", "hash", 0.1, func(from int) ([]string, int) {
			args := []string{"HSET", fmt.Sprintf("hash:%011d", from)}
			for field := range 10 {
				args = append(args, "field"+strconv.Itoa(field), fmt.Sprintf("value:%010d", from+field))
			}
			return args, 1
		}},
		container("a sorted set, at random", "member", "ZADD", func(i int) []string {
			return []string{strconv.Itoa(scattered(i)), fmt.Sprintf("player:%09d", i)}
		}),
		container("a sorted set, in order", "member", "ZADD", func(i int) []string {
			return []string{strconv.Itoa(i), fmt.Sprintf("player:%09d", i)}
		}),
		container("a set", "member", "SADD", func(i int) []string { return []string{fmt.Sprintf("member:%09d", i)} }),
		container("a set of integers", "member", "SADD", func(i int) []string {
			return []string{strconv.Itoa(scattered(i))}
		}),
		container("a hash", "field", "HSET", func(i int) []string {
			return []string{fmt.Sprintf("field:%010d", scattered(i)), fmt.Sprintf("value:%010d", i)}
		}),
		container("a list", "element", "RPUSH", func(i int) []string { return []string{fmt.Sprintf("element:%09d", i)} }),
		container("a list of integers", "element", "LPUSH", func(i int) []string { return []string{strconv.Itoa(i)} }),
		{"a stream", "entry", 1, func(from int) ([]string, int) {
			return []string{
				"XADD", "events", strconv.Itoa(1_700_000_000_000+from*3) + "-0", "sensor", strconv.Itoa(1000 + from%100),
				"temperature", strconv.Itoa(from * 13 % 1000),
			}, 1
		}},
		{"strings of 64 bytes", "key", 1, func(from int) ([]string, int) { // and keys of 16
			return []string{"SET", fmt.Sprintf("key:%012d", scattered(from)), fmt.Sprintf("%064d", from)}, 1
		}},
	}
}
