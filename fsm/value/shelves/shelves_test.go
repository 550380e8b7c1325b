package shelves

import (
	"reflect"
	"testing"
)

func TestSizesOfShelvesAreThoseOfTheTypes(t *testing.T) {
	for name, sizes := range map[string][2]int{
		"shelf":   {headerBytes, int(reflect.TypeFor[shelf[int]]().Size())},
		"pointer": {pointerBytes, int(reflect.TypeFor[*shelf[int]]().Size())},
	} {
		if sizes[0] != sizes[1] {
			t.Errorf("%s: %d bytes in the constant, %d in the type", name, sizes[0], sizes[1])
		}
	}
}
