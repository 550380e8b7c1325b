package command

import (
	"encoding/binary"
	"slices"
)

// Watched is a key as WATCH found it.
type Watched struct {
	// Database is the number of the one in which the key was looked for.
	Database int
	Key      []byte
	// Index is that of the last entry of the log in the state in which the key was looked at.
	Index uint64
	// Present says that there was such a key.
	Present bool
}

// headName is the name of the command with which a transaction begins in the log. No client's command is written to the
// log by this name.
const headName = "EXEC"

// BeginsTransaction reports whether the arguments are the head of a transaction.
func BeginsTransaction(args [][]byte) bool { return string(args[0]) == headName }

// TransactionHead makes the arguments of the command with which the body of a transaction begins in the log: its name,
// and for each watched key the key and what is known of it. The transaction is all that follows in the body.
func TransactionHead(watched []Watched) [][]byte {
	head := make([][]byte, 1, 1+2*len(watched))
	head[0] = []byte(headName)
	for _, w := range watched {
		known := binary.AppendUvarint(nil, w.Index)
		if w.Present {
			known = append(known, 1)
		} else {
			known = append(known, 0)
		}
		if w.Database > 0 {
			known = binary.AppendUvarint(known, uint64(w.Database))
		}
		head = append(head, w.Key, known)
	}
	return head
}

// NextWatched takes the first watched key from what follows the name in the head of a transaction. ok is false if that
// begins with none.
func NextWatched(args [][]byte) (w Watched, rest [][]byte, ok bool) {
	if len(args) < 2 {
		return Watched{}, nil, false
	}
	known := args[1]
	index, n := binary.Uvarint(known)
	if n <= 0 || len(known) <= n || known[n] > 1 {
		return Watched{}, nil, false
	}
	w = Watched{Key: args[0], Index: index, Present: known[n] == 1}
	if behind := known[n+1:]; len(behind) > 0 {
		database, width := binary.Uvarint(behind)
		if width != len(behind) || database == 0 || database >= MaxDatabases {
			return Watched{}, nil, false
		}
		w.Database = int(database)
	}
	return w, args[2:], true
}

// Own gives the watched key memory of its own.
func (w Watched) Own() Watched {
	w.Key = slices.Clone(w.Key)
	return w
}
