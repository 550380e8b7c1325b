// Package wire turns the bytes of a Redis client into requests. It does no I/O and knows no command.
//
// Limits bounds what one client can make a Reader hold; a Budget bounds what all readers of a server hold together.
package wire
