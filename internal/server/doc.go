// Package server is the product: a node with its front end, from its settings to its end.
//
//	clients ──► resp.Server ──► store ──► consensus.Node ◄──► peers
//	                                          │    │
//	                                    fsm.Machine  directory
//
// Its settings are one table (settings.go): flags (flags.go), the configuration file (file.go) and CONFIG are views of
// it, and a new setting is a row there. Config is what the settings have made, checked as a whole in check.go.
//
// The bridge (store.go, info.go, saver.go, change.go, relay.go) translates between resp and consensus, and decides
// nothing. Only wire.go knows how a node is put together. run.go is its life: open, serve, stop.
package server
