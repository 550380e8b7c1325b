// Package cli gives the commands of the binary one voice, on top of github.com/spf13/cobra: how help looks, what a
// wrong command line is told, which name was probably meant, and what a shell may complete.
//
// Invariants:
//
//  1. A wrong command line ends with exit.Usage and says what to do instead.
//  2. Help fits 80 columns. It lists the flags in the order of their definition, under the titles of their sections.
//  3. Hidden flags appear neither in help nor in suggestions nor in completion.
//
// Of the project the package imports internal/exit and internal/setting only.
package cli
