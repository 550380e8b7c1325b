package command

// Tips for client libraries, in the words of COMMAND INFO. They are Redis's, with one exception. There, every shard has
// keys of its own, and tips tell libraries to ask all shards and to add up what they say. Here every node has all keys:
// a library that followed such a tip would count each key several times. So no command on keys tells libraries to ask
// all shards.
const (
	varies        = "nondeterministic_output"
	variesInOrder = "nondeterministic_output_order"
	bySlot        = "request_policy:multi_shard"
	everyNode     = "request_policy:all_nodes"
	allWell       = "response_policy:all_succeeded"
	addUp         = "response_policy:agg_sum"
	ownWay        = "response_policy:special"
)
