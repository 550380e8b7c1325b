package main

const exitCodesHelp = `Exit codes, and what a service manager should do:

   0   done; for a node: it was asked to stop, and did
   1   an error: a port is taken, a directory is in use, no permission. Starting
       again later may work
   2   wrong usage: the command line, or the configuration file, is never going
       to work as it is. Also, by the Go runtime: a broken invariant inside the
       program; then a list of goroutines is on standard error: please report it
  70   the node must not go on: its disk failed, or what is on it is damaged. Do
       not start it again before you have read the message; a service manager
       should leave it stopped (systemd: RestartPreventExitStatus=70)
`
