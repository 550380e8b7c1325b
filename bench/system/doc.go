// Package system knows the systems that are measured: which processes each has, how they are started, which of them
// leads, and what an acknowledgement is worth.
package system
