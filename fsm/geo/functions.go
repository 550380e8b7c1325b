// Package geo has the functions of the commands on places: sorted sets whose scores are positions, as Redis makes them.
package geo

import (
	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/internal/commands/data"
)

// Functions are those of all commands of the family.
var Functions = []exec.Function{
	{Of: data.GeoAdd, Write: add},
	{Of: data.GeoDist, Read: distanceOf},
	{Of: data.GeoHash, Read: texts},
	{Of: data.GeoPos, Read: positions},
	{Of: data.GeoRadius, Read: search(aroundPosition), Write: searchOrStore(aroundPosition)},
	{Of: data.GeoRadiusByMember, Read: search(aroundMember), Write: searchOrStore(aroundMember)},
	{Of: data.GeoRadiusByMemberRO, Read: search(aroundMember)},
	{Of: data.GeoRadiusRO, Read: search(aroundPosition)},
	{Of: data.GeoSearch, Read: search(byOptions)},
	{Of: data.GeoSearchStore, Write: searchOrStore(intoKey)},
}
