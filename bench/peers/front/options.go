package front

import (
	"flag"
	"fmt"
	"os"
)

// Members is how many nodes a cluster of a peer has.
const Members = 3

// Options are the flags that every peer takes.
type Options struct {
	// ID is which of the members this process is, from 1 on.
	ID int
	// Port is the port of this node for clients. PeerPort is that of the first member for other nodes; those of the
	// others follow it.
	Port, PeerPort int
	// Directory is where the node keeps its data. It exists.
	Directory string
}

// Parse reads the flags of a peer, to which it may have added some of its own. A wrong one ends the process.
func Parse() Options {
	var o Options
	flag.IntVar(&o.ID, "id", 1, "which of the three nodes this one is: 1, 2 or 3")
	flag.IntVar(&o.Port, "port", 0, "port for clients")
	flag.IntVar(&o.PeerPort, "peer-port", 0, "port of node 1 for other nodes; nodes 2 and 3 have the next two")
	flag.StringVar(&o.Directory, "dir", "", "directory of this node's data")
	flag.Parse()
	if o.ID < 1 || o.ID > Members || o.Port == 0 || o.PeerPort == 0 || o.Directory == "" || flag.NArg() > 0 {
		Fail(fmt.Errorf("--id 1, 2 or 3, --port, --peer-port and --dir are needed: see --help"))
	}
	if err := os.MkdirAll(o.Directory, 0o755); err != nil {
		Fail(err)
	}
	return o
}

// PeerAddress is where other nodes reach a member.
func (o *Options) PeerAddress(id int) string { return fmt.Sprintf("127.0.0.1:%d", o.PeerPort+id-1) }

// Fail says why the process cannot go on, and ends it.
func Fail(err error) {
	fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[0], err)
	os.Exit(1)
}
