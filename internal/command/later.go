//go:build !newer

package command

// laterCommands are those of later feature levels than the ordinary build's: see docs/decisions/0043.
var laterCommands []*Spec
