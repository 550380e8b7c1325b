// Package info writes the sections of INFO. It is pure: each section is a struct of facts that writes its fields, with
// the names that Redis 7.2 has for them, in Redis's order. Package resp collects the facts.
//
// A field of a part that does not exist here (scripts, subscriptions, a child process that saves) has the value that
// Redis gives it where the part is switched off; see Text.None. A field for which no value would be true is left out,
// and stands with its reason in package differences. Fields of our own stand behind Redis's of the same subject.
package info
