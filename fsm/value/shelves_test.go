package value

import (
	"reflect"
	"testing"
)

func TestSizesOfShelvesAreThoseOfTheTypes(t *testing.T) {
	for name, sizes := range map[string][2]int{
		"shelf":   {shelfHeaderBytes, int(reflect.TypeFor[shelf[int]]().Size())},
		"pointer": {pointerBytes_, int(reflect.TypeFor[*shelf[int]]().Size())},
	} {
		if sizes[0] != sizes[1] {
			t.Errorf("%s: %d bytes in the constant, %d in the type", name, sizes[0], sizes[1])
		}
	}
}
