package keyspace

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/command"
)

// keys reads the items of a section into the space, one after the other.
func (in *imageReader) keys(payload []byte) error {
	database, payload, err := databaseOf(payload)
	if err == nil && in.partly.any && database != in.last.database {
		return damaged("a value goes on in another database", nil)
	}
	for len(payload) > 0 && err == nil {
		if in.partly.any {
			payload, err = in.part(payload)
		} else {
			payload, err = in.entry(payload, database)
		}
	}
	return err
}

// databaseOf says which database a section has keys of, and returns its items.
func databaseOf(payload []byte) (database int, items []byte, err error) {
	if len(payload) <= databaseBytes {
		return 0, nil, damaged("a section is empty", nil)
	}
	number := binary.LittleEndian.Uint32(payload)
	if number >= command.MaxDatabases {
		return 0, nil, fmt.Errorf("%w: it has keys of database %d", ErrImageFormat, number)
	}
	return int(number), payload[databaseBytes:], nil
}

// entry reads an entry into the space, or what precedes the parts of its value, and returns what follows.
func (in *imageReader) entry(b []byte, database int) ([]byte, error) {
	at, key, e, rest, err := in.item(b, database, &in.last)
	if err != nil {
		return nil, err
	}
	if b[0]&partsFlag != 0 {
		in.last = rankedKey{database, at, string(key), true}
		in.partly.any, in.partly.entry, in.partly.kind = true, e, value.Kind(b[0])&value.MaxKind
		return rest, nil
	}
	in.last = rankedKey{database, at, e.Key(), true}
	in.open(database).store(at, key, &e)
	return rest, nil
}

// item reads an entry that must rank behind another one, and returns what follows. Of an entry whose value follows in
// parts it has deadline and version only. It changes nothing.
func (in *imageReader) item(
	b []byte, database int, last *rankedKey,
) (at Place, key []byte, e Entry, rest []byte, err error) {
	fail := func(what string) (Place, []byte, Entry, []byte, error) { return at, nil, e, nil, damaged(what, nil) }
	kind, inParts := value.Kind(b[0])&value.MaxKind, b[0]&partsFlag != 0
	switch {
	case in.readers[kind] == nil:
		return at, nil, e, nil, fmt.Errorf("%w: it has a value of kind %d", ErrImageFormat, kind)
	case kind != value.KindString && !inParts:
		return fail("a value that is no string is not in parts")
	}
	version, deadline, b, headOK := versionAndDeadline(b)
	if !headOK || version > min(in.state.index, versionMask) {
		return fail("a version or a deadline is not one")
	}
	key, b, keyOK := lengthPrefixed(b)
	if !keyOK {
		return fail("an entry is not one")
	}
	if at = in.state.Place(key); last.any && !last.before(database, at, key) {
		return fail("entries are out of order")
	}
	if inParts {
		return at, key, Entry{Deadline: deadline, word: version}, b, nil
	}
	text, b, textOK := lengthPrefixed(b)
	if !textOK || len(text) > min(in.maxValueBytes, value.ChunkBytes) {
		return fail("an entry is not one")
	}
	e = NewEntry(key, text).Until(deadline)
	e.word = version
	return at, key, e, b, nil
}

// part reads the next part of the value that is open, and returns what follows. An empty part ends the value.
func (in *imageReader) part(b []byte) ([]byte, error) {
	part, b, ok := lengthPrefixed(b)
	if !ok {
		return nil, damaged("a part of a value is not one", nil)
	}
	s, open := in.open(in.last.database), &in.partly
	reader := in.readers[open.kind]
	if len(part) > 0 {
		if !reader.Add(part, in.maxValueBytes, s.values, s.generation) {
			return nil, damaged("a part of a value is not one", nil)
		}
		return b, nil
	}
	text, apart, ok := reader.Finish(s.values, s.generation)
	switch {
	case !ok:
		return nil, damaged("the parts of a value are not all there", nil)
	case apart == nil && len(text) <= value.ChunkBytes:
		return nil, damaged("a short string is in parts", nil)
	}
	key := []byte(in.last.key)
	e := NewEntry(key, text)
	if apart != nil {
		e.apart = value.BoxOf(apart)
	}
	e.Deadline, e.word = open.entry.Deadline, open.entry.word
	s.store(in.last.Place, key, &e)
	open.any = false
	return b, nil
}

// versionAndDeadline reads what stands between the tag of an entry and its key. A deadline of 0 is never written.
func versionAndDeadline(b []byte) (version uint64, deadline Deadline, rest []byte, ok bool) {
	tag := b[0]
	version, n := binary.Uvarint(b[1:])
	if n <= 0 {
		return 0, 0, nil, false
	}
	rest = b[1+n:]
	if tag&deadlineFlag == 0 {
		return version, 0, rest, true
	}
	if len(rest) < 8 {
		return 0, 0, nil, false
	}
	deadline = Deadline(binary.LittleEndian.Uint64(rest))
	return version, deadline, rest[8:], deadline != 0 && deadline != math.MinInt64
}

// before reports whether a key ranks behind this one.
func (last *rankedKey) before(database int, at Place, key []byte) bool {
	switch {
	case database != last.database:
		return database > last.database
	case at.slot != last.slot:
		return at.slot > last.slot
	case at.hash != last.hash:
		return at.hash > last.hash
	}
	return string(key) > last.key
}

func lengthPrefixed(b []byte) (value, rest []byte, ok bool) {
	length, n := binary.Uvarint(b)
	if n <= 0 || length > uint64(len(b)-n) {
		return nil, nil, false
	}
	end := n + int(length)
	return b[n:end], b[end:], true
}
