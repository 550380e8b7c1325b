package fsm

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/commands"
)

// wholeElements is how many elements the containers of BenchmarkWholeContainers have.
const wholeElements = 1_000_000

// wholeCommands are commands on whole containers. Each works on key t, which is a copy of the one named.
var wholeCommands = []struct{ of, line string }{
	{"set", "SUNIONSTORE d t other"}, {"set", "SINTERSTORE d t other"}, {"set", "SDIFFSTORE d t other"},
	{"set", "SPOP t 500000"}, {"set", "SORT t ALPHA STORE d"}, {"set", "DEL t"}, {"set", "RENAME t u"},
	{"set", "COPY t u REPLACE"},
	{"zset", "ZUNIONSTORE d 1 t"}, {"zset", "ZINTERSTORE d 2 t zset"}, {"zset", "ZDIFFSTORE d 2 t set"},
	{"zset", "ZRANGESTORE d t 0 -1"}, {"zset", "ZRANGESTORE d t 0 9"}, {"zset", "ZREMRANGEBYRANK t 0 499999"},
	{"zset", "ZREMRANGEBYRANK t 0 9"}, {"zset", "ZPOPMIN t 500000"}, {"zset", "SORT t STORE d"}, {"zset", "DEL t"},
	{"geo", "GEOSEARCHSTORE d t FROMLONLAT 5 5 BYRADIUS 3000 km"}, {"geo", "GEORADIUS t 5 5 3000 km STORE d"},
	{"list", "LREM t 0 nothing"}, {"list", "LREM t 0 e1"}, {"list", "LINSERT t BEFORE nothing x"},
	{"list", "LTRIM t 250000 750000"}, {"list", "LPOP t 500000"}, {"list", "SORT t ALPHA STORE d"}, {"list", "DEL t"},
	{"stream", "XTRIM t MAXLEN 1"}, {"stream", "XTRIM t MAXLEN 500000"}, {"stream", "XADD t MAXLEN 1 * f v"},
	{"stream", "XREADGROUP GROUP g c STREAMS t >"}, {"stream", "XREADGROUP GROUP g c COUNT 10 STREAMS t >"},
	{"stream", "DEL t"}, {"hash", "DEL t"},
	{"set", "UNLINK t"}, {"zset", "UNLINK t"}, {"list", "UNLINK t"}, {"stream", "UNLINK t"}, {"hash", "UNLINK t"},
	{"zset", "RENAME t u"}, {"list", "RENAME t u"}, {"stream", "RENAME t u"}, {"hash", "RENAME t u"},
	{"zset", "COPY t u REPLACE"}, {"list", "COPY t u REPLACE"}, {"stream", "COPY t u REPLACE"},
	{"hash", "COPY t u REPLACE"}, {"string", "DEL t"}, {"string", "UNLINK t"}, {"string", "RENAME t u"},
	{"string", "COPY t u REPLACE"},
}

// BenchmarkWholeContainers measures what commands on containers of a million elements hold up, in time of the
// processor, and how many nanoseconds they are estimated as for each of them.
//
//	go test ./fsm -run '^$' -bench '^BenchmarkWholeContainers$' -benchtime 3x
func BenchmarkWholeContainers(b *testing.B) {
	m := newMachine(b)
	for i := 0; i < wholeElements; i += 1000 {
		var body []byte
		for k := i; k < i+1000; k++ {
			for _, line := range []string{
				fmt.Sprintf("SADD set member%d", k), fmt.Sprintf("SADD other member%d", k+wholeElements/2),
				fmt.Sprintf("ZADD zset %d member%d", k, k), fmt.Sprintf("RPUSH list e%d", k%500_000),
				fmt.Sprintf("XADD stream * field value%d", k), fmt.Sprintf("HSET hash field%d value%d", k, k),
				fmt.Sprintf("GEOADD geo %f %f member%d", float64(k%1000)/100, float64(k/1000)/100, k),
			} {
				body = argv.Append(body, words(line))
			}
		}
		m.Apply(m.Index()+1, 1, body, nil)
	}
	do(m, words("XGROUP CREATE stream g 0"), words("SETRANGE zeros 536870911 x"), words("BITOP NOT string zeros"))
	for _, c := range wholeCommands {
		name := strings.ReplaceAll(c.line, " ", "_")
		b.Run(c.of+"/"+name, func(b *testing.B) {
			args := words(c.line)
			spec, _ := commands.Find(args)
			var work int
			var took time.Duration
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			for range b.N {
				b.StopTimer()
				do(m, words("DEL d u"), words("COPY "+c.of+" t REPLACE"))
				work += spec.Estimate(args, argv.Size(args), m.state.Space(0)).Work
				run := newRun(2, args)
				body := run.Body(nil, argv.Append)
				b.StartTimer()
				began := threadTime(b)
				m.Apply(m.Index()+1, 1, body, run)
				took += threadTime(b) - began
				b.StopTimer()
				if strings.HasPrefix(string(run.Reply), "-") {
					b.Fatalf("%s: %.100s", c.line, run.Reply)
				}
			}
			b.ReportMetric(float64(took.Milliseconds())/float64(b.N), "cpu-ms/op")
			b.ReportMetric(float64(work)/float64(took.Nanoseconds()), "estimated/ns")
		})
	}
}
