package section

import (
	"bytes"
	"errors"
	"testing"
)

func TestReadGivesSectionsInOrderAndKeepsSkipped(t *testing.T) {
	list := Append(nil, 1, []byte("one"))
	list = Append(list, 7, nil)
	unknown := Append(nil, Skippable|3, []byte("later"))
	list = append(list, unknown...)
	list = Append(list, Skippable|4, []byte("four"))
	got := map[Kind]string{}
	skipped, err := Read(list, func(kind Kind, body []byte) (bool, error) {
		if kind == Skippable|3 {
			return false, nil
		}
		got[kind] = string(body)
		return true, nil
	})
	if err != nil || len(got) != 3 || got[1] != "one" || got[7] != "" || got[Skippable|4] != "four" {
		t.Fatalf("read %q, error %v", got, err)
	}
	if !bytes.Equal(skipped, unknown) {
		t.Fatalf("skipped %x, want %x", skipped, unknown)
	}
}

func TestReadRefusesUnknownKindByNumber(t *testing.T) {
	_, err := Read(Append(nil, 9, []byte("x")), None)
	if !errors.Is(err, ErrUnknown) || err.Error() != "unknown section: kind 9; this build does not know it" {
		t.Fatal(err)
	}
	if _, err := Read(Append(nil, Skippable|9, []byte("x")), None); err != nil {
		t.Fatal(err)
	}
}

func TestReadPassesOnErrorOfTake(t *testing.T) {
	wrong := errors.New("wrong")
	_, err := Read(Append(nil, 2, nil), func(Kind, []byte) (bool, error) { return true, wrong })
	if !errors.Is(err, wrong) {
		t.Fatal(err)
	}
}

func TestReadRefusesMalformedLists(t *testing.T) {
	for name, list := range map[string][]byte{
		"twice":             Append(Append(nil, 2, nil), 2, nil),
		"descending":        Append(Append(nil, 2, nil), 1, nil),
		"kind zero":         Append(nil, 0, nil),
		"skippable zero":    Append(nil, Skippable, nil),
		"header cut":        Append(nil, 1, nil)[:HeaderBytes-1],
		"body cut":          Append(nil, 1, []byte("body"))[:HeaderBytes+3],
		"reserved in use":   {1, 0, 1, 0, 0, 0, 0, 0},
		"length overflows":  {1, 0, 0, 0, 255, 255, 255, 255},
		"rest of one byte":  append(Append(nil, 1, nil), 0),
		"second is garbage": append(Append(nil, 1, nil), 255, 255, 255, 255, 255, 255, 255, 255),
	} {
		known := func(Kind, []byte) (bool, error) { return true, nil }
		if _, err := Read(list, known); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(Append(Append(nil, 1, []byte("one")), Skippable|2, nil))
	f.Fuzz(func(t *testing.T, list []byte) {
		var again []byte
		_, err := Read(list, func(kind Kind, body []byte) (bool, error) {
			again = Append(again, kind, body)
			return true, nil
		})
		if err == nil && !bytes.Equal(again, list) {
			t.Fatalf("%x is read as %x", list, again)
		}
	})
}
