//go:build mutation

package main

const mutationBuild = true
