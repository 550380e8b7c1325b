package command

// Run is a maximal run of commands of one connection between two barriers, with the place for their replies. It is made
// by the connection; if it has a write, its Body is the body of one log entry, and its reads ride along outside the log
// and are answered at their place when that entry is applied.
//
// One party owns a run at a time: the connection until it submits the run, the state machine while it fills Reply, the
// connection again afterwards. Arguments alias the connection's buffer and stay valid until then.
type Run struct {
	Calls []Call
	// Protocol is 2 or 3: the RESP version that the connection speaks.
	Protocol int
	// Random is drawn anew for each run by the connection, for reads whose replies shall not be foreseen, such as
	// RANDOMKEY. It never enters the log, and no write sees it.
	Random uint64
	// Reply receives the encoded replies, in the order of Calls; the state machine appends to it.
	Reply []byte
	// MostReplyBytes bounds Reply, and what is needed to make it; 0 means no bound. A read whose values would go beyond
	// it is answered with an error instead. A write is executed whatever it answers, so it may go beyond it by one
	// value, and only what follows is answered with errors.
	MostReplyBytes int
	// Submitted is the body that Body made last. The state machine compares it with the entry that comes back, and then
	// executes Calls as they are. Nobody changes its bytes.
	Submitted []byte
	// Left is how many of the last calls a query left alone, since the replies to those before are long enough to be
	// sent first: only where Reply is bounded. The connection sets it to 0.
	Left int
}

// Call is one command of a run.
type Call struct {
	// Spec is the command's; nil if Fixed is the reply.
	Spec *Spec
	// Args are the arguments, name included: as many as Spec.AcceptsArgc accepts.
	Args [][]byte
	// Fixed is an encoded reply that needs no state, such as that to an unknown command. It is appended as it is.
	Fixed []byte
}

// IsWrite reports whether the call goes to the log.
func (c *Call) IsWrite() bool { return c.Spec != nil && c.Spec.Class == Write }

// HasWrite reports whether any call goes to the log.
func (r *Run) HasWrite() bool {
	for i := range r.Calls {
		if r.Calls[i].IsWrite() {
			return true
		}
	}
	return false
}

// Body appends the entry body of the run's writes, in order, and returns the longer slice. What it appends is Submitted
// from now on. encode is argv.Append, handed in because the leaves import nothing of the project:
//
//	body = run.Body(body, argv.Append)
func (r *Run) Body(dst []byte, encode func(dst []byte, args [][]byte) []byte) []byte {
	begin := len(dst)
	for i := range r.Calls {
		if r.Calls[i].IsWrite() {
			dst = encode(dst, r.Calls[i].Args)
		}
	}
	r.Submitted = dst[begin:]
	return dst
}
