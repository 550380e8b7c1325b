package command

// KeySpec says where some keys of a command stand and what becomes of them, in the terms of COMMAND INFO.
type KeySpec struct {
	// Flags are one of RO, RW, OW and RM (read only, read and written, overwritten, removed), then access, insert, update
	// and delete for what happens to the value that users see, then variable_flags where arguments decide.
	Flags []string
	// First is the position of the first key. Last is that of the last one counted from there, or from the end if it is
	// negative; Step is the distance between keys.
	First, Last, Step int
}

// What may become of a key.
var (
	looksAt   = []string{"RO"}
	reads     = []string{"RO", "access"}
	replaces  = []string{"OW", "update"}
	creates   = []string{"OW", "insert"}
	changes   = []string{"RW", "update"}
	lengthens = []string{"RW", "insert"}
	readsAlso = []string{"RW", "access", "update"}
	depends   = []string{"RW", "access", "update", "variable_flags"}
	takes     = []string{"RW", "access", "delete"}
	removes   = []string{"RM", "delete"}
)

// keyFlags are those of commands whose keys are all treated alike, but not as their class suggests: reads reads, and
// changes the key for a write.
var keyFlags = map[string][]string{
	"append":          lengthens,
	"bitfield":        depends,
	"decr":            readsAlso,
	"decrby":          readsAlso,
	"del":             removes,
	"exists":          looksAt,
	"getdel":          takes,
	"getex":           readsAlso,
	"getset":          readsAlso,
	"incr":            readsAlso,
	"incrby":          readsAlso,
	"incrbyfloat":     readsAlso,
	"memory|usage":    looksAt,
	"mset":            replaces,
	"msetnx":          creates,
	"object|encoding": looksAt,
	"object|freq":     looksAt,
	"object|idletime": looksAt,
	"object|refcount": looksAt,
	"psetex":          replaces,
	"set":             depends,
	"setbit":          readsAlso,
	"setex":           replaces,
	"setnx":           creates,
	"strlen":          looksAt,
	"touch":           looksAt,
	"type":            looksAt,
	"unlink":          removes,
}

// unlikeKeys are the specifications of commands that do not treat all of their keys alike.
var unlikeKeys = map[string][]KeySpec{
	"bitop":    {{replaces, 2, 0, 1}, {reads, 3, -1, 1}},
	"copy":     {{reads, 1, 0, 1}, {replaces, 2, 0, 1}},
	"rename":   {{takes, 1, 0, 1}, {replaces, 2, 0, 1}},
	"renamenx": {{takes, 1, 0, 1}, {creates, 2, 0, 1}},
}

// KeySpecs are the command's, in the order of the keys; they are not to be changed.
func (s *Spec) KeySpecs() []KeySpec {
	if s.FirstKey == 0 {
		return nil
	}
	if specs, ok := unlikeKeys[s.Name]; ok {
		return specs
	}
	last := s.LastKey
	if last >= 0 {
		last -= s.FirstKey
	}
	flags, ok := keyFlags[s.Name]
	switch {
	case ok:
	case s.Class == Write:
		flags = changes
	default:
		flags = reads
	}
	return []KeySpec{{flags, s.FirstKey, last, s.Step}}
}

// KeyFlags are what becomes of the key that stands at a position, one of Keys, in the call with these arguments.
func (s *Spec) KeyFlags(position int, args [][]byte) []string {
	specs := s.KeySpecs()
	at := len(specs) - 1
	for at > 0 && specs[at].First > position {
		at--
	}
	flags := specs[at].Flags
	if flags[len(flags)-1] == "variable_flags" {
		return s.chosenFlags(args)
	}
	return flags
}

// chosenFlags are those of commands of which the arguments decide: SET and BITFIELD.
func (s *Spec) chosenFlags(args [][]byte) []string {
	var buf [longestName]byte
	given := func(from, step int, words ...string) bool {
		for i := from; i < len(args); i += step {
			for _, word := range words {
				if string(lower(&buf, args[i])) == word {
					return true
				}
			}
		}
		return false
	}
	switch {
	case s.Name == "set" && !given(3, 1, "get"):
		return replaces
	case s.Name == "bitfield" && !given(2, 1, "set", "incrby"):
		return reads
	}
	return readsAlso
}
