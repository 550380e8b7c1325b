// Package exit says how the process ends: the exit codes, and the errors that choose one.
//
// A service manager decides by the code whether to start the process again. The package imports nothing of the project.
package exit
