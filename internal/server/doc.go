// Package server is the product: a node with its front end, from its settings to its end.
//
//	clients ──► resp.Server ──► store ──► consensus.Node ◄──► peers
//	                                          │    │
//	                                    fsm.Machine  directory
//
// The bridge (store.go, info.go, saver.go, change.go, relay.go) translates between resp and consensus, and decides
// nothing. Only wire.go knows how a node is put together. run.go is its life: open, serve, stop.
package server
