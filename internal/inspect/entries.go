package inspect

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// What is shown of one command: enough to recognise it.
const (
	shownArguments     = 12
	shownArgumentBytes = 64
)

// stampFormat is how the cluster's time is shown.
const stampFormat = "2006-01-02T15:04:05.000Z"

// describeEntries writes entries with the commands in them.
func describeEntries(out io.Writer, entries []raftlog.Entry) {
	for i := range entries {
		e := &entries[i]
		fmt.Fprintf(out, "entry %v, %s, %s", e.Mark(), e.Kind.Traits().Title,
			time.UnixMilli(int64(e.Time().Wall())).UTC().Format(stampFormat))
		if e.Tag != (raftlog.Tag{}) {
			fmt.Fprintf(out, ", of node %d, boot %016x, number %d", e.Tag.Origin, uint64(e.Tag.Boot), e.Tag.Sequence)
		}
		fmt.Fprintf(out, ", %d bytes", len(e.Body))
		if e.Kind.Traits().Piece {
			fmt.Fprintf(out, ", %d to come", e.Left)
		}
		fmt.Fprintln(out)
		switch traits := e.Kind.Traits(); {
		case traits.ForMachine && traits.InSession:
			describeInSession(out, e.Body)
		case traits.ForMachine:
			describeCommands(out, e.Body)
		}
	}
}

// describeInSession writes what a body says of its session. The command in it is another program's: its bytes mean
// nothing here.
func describeInSession(out io.Writer, body []byte) {
	b, err := raftlog.DecodeSessionBody(body)
	if err != nil {
		fmt.Fprintf(out, "  %v\n", err)
		return
	}
	fmt.Fprintf(out, "  %v\n", b)
}

// describeCommands writes the commands of a body, one in a line.
func describeCommands(out io.Writer, body []byte) {
	for len(body) > 0 {
		args, rest, err := argv.Next(body, nil)
		if err != nil {
			fmt.Fprintf(out, "  %d bytes that are no command: %v\n", len(body), err)
			return
		}
		fmt.Fprintf(out, "  %s\n", commandText(args))
		body = rest
	}
}

// commandText is a command as one would type it, cut where it is long.
func commandText(args [][]byte) string {
	words := []string{string(args[0])}
	for i, arg := range args[1:] {
		if i == shownArguments {
			words = append(words, fmt.Sprintf("… and %d more", len(args)-1-shownArguments))
			break
		}
		if len(arg) > shownArgumentBytes {
			words = append(words, fmt.Sprintf("%s… (%d bytes)", strconv.Quote(string(arg[:shownArgumentBytes])), len(arg)))
			continue
		}
		words = append(words, strconv.Quote(string(arg)))
	}
	return strings.Join(words, " ")
}
