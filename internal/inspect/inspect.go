package inspect

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/internal/attributes"
	"github.com/raftredis/raftredis/internal/cli"
	"github.com/raftredis/raftredis/internal/console"
	"github.com/raftredis/raftredis/internal/exit"
	"github.com/raftredis/raftredis/internal/setting"
	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal"
	"github.com/raftredis/raftredis/wal/journal"
	"github.com/raftredis/raftredis/wal/raftlog"
)

const (
	// maxTries is how often look reads again after damage: a running node may have been writing there.
	maxTries = 5
	// pauseBetweenTries is longer than a node takes to begin a file of its journal.
	pauseBetweenTries = 50 * time.Millisecond
)

// Options are what to describe, and how much of it. Define gives them their flags.
type Options struct {
	directory, entries string
	records, verify    bool
}

// Define defines the flags of inspect.
func (f *Options) Define(flags *pflag.FlagSet) {
	for _, row := range []*setting.Row{
		{
			Flag: "dir", Unit: "directory", Names: setting.Directory, Value: &setting.Text{At: setting.TextAt(&f.directory)},
			Help: "directory of the node",
		},
		{
			Flag: "entries", Unit: "FROM-TO", Value: &setting.Text{At: setting.TextAt(&f.entries)},
			Help: "show the entries FROM-TO with their commands",
		},
		{
			Flag: "records", Value: &setting.YesNo{At: setting.SwitchAt(&f.records)},
			Help: "show every record of the two files of the journal",
		},
		{
			Flag: "verify-snapshots", Value: &setting.YesNo{At: setting.SwitchAt(&f.verify)},
			Help: "read the files of snapshots to their ends, and verify them",
		},
	} {
		cli.Define(flags, row)
	}
}

// Run writes the description to output, and how far it is to log.
func (f *Options) Run(output, log io.Writer) error {
	if f.directory == "" {
		return exit.WrongUsage("inspect", "--dir is missing: name the directory of a node")
	}
	span, err := parseSpan(f.entries)
	if err != nil {
		return exit.WrongUsage("inspect", "--entries %v", err)
	}
	found, err := look(f.directory)
	if err != nil {
		return lookError(f.directory, err)
	}
	out := bufio.NewWriter(output)
	var verify *console.Meter
	if f.verify {
		verify = &console.Meter{Err: log}
	}
	err = describe(out, &found, span, verify)
	if f.records && err == nil {
		err = describeRecords(out, found.JournalFiles)
	}
	return errors.Join(err, out.Flush())
}

// lookError explains err if the directory is missing, or was never a node's.
func lookError(directory string, err error) error {
	_, missing := os.Stat(directory)
	_, unused := os.Stat(filepath.Join(directory, wal.IdentityName))
	switch {
	case errors.Is(missing, os.ErrNotExist):
		return fmt.Errorf("there is no directory %s: name the one that serve was given with --dir", directory)
	case errors.Is(unused, os.ErrNotExist):
		return fmt.Errorf("no node has lived in %s: there is no file %s in it; name the directory that serve was given "+
			"with --dir", directory, wal.IdentityName)
	}
	return err
}

// inspection is what look found in a directory.
type inspection struct {
	wal.Inspection
	snapshots []snapshotFile
}

// look reads the directory. It reads again if it meets damage, which a running node may cause by writing.
func look(directory string) (found inspection, err error) {
	if absolute, err := filepath.Abs(directory); err == nil {
		directory = absolute
	}
	for range maxTries {
		var damage *wal.CorruptionError
		if found.Inspection, err = wal.Inspect(directory); err == nil {
			found.snapshots, err = findSnapshots(directory, &found.Journal.Opening)
		}
		if err == nil && !lacks(found.snapshots) || err != nil && !errors.As(err, &damage) {
			break
		}
		time.Sleep(pauseBetweenTries)
	}
	return found, err
}

// span is a range of indexes, both ends included; the zero value is empty.
type span struct{ from, to raftlog.Index }

func (s span) holds(i raftlog.Index) bool { return s.from <= i && i <= s.to && s.to > 0 }

func parseSpan(text string) (span, error) {
	if text == "" {
		return span{}, nil
	}
	first, last, two := strings.Cut(text, "-")
	if !two {
		last = first
	}
	from, err1 := strconv.ParseUint(first, 10, 64)
	to, err2 := strconv.ParseUint(last, 10, 64)
	if err1 != nil || err2 != nil || from == 0 || to < from {
		return span{}, fmt.Errorf("%q is no range; it looks like 100-120, or 100 for one entry", text)
	}
	return span{raftlog.Index(from), raftlog.Index(to)}, nil
}

// describe writes identity, promises, snapshots and log. It reads history to its end, and so finds damage anywhere in
// it.
func describe(out io.Writer, found *inspection, wanted span, verify *console.Meter) error {
	describeIdentity(out, &found.Inspection)
	damage := describeSnapshots(out, found.snapshots, verify)
	fmt.Fprintf(out, "log: durable in history up to %v\n", found.Journal.Checkpoint)
	return errors.Join(damage, describeLog(out, found, wanted))
}

