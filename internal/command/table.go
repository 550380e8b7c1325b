package command

import (
	"cmp"
	"slices"
)

// Shorthands for flags that many commands share.
const (
	fastRead   = FlagReadOnly | FlagFast
	fastWrite  = FlagWrite | FlagDenyOOM | FlagFast
	always     = FlagLoading | FlagStale
	connection = FlagNoScript | always
	entrance   = connection | FlagFast | FlagNoAuth | FlagAllowBusy
	// membership is for what changes the members, as Redis has it for CLUSTER MEET.
	membership = FlagAdmin | FlagStale | FlagNoAsyncLoading
)

// ownSince is what commands that Redis does not have say of their age: the version whose behaviour is followed.
const ownSince = "7.2.4"

// table holds all families of commands, sorted by name.
var table = sorted(
	stringSpecs, bitmapSpecs, keySpecs, connectionSpecs, serverSpecs, memorySpecs, debugSpecs, clusterSpecs,
)

func sorted(families ...[]Spec) []Spec {
	all := slices.Concat(families...)
	slices.SortFunc(all, func(a, b Spec) int { return cmp.Compare(a.Name, b.Name) })
	return all
}
