package command

// Tips for client libraries, in the words of COMMAND INFO.
const (
	varies        = "nondeterministic_output"
	variesInOrder = "nondeterministic_output_order"
	bySlot        = "request_policy:multi_shard"
	everyNode     = "request_policy:all_nodes"
	allWell       = "response_policy:all_succeeded"
	addUp         = "response_policy:agg_sum"
	ownWay        = "response_policy:special"
)

// tips are Redis's, with one exception. There, every shard has keys of its own, and libraries are told to ask all of
// them and to add up what they say. Here every node has all keys: who followed such a tip would count each key several
// times. So no command on keys says that all shards are to be asked.
var tips = map[string][]string{
	"client|info":           {varies},
	"client|list":           {varies},
	"client|setinfo":        {everyNode, allWell},
	"client|setname":        {everyNode, allWell},
	"cluster|getkeysinslot": {varies},
	"cluster|info":          {varies},
	"cluster|links":         {varies},
	"cluster|myshardid":     {varies},
	"cluster|nodes":         {varies},
	"cluster|shards":        {varies},
	"cluster|slots":         {varies},
	"command":               {variesInOrder},
	"command|docs":          {variesInOrder},
	"command|info":          {variesInOrder},
	"command|list":          {variesInOrder},
	"config|resetstat":      {everyNode, allWell},
	"config|rewrite":        {everyNode, allWell},
	"config|set":            {everyNode, allWell},
	"del":                   {bySlot, addUp},
	"exists":                {bySlot, addUp},
	"info":                  {varies, everyNode, ownWay},
	"keys":                  {variesInOrder},
	"lastsave":              {varies},
	"latency|doctor":        {varies, everyNode, ownWay},
	"latency|graph":         {varies, everyNode, ownWay},
	"latency|histogram":     {varies, everyNode, ownWay},
	"latency|history":       {varies, everyNode, ownWay},
	"latency|latest":        {varies, everyNode, ownWay},
	"latency|reset":         {everyNode, addUp},
	"memory|doctor":         {varies, everyNode, ownWay},
	"memory|malloc-stats":   {varies, everyNode, ownWay},
	"memory|purge":          {everyNode, allWell},
	"memory|stats":          {varies, everyNode, ownWay},
	"mget":                  {bySlot},
	"module|list":           {variesInOrder},
	"mset":                  {bySlot, allWell},
	"object|encoding":       {varies},
	"object|freq":           {varies},
	"object|idletime":       {varies},
	"object|refcount":       {varies},
	"ping":                  {everyNode, allWell},
	"pttl":                  {varies},
	"randomkey":             {varies},
	"scan":                  {varies},
	"slowlog|get":           {everyNode, varies},
	"slowlog|len":           {everyNode, addUp, varies},
	"slowlog|reset":         {everyNode, allWell},
	"time":                  {varies},
	"touch":                 {bySlot, addUp},
	"ttl":                   {varies},
	"unlink":                {bySlot, addUp},
}

// Tips are hints for client libraries on how to send the command and what to make of its reply. They are not to be
// changed.
func (s *Spec) Tips() []string { return tips[s.Name] }
