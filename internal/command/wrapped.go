package command

// inner finds the command that a call of a wrapping one carries, and its arguments.
func (s *Spec) inner(args [][]byte) (*Spec, [][]byte, Fault) {
	if s.Wraps == 0 || len(args) <= s.Wraps {
		return nil, nil, UnknownCommand
	}
	inner := args[s.Wraps:]
	spec, fault := s.table.Find(inner)
	if spec != nil && spec.Wraps > 0 { // one within another is refused, and looked at no further
		return nil, nil, UnknownCommand
	}
	return spec, inner, fault
}
