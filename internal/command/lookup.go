package command

// Fault says why arguments are not a call of a command.
type Fault uint8

// The faults, in the order in which they are found.
const (
	// NoFault: the arguments are a call.
	NoFault Fault = iota
	// UnknownCommand: no command has this name.
	UnknownCommand
	// UnknownSubcommand: the command exists and is a container, but has no such subcommand.
	UnknownSubcommand
	// WrongArity: the number of arguments is not the command's.
	WrongArity
)

// Find resolves the arguments of a client, at least one, to the command or subcommand they call. With WrongArity the
// spec is that of the command; with UnknownSubcommand it is the container; with UnknownCommand it is nil. It allocates
// nothing.
func (t *Table) Find(args [][]byte) (*Spec, Fault) {
	spec, ok := t.Lookup(args[0])
	if !ok {
		return nil, UnknownCommand
	}
	if len(spec.Subcommands) > 0 && len(args) > 1 {
		container := spec
		if spec, ok = container.Subcommand(args[1]); !ok {
			return container, UnknownSubcommand
		}
	}
	if !spec.AcceptsArgc(len(args)) {
		return spec, WrongArity
	}
	return spec, NoFault
}

// Lookup finds a command by its name in any mixture of case.
func (t *Table) Lookup(name []byte) (*Spec, bool) {
	var buf [MaxNameBytes]byte
	own := Lower(&buf, name)
	for at := hash(own); ; at++ {
		spec := t.byName[at%places]
		if spec == nil || spec.Name == string(own) {
			return spec, spec != nil
		}
	}
}

// Subcommand finds a subcommand of a container by its own name, in any mixture of case.
func (s *Spec) Subcommand(name []byte) (*Spec, bool) {
	var buf [MaxNameBytes]byte
	own := Lower(&buf, name)
	for _, sub := range s.Subcommands {
		if sub.Name[len(s.Name)+1:] == string(own) {
			return sub, true
		}
	}
	return nil, false
}

// MaxNameBytes is the length of the longest name that lookups consider; a test proves that every command's name fits.
const MaxNameBytes = 32

// hash is FNV-1a, with its upper bits folded into the bits that choose a place.
func hash(name []byte) uint32 {
	h := uint32(2166136261)
	for _, c := range name {
		h = (h ^ uint32(c)) * 16777619
	}
	return h ^ h>>15
}

// Lower folds ASCII letters only, because names are ASCII. A text longer than every name becomes empty.
func Lower(buf *[MaxNameBytes]byte, name []byte) []byte {
	if len(name) > len(buf) {
		return nil
	}
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		buf[i] = c
	}
	return buf[:len(name)]
}
