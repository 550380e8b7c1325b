package main

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/raftredis/raftredis/internal/server"
)

// topicFiles are the essays. The first line of each is what the list of topics says of it.
//
//go:embed topics/*.txt
var topicFiles embed.FS

// topicsName is the topic that lists all others.
const topicsName = "topics"

// settingsName and parametersName are the topics that are written from the table of settings.
const (
	settingsName   = "settings"
	parametersName = "parameters"
)

// topicNames are all topics, in the order in which a newcomer may want to read them.
func topicNames() []string {
	return []string{
		"getting-started", "consistency", "once", "locks", "log", "clients", "configuration", "redis-conf", settingsName,
		parametersName, "membership", "snapshots", "backup", "probes", "benchmarks", "upgrade", "files", "security",
		"not-ready", "troubleshooting", "exit-codes",
	}
}

// topic is the text of a topic; empty if there is none of that name.
func topic(name string) string {
	switch {
	case name == settingsName:
		return server.NewConfig().FlagTopic()
	case name == parametersName:
		return server.NewConfig().ParameterTopic()
	case !slices.Contains(topicNames(), name):
		return ""
	}
	text, err := topicFiles.ReadFile("topics/" + name + ".txt")
	if err != nil {
		panic(err) // it is part of the binary
	}
	return string(text)
}

// topicsHelp lists the topics.
func topicsHelp() string {
	var b strings.Builder
	b.WriteString("Topics, a screen each; raftredis help TOPIC shows one:\n\n")
	for _, name := range topicNames() {
		title, _, _ := strings.Cut(topic(name), "\n")
		fmt.Fprintf(&b, "  %-17s%s\n", name, strings.TrimSuffix(title, ":"))
	}
	return b.String()
}
