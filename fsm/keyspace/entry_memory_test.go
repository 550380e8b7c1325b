package keyspace

import (
	"reflect"
	"testing"
)

func TestSizeOfAnEntryIsThatOfTheType(t *testing.T) {
	if got := int(reflect.TypeFor[Entry]().Size()); got != entryBytes {
		t.Errorf("%d bytes in the constant, %d in the type", entryBytes, got)
	}
}
