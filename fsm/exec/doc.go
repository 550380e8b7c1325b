// Package exec is what a command sees while it is executed. The families of commands are packages of their own beside
// it: fsm/hashes, fsm/lists and so on. Each attaches functions to its commands and knows no other family.
//
//	           Call   arguments, protocol, the replies so far
//	machine ──┤ View   the key space, for a command that reads    ──► Read(view, call)    replies
//	           Writer the key space, for a command that changes  ──► Write(writer, call)  replies
//
// Package fsm makes these three and joins the families. What several families need stands here too: words, cursors,
// parts of a sequence, the numbers of INCRBYFLOAT.
//
// Rules for functions:
//
//  1. A Write depends on the Writer and on the arguments of its Call alone, so that it does the same on every node.
//     It knows no clock and no chance but Writer.Now and Writer.Chance. Whether a client waits makes no difference.
//  2. A Read changes nothing, and may run beside other reads.
//  3. A reply that can be long is made only if Call.Fits says so; otherwise the answer is Call.TooLong. Replies that
//     rest on the layout in memory are for the people who operate a node, and stand in Spec.OfNode.
//  4. An entry of the key space is valid until the next write; a function that changes a key first makes the reply
//     that shows the old value.
package exec
