// Library is this project's own library, github.com/raftredis/raftredis/consensus, as a program embeds it: a state
// machine, Open, a Request for each command. It has all that the library has by default: journal and history,
// snapshots, sessions.
package main
