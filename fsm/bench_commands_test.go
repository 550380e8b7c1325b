package fsm

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/argv"
)

// benchElements is from how many keys and elements BenchmarkApplyCommands draws.
const benchElements = 100_000

// benchedWrites are the writes of redis-benchmark; a $ stands for a number that is drawn.
var benchedWrites = []string{
	"set key:$ xxx", "incr counter:$", "lpush mylist xxx", "rpush mylist xxx", "lpop mylist", "rpop mylist",
	"sadd myset element:$", "hset myhash element:$ xxx", "spop myset", "zadd myzset $ element:$", "zpopmin myzset",
	"mset" + strings.Repeat(" key:$ xxx", 10), "xadd mystream * myfield xxx",
}

// BenchmarkApplyCommands applies entries of 16 writes each, as a node does at which they did not arrive. One operation
// is one command.
func BenchmarkApplyCommands(b *testing.B) {
	const batch, entries = 16, 4096
	random := rand.New(rand.NewPCG(1, 2))
	draw := func(command string) []byte {
		var data []byte
		for range batch {
			var args [][]byte
			for _, word := range strings.Fields(command) {
				number := strconv.Itoa(random.IntN(benchElements))
				padded := "000000000000"[len(number):] + number
				args = append(args, []byte(strings.Replace(word, "$", padded, 1)))
			}
			data = argv.Append(data, args)
		}
		return data
	}
	for _, command := range benchedWrites {
		name, _, _ := strings.Cut(command, " ")
		b.Run(name, func(b *testing.B) {
			m := newMachine(b)
			fill := map[string]string{
				"lpop": "rpush mylist xxx", "rpop": "rpush mylist xxx", "spop": "sadd myset element:$",
				"zpopmin": "zadd myzset $ element:$",
			}[name]
			var data [entries][]byte
			for i := range data {
				data[i] = draw(command)
			}
			refill := func() {
				for range benchElements / batch {
					m.Apply(m.Index()+1, 0, draw(fill), nil)
				}
			}
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				if fill != "" && n%(benchElements/2) == 0 {
					b.StopTimer()
					refill()
					b.StartTimer()
				}
				if n++; n%batch == 0 {
					m.Apply(m.Index()+1, 0, data[n/batch%entries], nil)
				}
			}
		})
	}
}
