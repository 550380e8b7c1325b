package command

// Run is a maximal run of commands of one connection between two barriers, with the place for their replies. The
// connection makes it. If it has a write, its Body is the body of one log entry; its reads stay outside the log, and
// the state machine answers them at their place when it applies that entry.
//
// One party owns a run at a time: the connection until it submits the run, the state machine while it fills Reply, the
// connection again afterwards. Arguments alias the connection's buffer and stay valid until then.
type Run struct {
	Calls []Call
	// Database is the number of the database in which the run begins; a call of SELECT changes it for those behind it.
	// Databases is how many the client may use; 0 means DefaultDatabases.
	Database, Databases int
	// Layout is by which settings the writes of the run lay out what they leave, if a call has Spec.LaysOut and they are
	// not the defaults; else it is nil. It must not be changed.
	Layout *Layout
	// selection is what Selection has made, for what selectedFor says.
	selection   [][]byte
	selectedFor selected
	// Protocol is 2 or 3: the RESP version that the connection speaks.
	Protocol int
	// Random is a number that the connection draws for each run, for reads with replies that clients must not foresee,
	// such as RANDOMKEY. It never enters the log, and no write sees it.
	Random uint64
	// Reply receives the encoded replies, in the order of Calls; the state machine appends to it.
	Reply []byte
	// MaxReplyBytes bounds Reply and the memory to make it; 0 means no bound. A read with values beyond it answers with
	// an error instead. A write happens whatever it answers: it may exceed the bound by one value, and what follows
	// answers with errors.
	MaxReplyBytes int
	// Submitted is the body that Body made last. The state machine compares it with the entry that comes back, and then
	// executes Calls, the writes with the arguments in that entry. Its bytes never change. Summed says that Sum is its
	// checksum: see Checksum.
	Submitted []byte
	Sum       uint32
	Summed    bool
	// LateBytes, if not 0, says that Join is called before Reply is taken, and that a query can be put to a frozen state.
	// Then the state machine leaves parts of values from that length on to Long, where the bound lets it, and sets
	// WantsFreeze where a query needs a frozen state to do so: that query has answered nothing. Connections set
	// LeftOutBytes, tests less.
	LateBytes   int
	WantsFreeze bool
	// BeforeLong, if not nil, is called before what takes long, by the goroutine that does it: see TakesLong.
	BeforeLong func()
	Long       Long
	// Spent is how much work the reads were that have been executed while others wait: see MaxPresentWork. It is the state
	// machine's.
	Spent int
	// Left is the number of calls at the end that a query did not execute, because the replies to the calls before are
	// long enough to go out first, only where Reply is bounded; or because of WantsFill. The connection sets it to 0.
	Left int
	// NoTouch says that the client wants no trace of its commands in what this node keeps of the uses of keys.
	NoTouch bool
	// MayWait says that the connection can wait: the run is one call, for which Spec.MayBlock says yes. Waiting is what
	// the state machine makes of it.
	MayWait bool
	Waiting Waiting
	// MayFill says that the connection can submit calls that fill a cache (Spec.Fills) as writes. WantsFill is what the
	// state machine makes of it: the first call that it left, or one of a transaction, has found no answer to keep to.
	MayFill, WantsFill bool
	// Head, if not nil, says that the calls are a transaction, and has what TransactionHead made. Then Reply receives one
	// reply: an array of those to the calls, or null if a watched key has changed.
	Head [][]byte
	// Watched is what a call of WATCH, which is the last one of its run, has found. The keys are the call's arguments.
	Watched []Watched
	// HasWaited says that the call waits already, and is executed once more.
	HasWaited bool
	// Lookups counts the keys that the calls have looked for; the connection sets it to zero.
	Lookups Lookups
}

// Waiting says that a call has nothing to answer yet, and that its client wants to wait until one of its keys changes.
// Then the call is executed again. What stood in its arguments for the present moment was replaced by what it meant.
type Waiting struct {
	Wanted bool
	// Millis is for how long, 0 for ever. When that is over, Reply is the answer.
	Millis int64
}

// Lookups counts keys that were looked for in order to be read, as keyspace_hits and keyspace_misses of INFO do.
type Lookups struct{ Hits, Misses int64 }

// Count counts a key that was looked for; nil counts nothing.
func (l *Lookups) Count(found bool) {
	switch {
	case l == nil:
	case found:
		l.Hits++
	default:
		l.Misses++
	}
}

// Call is one command of a run.
type Call struct {
	// Spec is the command's; nil if Fixed is the reply.
	Spec *Spec
	// Args are the arguments, name included; Spec.AcceptsArgc accepts their number.
	Args [][]byte
	// Fixed is an encoded reply that needs no state, such as the one to an unknown command. It joins Reply as it is.
	Fixed []byte
	// Filling says that a call for which Spec.Fills says yes is executed as a write.
	Filling bool
}

// IsWrite reports whether the call goes to the log.
func (c *Call) IsWrite() bool {
	return c.Spec != nil && (c.Spec.Class == Write && !c.Spec.reads(c.Args) || c.Filling)
}

// Fills reports whether the call is a read that may fill a cache.
func (c *Call) Fills() bool { return c.Spec != nil && c.Spec.fills(c.Args) }

// InLog reports whether the body of the run has the call: a write, or SELECT, which says where the writes behind it
// belong.
func (c *Call) InLog() bool { return c.IsWrite() || c.Spec != nil && c.Spec.Selects }

// HasWrite reports whether any call is a write: then the run goes to the log.
func (r *Run) HasWrite() bool {
	for i := range r.Calls {
		if r.Calls[i].IsWrite() {
			return true
		}
	}
	return false
}

// Body appends the entry body of the run's writes, in order, and returns the longer slice. In front of them stand the
// head of a transaction, and which database they are in, unless that is database 0 of the default number. What it
// appends is Submitted from now on. encode is argv.Append, handed in because the leaves import nothing of the project:
//
//	body = run.Body(body, argv.Append)
func (r *Run) Body(dst []byte, encode func(dst []byte, args [][]byte) []byte) []byte {
	begin := len(dst)
	if r.Head != nil && r.HasWrite() {
		dst = encode(dst, r.Head)
	}
	if selection := r.Selection(); selection != nil {
		dst = encode(dst, selection)
	}
	for i := range r.Calls {
		if r.Calls[i].InLog() {
			dst = encode(dst, r.Calls[i].Args)
		}
	}
	r.Submitted = dst[begin:]
	return dst
}
