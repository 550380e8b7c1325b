// Package compare starts raftredis and other systems on one machine, has the same work done by each of them, and says
// how fast each is, what it costs, and what its acknowledgements are worth.
//
//	Run ──► start all systems, fill them, find out how many requests last as long as wanted
//	  └──► for each round and shape:  redis-benchmark ──► one system right after the other, at its leader
//	                                  /proc           ──► what the leader and each follower used meanwhile
//	Report ──► medians, spreads, ratios of figures of one round, and whether what is aimed at is reached
//
// The machine may have other work. A ratio is that of two figures of one round, taken within seconds of each other, and
// the median of the rounds counts. Systems that wait for their turn stay connected among themselves: what they use
// meanwhile is little, and the report says how much.
package compare
