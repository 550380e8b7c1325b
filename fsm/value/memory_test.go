package value

import (
	"reflect"
	"testing"

	"github.com/raftredis/raftredis/fsm/value/digest"
)

func TestSizesAreThoseOfTheTypes(t *testing.T) {
	for name, sizes := range map[string][2]int{
		"chunks":  {chunksBytes, int(reflect.TypeFor[Chunks]().Size())},
		"page":    {pageHeaderBytes, int(reflect.TypeFor[chunkPage]().Size())},
		"chunk":   {chunkHeaderBytes, int(reflect.TypeFor[chunk]().Size())},
		"list":    {listBytes, int(reflect.TypeFor[List]().Size())},
		"lock":    {lockBytes, int(reflect.TypeFor[Lock]().Size())},
		"hash":    {containerBytes, int(reflect.TypeFor[Hash]().Size())},
		"set":     {containerBytes, int(reflect.TypeFor[Set]().Size())},
		"trunk":   {trunkBytes, int(reflect.TypeFor[trunk]().Size())},
		"seed":    {seedBytes, int(reflect.TypeFor[digest.Sip]().Size())},
		"fork":    {tableForkBytes, int(reflect.TypeFor[tableFork]().Size())},
		"row":     {tableRowBytes, int(reflect.TypeFor[tableRow]().Size())},
		"leaf":    {tableLeafBytes, int(reflect.TypeFor[tableLeaf]().Size())},
		"pointer": {pointerBytes, int(reflect.TypeFor[*chunk]().Size())},
	} {
		if sizes[0] != sizes[1] {
			t.Errorf("%s: %d bytes in the constant, %d in the type", name, sizes[0], sizes[1])
		}
	}
}
