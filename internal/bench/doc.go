// Package bench is `raftredis bench`: flags, progress on a terminal, and results as text, CSV, JSON and plots. What is
// sent and measured is up to package load.
//
//	Options.Define ──► flags ──► Options.Run ──► load.Run ──► writeText, writeCSV or writeJSON, plots
//
// The exit code is 0 if all requests were answered, and not by an error; 1 otherwise; 2 if the command line is wrong. A
// run that is interrupted ends with what it has measured.
package bench
