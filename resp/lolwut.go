package resp

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// lolwut is LOLWUT [VERSION n]: a raft at night, as many logs as there are members. With a version it is the nth such
// night, the same every time; without, one of its own.
func lolwut(c *Conn, dst []byte, args [][]byte) []byte {
	seed := rand.Uint64()
	if len(args) >= 3 && strings.EqualFold(string(args[1]), "version") {
		version, ok := number.Parse(args[2])
		if !ok {
			return reply.Error(dst, reply.NotInteger)
		}
		seed = uint64(version)
	}
	knowledge := c.server.node.Info()
	return reply.Verbatim(dst, c.protocol(), "txt", raftAtNight(&knowledge, seed)+"Redis ver. "+redisVersion+"\n")
}

const (
	pictureColumns = 54
	skyRows        = 3
	seaRows        = 3
	// mastColumn is where the mast stands, on the log of the leader; deckColumn and deckColumns are where logs lie.
	mastColumn  = 26
	deckColumn  = 12
	deckColumns = 30
	// mostLogs is how many members are shown.
	mostLogs = 9
)

// picture is rows of characters that can be written over.
type picture [][]byte

func newPicture(rows int) picture {
	p := make(picture, rows)
	for i := range p {
		p[i] = []byte(strings.Repeat(" ", pictureColumns))
	}
	return p
}

// write puts text at a place.
func (p picture) write(row, column int, text string) { copy(p[row][column:], text) }

// scatter puts signs at random places of some rows.
func (p picture) scatter(random *rand.Rand, from, to, count int, signs ...string) {
	for range count {
		sign := signs[random.IntN(len(signs))]
		p.write(from+random.IntN(to-from), random.IntN(pictureColumns-len(sign)), sign)
	}
}

// sail is above the deck, with its foot on the leader's log.
var sail = []string{"|\\", "| \\", "|__\\", "|"}

// raftAtNight draws what a node knows of its cluster. A member that it is not in touch with lies under water; a cluster
// without a leader has no sail.
func raftAtNight(knowledge *Info, seed uint64) string {
	random := rand.New(rand.NewPCG(seed, 0))
	logs := min(max(len(knowledge.Nodes), 1), mostLogs)
	deck := skyRows + len(sail)
	p := newPicture(deck + logs + seaRows)
	p.scatter(random, 0, deck-1, 16, ".", ".", ".", "*", "+", "'")
	p.write(random.IntN(skyRows), 2+random.IntN(pictureColumns-8), "( )")
	p.scatter(random, deck+logs, deck+logs+seaRows, 18, "~", "~~", "~~~", "_/~")
	if knowledge.Leader != 0 {
		for row, text := range sail {
			p.write(skyRows+row, mastColumn, text)
		}
	}
	for i := range logs {
		p.log(random, deck+i, i >= len(knowledge.Nodes) || knowledge.Nodes[i].Up)
	}
	var text strings.Builder
	for _, row := range p {
		text.WriteString(strings.TrimRight(string(row), " ") + "\n")
	}
	return text.String() + fmt.Sprintf("\n%s, term %d, %d entries deep.\n", counted(logs, "log"), knowledge.Term,
		knowledge.Commit)
}

// log draws one, and the water beside it.
func (p picture) log(random *rand.Rand, row int, afloat bool) {
	p.scatter(random, row, row+1, 2, "~", "~~")
	trunk := "(_)____x" + strings.Repeat("_", deckColumns-14) + "x____)"
	if !afloat {
		trunk = strings.NewReplacer("_", "~", "x", " ", "(", " ", ")", " ").Replace(trunk)
	}
	p.write(row, deckColumn, trunk)
}

func counted(n int, what string) string {
	if n == 1 {
		return "One " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
