package lint

import (
	"slices"
	"strings"
)

// arrows lists what a package may import of this module; it stands for those below it that are not listed. islands
// import nothing of it. Everyone may import a leaf: a package below internal/ that is not listed.
var arrows = map[string][]string{
	"cmd":                 {"internal/server", "internal/inspect"},
	"bench/peers/library": {"consensus", "bench/peers/front"},
	"internal/server":     {"resp", "fsm", "consensus", "snapshot", "wal"},
	"internal/inspect":    {"consensus/membership", "snapshot", "wal"},
	"internal/worlds":     {"consensus/sim", "fsm", "wal/raftlog"},
	"internal/levels":     {"fsm", "wal/raftlog"},
	"resp": {
		"resp/wire", "resp/topology", "resp/stats", "resp/info", "resp/waits", "resp/migration", "resp/channels",
	},
	"resp/info":                    {"resp/topology"},
	"fsm":                          slices.Concat(family, families),
	"fsm/exec":                     {"fsm/keyspace", "fsm/value"},
	"fsm/keyspace":                 {"fsm/value"},
	"fsm/value":                    slices.Concat(structures, strings.Fields("fsm/value/rope")),
	"fsm/value/rope":               structures,
	"consensus":                    {"consensus/raft", "consensus/membership", "consensus/internal", "snapshot", "wal"},
	"consensus/sim":                {"consensus/internal", "consensus/membership", "consensus/raft", "snapshot", "wal"},
	"consensus/explore":            {"consensus/raft", "consensus/membership", "consensus/quorum", "wal/raftlog"},
	"consensus/internal/engine":    {"consensus/raft", "consensus/quorum", "consensus/membership", "wal/raftlog"},
	"consensus/internal/pump":      {"consensus/internal/engine", "consensus/raft", "consensus/membership", "wal/raftlog"},
	"consensus/internal/locations": {"consensus/membership", "wal/raftlog"},
	"consensus/raft":               {"consensus/quorum", "consensus/membership", "wal/raftlog"},
	"consensus/membership":         {"consensus/quorum", "wal/raftlog"},
	"snapshot":                     {"wal/raftlog"},
	"wal":                          {"wal/journal", "wal/history", "wal/raftlog"},
	"wal/journal":                  {"wal/raftlog"},
	"wal/history":                  {"wal/raftlog"},

	"consensus/internal/transport": {
		"consensus/internal/engine", "consensus/internal/locations", "consensus/raft", "wal/raftlog",
	},
}

// families are the packages of commands by family, which know no other family; family is what one imports.
var (
	families = strings.Fields("fsm/hashes fsm/sets fsm/sortedsets fsm/geo fsm/lists fsm/streams fsm/hyperloglog " +
		"fsm/sorting fsm/dump")
	family = strings.Fields("fsm/exec fsm/keyspace fsm/value")
)

// structures are what values are made of, and know no value.
var structures = strings.Fields("fsm/value/digest fsm/value/listpack fsm/value/shelves")

func init() {
	for _, name := range families {
		arrows[name] = family
	}
}

var islands = slices.Concat(structures, strings.Fields("resp/wire resp/topology resp/stats resp/waits resp/migration "+
	"resp/channels "+
	"consensus/quorum wal/raftlog tests bench"))

// pure packages do the same on every node: they know no time, no chance, no lock, no file and no socket.
var (
	pure = slices.Concat(families, family, structures, strings.Fields("fsm/value/rope consensus/quorum consensus/raft "+
		"consensus/membership consensus/internal/locations fsm internal/sessions"))
	impure = strings.Fields("time sync os net math/rand crypto/rand hash/maphash runtime unsafe context log")
)

// starters are where goroutines may start.
var starters = strings.Fields("consensus consensus/explore consensus/internal/pump consensus/internal/transport " +
	"internal/blackbox internal/console internal/load internal/reactor internal/server internal/server/playground " +
	"internal/torture resp/serve.go resp/server.go bench/work bench/peers/etcdraft bench/peers/hashicorp " +
	"bench/peers/floor bench/peers/front bench/peers/library")

// dependencies are the modules that this one requires directly; go.mod pins their versions, docs/decisions says why.
var dependencies = strings.Fields("github.com/HdrHistogram/hdrhistogram-go " +
	"github.com/anishathalye/porcupine github.com/cockroachdb/datadriven " +
	"github.com/google/renameio/v2 github.com/hashicorp/go-msgpack/v2 github.com/prometheus/client_golang " +
	"github.com/redis/go-redis/v9 github.com/redis/rueidis github.com/spf13/cobra github.com/spf13/pflag " +
	"github.com/tidwall/btree github.com/tidwall/redcon github.com/tidwall/wal go.uber.org/goleak golang.org/x/sys " +
	"github.com/zeebo/xxh3 golang.org/x/term golang.org/x/time")

// oldNames, in lower case, were replaced by names that explain more. oldTypes are ordinary words, but name no types.
var (
	oldNames = strings.Fields("hands carrier lent registrar guest undertaking hush leg seat elsewhere moment judge told " +
		"strangers aloneinoffice outofoffice resign parting farewell dismissleft knowledge")
	oldTypes = strings.Fields("owner library reading base rooms journals front share")
)