// describeLog writes what is in the log, and the newest configuration.
func describeLog(out io.Writer, found *inspection, wanted span) error {
	logged := summary{}
	var shown []raftlog.Entry
	configurations := newestConfiguration{found.Journal.ConfigurationIndex, found.Journal.ConfigurationBody}
	keep := func(e raftlog.Entry) {
		configurations.see(e)
		if wanted.holds(e.Index) && (len(shown) == 0 || e.Index > shown[len(shown)-1].Index) {
			shown = append(shown, e)
		}
	}
	err := found.Visit(func(file string, _ int64, e raftlog.Entry) error {
		logged.add(file, e)
		keep(e)
		return nil
	})
	logged.write(out)
	if err != nil {
		return err
	}
	for _, e := range found.Journal.Entries {
		keep(e)
	}
	if n := len(found.Journal.Entries); n > 0 {
		fmt.Fprintf(out, "  %s: entries %v to %v\n", found.Journal.File,
			found.Journal.Entries[0].Mark(), found.Journal.Entries[n-1].Mark())
	}
	if err := configurations.write(out); err != nil {
		return err
	}
	describeEntries(out, shown)
	return nil
}

func describeIdentity(out io.Writer, found *wal.Inspection) {
	i, j := found.Identity, found.Journal
	if i.ClusterID == 0 {
		fmt.Fprintln(out, "identity: belongs to no cluster yet")
	} else {
		fmt.Fprintf(out, "identity: node %d of cluster %016x\n", i.NodeID, i.ClusterID)
	}
	if i.Incarnation == 0 {
		fmt.Fprintln(out, "  it has no name yet: it gets one when the node first tells another one who it is")
	} else {
		fmt.Fprintf(out, "  name %s\n  incarnation %016x\n", attributes.NodeName(i.Incarnation), i.Incarnation)
	}
	if i.Note != "" {
		fmt.Fprintf(out, "  note %s\n", i.Note)
	}
	fmt.Fprintf(out, "promises: term %d, vote for %s, commit at least %d\n", j.Term, voteText(j.Vote), j.Commit)
	if q := j.Quarantine; q.On() {
		fmt.Fprintln(out, quarantineText(q))
	}
	fmt.Fprintf(out, "journal: %s is in force, generation %d, used up to %d\n", j.File, j.Generation, j.EndBytes)
	if j.Torn {
		fmt.Fprintln(out, "  its last record is torn: it was never acknowledged")
	}
}

// quarantineText says why the node serves nothing.
func quarantineText(q raftlog.Quarantine) string {
	text := fmt.Sprintf("quarantine: the state differed from the others' at %d, and agreed at %d; ", q.Differs, q.Agreed)
	if q.Reinstalled == 0 {
		return text + "snapshots above that are void, and the node fetches another one's when it runs"
	}
	return text + fmt.Sprintf("it was reinstalled from another node's snapshot at %d, and is to be compared again",
		q.Reinstalled)
}

func voteText(vote raftlog.NodeID) string {
	if vote == 0 {
		return "none"
	}
	return fmt.Sprintf("node %d", vote)
}

// summary is what each segment of history holds.
type summary struct {
	files       []string
	first, last map[string]raftlog.Mark
	bytes       map[string]int
}

func (s *summary) add(file string, e raftlog.Entry) {
	if s.first == nil {
		s.first, s.last, s.bytes = map[string]raftlog.Mark{}, map[string]raftlog.Mark{}, map[string]int{}
	}
	if _, known := s.first[file]; !known {
		s.files = append(s.files, file)
		s.first[file] = e.Mark()
	}
	s.last[file] = e.Mark()
	s.bytes[file] += e.Size()
}

func (s *summary) write(out io.Writer) {
	for _, file := range s.files {
		fmt.Fprintf(out, "  %s: entries %v to %v, %d bytes\n", file, s.first[file], s.last[file], s.bytes[file])
	}
}

// newestConfiguration is the newest one that was met.
type newestConfiguration struct {
	index raftlog.Index
	body  []byte
}

func (c *newestConfiguration) see(e raftlog.Entry) {
	if e.Kind.Traits().Configures && e.Index >= c.index {
		c.index, c.body = e.Index, e.Body
	}
}

func (c *newestConfiguration) write(out io.Writer) error {
	if c.body == nil {
		fmt.Fprintln(out, "configuration: none yet")
		return nil
	}
	decoded, err := membership.Decode(c.body)
	if err != nil {
		return fmt.Errorf("the configuration of entry %d: %w", c.index, err)
	}
	fmt.Fprintf(out, "configuration: entry %d\n", c.index)
	for _, m := range decoded.Members {
		standing := "learner"
		if decoded.Votes(m.ID) {
			standing = "voter"
		}
		fmt.Fprintf(out, "  node %d, %s: clients on %s, peers on %s, incarnation %016x, name %s\n",
			m.ID, standing, attributes.ClientAddress(m.Attributes), m.Address, m.Incarnation,
			attributes.NodeName(m.Incarnation))
	}
	return nil
}

func describeRecords(out io.Writer, files []string) error {
	for _, file := range files {
		if err := journal.Inspect(vfs.OS(), file, out); err != nil {
			return err
		}
	}
	return nil
}
