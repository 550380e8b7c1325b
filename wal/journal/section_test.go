package journal

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/section"
	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// withPart appends a part to the opening in force of a journal with three entries, as another build would write it.
func withPart(t *testing.T, kind partKind, group raftlog.Group, body string) *vfs.Memory {
	t.Helper()
	m := vfs.NewMemory()
	j := started(t, testOptions(m), &fakeHistory{})
	appendAll(t, j, operation(1, 1, entries(1, 3, 1, 20)...))
	must(t, j.Close())
	j, _ = reopened(t, testOptions(m))
	must(t, j.Start(&fakeHistory{})) // now the file in force is an opening alone
	must(t, j.Close())
	_, r := reopened(t, testOptions(m))
	f, err := m.Open(r.File, false)
	must(t, err)
	page := make([]byte, PageBytes)
	_, err = f.ReadAt(page, 0)
	must(t, err)
	h, ok := parseHeader(page)
	if !ok || h.bytes() != PageBytes {
		t.Fatalf("the opening has %d bytes", h.bytes())
	}
	var hidden mask
	hidden.apply(page, h.salt)
	payload := appendPartHeader(page[:headerBytes+h.payloadBytes], kind, len(body))
	binary.LittleEndian.PutUint16(payload[len(payload)-partHeaderBytes+2:], uint16(group))
	record := append(payload, body...)
	h.payloadBytes = int64(len(record)) - headerBytes
	h.put(record)
	hidden.apply(record, h.salt)
	_, err = f.WriteAt(record, 0)
	must(t, err)
	return m
}

func TestUnknownPartOfTheOpeningIsSkipped(t *testing.T) {
	m := withPart(t, section.Skippable|0x77, raftlog.Group0, "of a later build")
	j, r := reopened(t, testOptions(m))
	if r.Term != 1 || len(r.Entries) != 3 || r.Torn {
		t.Fatalf("recovered %+v", r)
	}
	must(t, j.Start(&fakeHistory{}))
	appendAll(t, j, operation(2, 1))
	must(t, j.Close())
}

func TestUnknownPartIsRefusedByName(t *testing.T) {
	for name, c := range map[string]struct {
		kind  partKind
		group raftlog.Group
		err   error
		text  string
	}{
		"kind":                     {0x77, raftlog.Group0, section.ErrUnknown, "part 119"},
		"group":                    {partCommit, 7, raftlog.ErrGroup, "group 7"},
		"group of skippable parts": {section.Skippable | 0x77, 7, raftlog.ErrGroup, "group 7"},
	} {
		m := withPart(t, c.kind, c.group, "12345678")
		_, _, err := Open(testOptions(m))
		var corruption *raftlog.CorruptionError
		if !errors.Is(err, ErrVersion) || !errors.Is(err, c.err) || errors.As(err, &corruption) ||
			!strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
