package command

// RefusedOnce says why RAFT.ONCE does not take a command; it is empty if it does. It takes what answers from the state
// alone, so that all nodes keep the same reply.
func RefusedOnce(s *Spec) string {
	switch {
	case s == RaftOnce, s.Container() == RaftSession:
		return "sessions are not nested"
	case s.Class == Barrier, s.OfNode, IsDebug(s), s == Watch:
		return "it concerns the connection or the node"
	case s.Flags&FlagBlocking != 0:
		return "it may wait for others, so send it as it is"
	case s.Class == Read && s.Linear:
		return "it changes nothing and may take long, so send it as it is"
	}
	return ""
}
