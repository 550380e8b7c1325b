package fsm

import (
	"math/bits"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// lcsOptions are what may follow the keys in LCS.
type lcsOptions struct {
	// length is LEN, indexes is IDX, withLengths is WITHMATCHLEN.
	length, indexes, withLengths bool
	// minLength is MINMATCHLEN.
	minLength int64
}

func parseLCSOptions(args [][]byte) (o lcsOptions, refusal string) {
	for i := 0; i < len(args); i++ {
		switch arg := args[i]; {
		case exec.Is(arg, "LEN"):
			o.length = true
		case exec.Is(arg, "IDX"):
			o.indexes = true
		case exec.Is(arg, "WITHMATCHLEN"):
			o.withLengths = true
		case exec.Is(arg, "MINMATCHLEN") && i+1 < len(args):
			i++
			var ok bool
			if o.minLength, ok = number.Parse(args[i]); !ok {
				return o, reply.NotInteger
			}
		default:
			return o, reply.Syntax
		}
	}
	if o.length && o.indexes {
		return o, reply.LCSLengthAndIndex
	}
	return o, ""
}

// lcsNoStrings is what Redis answers in place of WRONGTYPE.
const lcsNoStrings = "ERR The specified keys must contain string values"

// lcs answers with the longest common subsequence of two strings, its length, or the ranges that make it up. Redis
// fills a table of 32-bit numbers and refuses strings whose table would be longer than a string may be; lcs refuses
// them at the same length, although its table has one bit for each number.
func lcs(v exec.View, c exec.Call) []byte {
	a, aOK := exec.TextOf(v.Get(c.Args[1]))
	b, bOK := exec.TextOf(v.Get(c.Args[2]))
	if !aOK || !bOK {
		return c.Error(lcsNoStrings)
	}
	options, refusal := parseLCSOptions(c.Args[3:])
	if refusal != "" {
		return c.Error(refusal)
	}
	rows, columns := a.Len(), b.Len()
	if (rows+1)*(columns+1) > v.MaxValueBytes/4 {
		return c.Error(reply.LCSMemory)
	}
	var table lcsTable
	if rows > 0 && columns > 0 {
		table = newLCSTable(a.Append(nil), b.Append(nil), !options.length)
	}
	switch {
	case options.length:
		return c.Integer(int64(table.length))
	case options.indexes:
		return ranges(c, &table, options)
	}
	common := make([]byte, table.length)
	at := len(common)
	table.trace(func(row, _ int) {
		at--
		common[at] = table.a[row]
	})
	return reply.Bulk(c.Reply, common)
}

// ranges answers with the ranges of both strings that match, the last first, and the length of the whole.
func ranges(c exec.Call, table *lcsTable, options lcsOptions) []byte {
	var matches []byte
	count := 0
	emit := func(r lcsRange) {
		if int64(r.length) < options.minLength {
			return
		}
		count++
		fields := 2
		if options.withLengths {
			fields = 3
		}
		matches = reply.ArrayHeader(matches, fields)
		for _, begin := range [...]int{r.row, r.column} {
			matches = reply.ArrayHeader(matches, 2)
			matches = reply.Integer(matches, int64(begin))
			matches = reply.Integer(matches, int64(begin+r.length-1))
		}
		if options.withLengths {
			matches = reply.Integer(matches, int64(r.length))
		}
	}
	var open lcsRange
	table.trace(func(row, column int) {
		if open.length > 0 && (row != open.row-1 || column != open.column-1) {
			emit(open)
			open.length = 0
		}
		open = lcsRange{row, column, open.length + 1}
	})
	if open.length > 0 {
		emit(open)
	}
	dst := reply.MapHeader(c.Reply, c.Protocol, 2)
	dst = reply.ArrayHeader(reply.BulkString(dst, "matches"), count)
	dst = append(dst, matches...)
	return reply.Integer(reply.BulkString(dst, "len"), int64(table.length))
}

// lcsRange is a range of equal bytes: where it begins in both strings, and how long it is.
type lcsRange struct{ row, column, length int }

// lcsTable tells how the length of the longest common subsequence of the beginnings of two strings grows. A row is a
// byte of a, a column one of b. It is Hyyrö's algorithm (2004), of Crochemore and others: a row is a row of bits, 0
// where one column more makes the subsequence longer, and a row follows from the one above it by an addition, 64
// columns at a time.
type lcsTable struct {
	a, b   []byte
	length int
	// strips holds the table in strips of stripColumns columns, each with all its rows, a row in as few bytes as hold
	// the columns of the strip. It is there only if the table was asked to keep it.
	strips [][]byte
}

const stripColumns = 64

func newLCSTable(a, b []byte, keep bool) lcsTable {
	t := lcsTable{a: a, b: b}
	carries := make([]uint64, (len(a)+63)/64) // a bit per row, from strip to strip
	for begin := 0; begin < len(b); begin += stripColumns {
		columns := b[begin:min(begin+stripColumns, len(b))]
		var strip []byte
		if keep {
			strip = make([]byte, len(a)*stripRowBytes(len(columns)))
			t.strips = append(t.strips, strip)
		}
		last := fillStrip(strip, a, columns, carries)
		t.length += bits.OnesCount64(^last << (stripColumns - len(columns)))
	}
	return t
}

// stripRowBytes is the length of a row of a strip of some columns.
func stripRowBytes(columns int) int { return (columns + 7) / 8 }

// fillStrip computes a strip from the carries of the strip before it, and leaves its own. It gives the last row. The
// strip has no bytes if only that is wanted.
func fillStrip(strip, a, columns []byte, carries []uint64) uint64 {
	var equal [256]uint64 // the columns that have a byte
	for i, c := range columns {
		equal[c] |= 1 << i
	}
	row := ^uint64(0)
	rowBytes := stripRowBytes(len(columns))
	for i, c := range a {
		sum, carry := bits.Add64(row, row&equal[c], carries[i/64]>>(i%64)&1)
		carries[i/64] = carries[i/64]&^(1<<(i%64)) | carry<<(i%64)
		row = sum | row&^equal[c]
		if len(strip) > 0 {
			for k := range rowBytes {
				strip[i*rowBytes+k] = byte(row >> (8 * k))
			}
		}
	}
	return row
}

// grows reports whether the last of so many columns makes the subsequence of so many rows longer.
func (t *lcsTable) grows(rows, columns int) bool {
	column := columns - 1
	begin := column &^ (stripColumns - 1)
	rowBytes := stripRowBytes(min(stripColumns, len(t.b)-begin))
	inStrip := column - begin
	return t.strips[column/stripColumns][(rows-1)*rowBytes+inStrip/8]>>(inStrip%8)&1 == 0
}

// trace visits the pairs of equal bytes that make up the subsequence, from the last to the first: of several, the one
// that Redis finds.
func (t *lcsTable) trace(visit func(row, column int)) {
	for row, column := len(t.a), len(t.b); row > 0 && column > 0; {
		switch {
		case t.a[row-1] == t.b[column-1]:
			row, column = row-1, column-1
			visit(row, column)
		case t.grows(row, column): // without this column it is shorter, without this row it is not
			row--
		default:
			column--
		}
	}
}
