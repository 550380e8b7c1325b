// Package setting has the parts of a table of settings: the row, and the kinds of values that a row can have.
//
// A row is everything that is known of a setting. Flags, lines of a configuration file, CONFIG GET, SET and REWRITE,
// help and the check of bounds are views of rows. A value lives where its user wants it, in a field of options or in an
// atomic: the row has a Cell that reaches it.
//
// Invariants:
//
//  1. What String shows, Parse takes, and it changes nothing.
//  2. Parse changes nothing. What it returns cannot fail.
//  3. A text is refused in two voices: ours, which says what would do, and Redis's, which clients know.
//
// Of the project the package imports internal/number only.
package setting
