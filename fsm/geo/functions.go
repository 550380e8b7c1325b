// Package geo has the functions of the commands on places: sorted sets whose scores are positions, as Redis makes them.
package geo

import (
	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/internal/command"
)

// Functions are those of all commands of the family.
var Functions = []exec.Function{
	{Of: command.GeoAdd, Write: add},
	{Of: command.GeoDist, Read: distanceOf},
	{Of: command.GeoHash, Read: texts},
	{Of: command.GeoPos, Read: positions},
	{Of: command.GeoRadius, Write: searchOrStore(aroundPosition)},
	{Of: command.GeoRadiusByMember, Write: searchOrStore(aroundMember)},
	{Of: command.GeoRadiusByMemberRO, Read: search(aroundMember)},
	{Of: command.GeoRadiusRO, Read: search(aroundPosition)},
	{Of: command.GeoSearch, Read: search(byOptions)},
	{Of: command.GeoSearchStore, Write: searchOrStore(intoKey)},
}
