package snapshot

import (
	"fmt"
	"strings"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// Kind says what a file in the directory is. The zero value is none.
type Kind uint8

// The kinds of files.
const (
	// Whole is a complete file, verified and synced when it got its name.
	Whole Kind = iota + 1
	// Writing is a file that this node writes, or once began to write.
	Writing
	// Receiving is a file that comes from another node, or once did.
	Receiving
)

var suffixes = [...]string{Whole: ".snapshot", Writing: ".writing", Receiving: ".receiving"}

// String is the end of the file's name, without the dot.
func (k Kind) String() string {
	if k < Whole || k > Receiving {
		return "unknown"
	}
	return suffixes[k][1:]
}

// The names are of fixed width, so that a sorted list is in the order of the log.
const (
	markFormat = "%020d-%020d"
	hashFormat = "-%016x"
)

func finalName(m raftlog.Mark, hash uint64) string {
	return fmt.Sprintf(markFormat+hashFormat, m.Index, m.Term, hash) + suffixes[Whole]
}

func writingName(m raftlog.Mark) string {
	return fmt.Sprintf(markFormat, m.Index, m.Term) + suffixes[Writing]
}

func receivingName(m raftlog.Mark, hash uint64) string {
	return fmt.Sprintf(markFormat+hashFormat, m.Index, m.Term, hash) + suffixes[Receiving]
}

// Found is a file in the directory, as far as its name tells.
type Found struct {
	Kind Kind
	// Name is the name in the directory.
	Name string
	Mark raftlog.Mark
	// FileHash is 0 in a file that this node writes: its hash is not known yet.
	FileHash uint64
}

// parseName reads a name; false means that it is not one of ours, letter for letter.
func parseName(name string) (Found, bool) {
	for kind := Whole; kind <= Receiving; kind++ {
		stem, ours := strings.CutSuffix(name, suffixes[kind])
		if !ours {
			continue
		}
		found := Found{Kind: kind, Name: name}
		wanted := ""
		if kind == Writing {
			fmt.Sscanf(stem, markFormat, &found.Mark.Index, &found.Mark.Term)
			wanted = writingName(found.Mark)
		} else {
			fmt.Sscanf(stem, markFormat+hashFormat, &found.Mark.Index, &found.Mark.Term, &found.FileHash)
			wanted = fmt.Sprintf(markFormat+hashFormat, found.Mark.Index, found.Mark.Term, found.FileHash) + suffixes[kind]
		}
		return found, wanted == name
	}
	return Found{}, false
}
