package main

import (
	"github.com/spf13/pflag"

	"github.com/raftredis/raftredis/internal/inspect"
	"github.com/raftredis/raftredis/internal/server"
)

const inspectIntro = `Shows what is in the directory of a node: who it is, what it has promised, its
snapshots, and its log. It changes nothing, and the node may run meanwhile.

  raftredis inspect --dir data
  raftredis inspect --dir data --entries 100-120
  raftredis inspect --dir data --records
  raftredis inspect --dir data --verify-snapshots

Damage ends it with exit code 1 and a message that names file and offset.
`

// inspect describes a directory.
func inspectCommand(flags *pflag.FlagSet) work {
	var f inspect.Options
	flags.StringVar(&f.Directory, "dir", "", "`directory` of the node")
	flags.StringVar(&f.Entries, "entries", "", "show the entries `FROM-TO` with their commands")
	flags.BoolVar(&f.Records, "records", false, "show every record of the two files of the journal")
	flags.BoolVar(&f.Verify, "verify-snapshots", false, "read the files of snapshots to their ends, and verify them")
	server.Annotate(flags, "dir", server.ValueAnnotation, server.ValueDirectory)
	return func(_ []string, to streams) error { return f.Run(to.out, to.err) }
}
