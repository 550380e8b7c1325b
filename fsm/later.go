//go:build !newer

package fsm

// laterFunctions are those of command.laterCommands.
var laterFunctions []function
