package tools_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

func TestUsage_WrongCommandLinesSayWhatToDo(t *testing.T) {
	for _, test := range []struct {
		args string
		says []string
	}{
		{"", []string{"a subcommand is missing", "playground"}},
		{"serv", []string{`unknown subcommand "serv"`, "did you mean: raftredis serve"}},
		{"help playgroud", []string{"did you mean: raftredis help playground"}},
		{"frobnicate", []string{"unknown subcommand", "Usage:"}},
		{"serve --prot 6379", []string{"unknown flag: --prot", "did you mean --port?", "raftredis serve --help"}},
		{"serve --frobnicate", []string{"unknown flag: --frobnicate\n"}},
		{"serve -p 6379", []string{"unknown flag: -p;", "two dashes"}},
		{"serve --port", []string{"--port needs a value: --port PORT"}},
		{"serve --port many", []string{`--port is "many"; it must be a whole number, such as 6379`}},
		{"serve --bootstrap=perhaps", []string{`--bootstrap is "perhaps"; it must be yes or no`}},
		{"serve --redirect there", []string{`--redirect is "there"; it must be proxy or moved`}},
		{"help membreship", []string{`unknown topic "membreship"`, "did you mean: raftredis help membership"}},
		{"help serve playground", []string{"one name at a time"}},
		{"completion", []string{"name one shell: bash, zsh, fish"}},
		{"completion tcsh", []string{`"tcsh"`, "bash, zsh, fish"}},
		{"serve 6379", []string{`"6379" is no flag`}},
		{"serve --port 0", []string{"--port is 0", "1 to 65535"}},
		{"serve --port 60000", []string{"beyond the last port", "--peer-port"}},
		{"serve --port 7000 --peer-port 7000", []string{"must differ"}},
		{"serve --port 7000 --peer-port 70000", []string{"--peer-port is 70000"}},
		{"serve --bootstrap --join 127.0.0.1:6379", []string{"needs --expect", "--bootstrap"}},
		{"serve --expect 3", []string{"--expect belongs to --bootstrap"}},
		{"serve --bootstrap --expect 0", []string{"--expect is 0", "1 to 128"}},
		{"serve --join 127.0.0.1", []string{`"127.0.0.1" is no address`}},
		{"serve --join 127.0.0.1:60000", []string{"127.0.0.1:60000@PEERPORT"}},
		{"serve --join 127.0.0.1:7000@x", []string{`"x" is no port`}},
		{"serve --bind 0.0.0.0 --join 127.0.0.1:6379", []string{"--announce-host"}},
		{"serve --heartbeat-millis 200", []string{"three times --heartbeat-millis"}},
		{"serve --max-entry-bytes 10", []string{"--max-entry-bytes is 10", "1024 to 1073741824"}},
		{"serve --snapshot-log-bytes 60kb", []string{"is 61440", "65536 to", "or 0: none but those of BGSAVE"}},
		{"serve --snapshot-bytes-per-second 0", []string{"--snapshot-bytes-per-second is 0", "524288 to"}},
		{"serve --repl-backlog-size 1", []string{"--repl-backlog-size is 1", "or 0: as --snapshot-log-bytes says"}},
		{"serve --journal-file-bytes 4mb", []string{"--journal-file-bytes is 4194304", "10485760 to 1073741824"}},
		{"serve --journal-file-bytes 65m", []string{"--journal-file-bytes is 65000000", "multiple of 4096"}},
		{"serve --journal-file-bytes 1tb", []string{`is "1tb"; it must be a size`, "100mb"}},
		{"serve --maxclients 0", []string{"--maxclients is 0"}},
		{"serve --timeout -1", []string{"--timeout is -1"}},
		{"serve --log-level loud", []string{`--log-level is "loud"; it must be debug, info, warn or error`}},
		{"serve --dir=", []string{"--dir is empty"}},
		{"playground --nodes 0", []string{"--nodes is 0"}},
		{"playground --port 60000", []string{"the highest that goes is 55533"}},
		{"bench --mix none", []string{`--mix is "none"; it must be set, get,`, "ycsb-a"}},
		{"bench --command {x}", []string{`"{x}" is no placeholder; there are {key},`}},
		{"bench --value-bytes 9-8", []string{`--value-bytes is "9-8"; it must be a length, such as 64`}},
		{"bench 6379", []string{`"6379" is no address`}},
		{"version now", []string{`"now" is no flag`}},
	} {
		t.Run(test.args, func(t *testing.T) {
			code, output := blackbox.Run(t, strings.Fields(test.args)...)
			if code != 2 {
				t.Errorf("the exit code is %d, want 2", code)
			}
			for _, text := range test.says {
				if !strings.Contains(output, text) {
					t.Errorf("the message does not say %q:\n%s", text, output)
				}
			}
		})
	}
}

func TestUsage_HelpTeaches(t *testing.T) {
	for args, says := range map[string]string{
		"--help":            "raftredis playground",
		"help":              "Usage: raftredis SUBCOMMAND",
		"help serve":        "--join 127.0.0.1:6379",
		"serve --help":      "--uncertain-after-millis",
		"help exit-codes":   "RestartPreventExitStatus=70",
		"help topics":       "consistency      What is promised",
		"help membership":   "CLUSTER ADDNODE",
		"help help":         "raftredis help topics",
		"help completion":   "source <(raftredis completion bash)",
		"playground --help": "redis-cli -p 7003 GET greeting",
		"version":           "raftredis ",
		"--version":         "commit ",
	} {
		t.Run(args, func(t *testing.T) {
			code, output := blackbox.Run(t, strings.Fields(args)...)
			if code != 0 || !strings.Contains(output, says) {
				t.Errorf("exit code %d, want 0, and %q in:\n%s", code, says, output)
			}
		})
	}
}

func TestUsage_ATakenPortIsNamed(t *testing.T) {
	n := blackbox.StartCluster(t, 1).Nodes[0]
	for flag, port := range map[string]int{"port": n.Port, "peer-port": n.Port + blackbox.PeerDistance} {
		free := blackbox.Ports(t, 1)
		args := []string{"serve", "--dir", t.TempDir(), "--bootstrap"}
		if flag == "port" {
			args = append(args, "--port", strconv.Itoa(port))
		} else {
			args = append(args, "--port", strconv.Itoa(free), "--peer-port", strconv.Itoa(port))
		}
		code, output := blackbox.Run(t, args...)
		if code != 1 || !strings.Contains(output, strconv.Itoa(port)) || !strings.Contains(output, "--"+flag) {
			t.Errorf("exit code %d, want 1, and the port and --%s in:\n%s", code, flag, output)
		}
	}
}

// What the topics tell people to look for in INFO is there.
func TestUsage_FieldsOfInfoThatTopicsNameExist(t *testing.T) {
	n := blackbox.StartCluster(t, 1).Nodes[0]
	shown := n.Connect(t).Must(t, "INFO", "everything").Text
	_, topics := blackbox.Run(t, "help", "topics")
	named := 0
	for line := range strings.Lines(topics) {
		name, _, listed := strings.Cut(strings.TrimPrefix(line, "  "), " ")
		if !strings.HasPrefix(line, "  ") || !listed {
			continue
		}
		_, text := blackbox.Run(t, "help", name)
		for _, field := range regexp.MustCompile(`\b(raft|rdb)_[a-z_]+`).FindAllString(text, -1) {
			named++
			if !strings.Contains(shown, "\n"+field+":") {
				t.Errorf("help %s: INFO shows no %s", name, field)
			}
		}
	}
	if named < 10 {
		t.Errorf("only %d fields were found in the topics:\n%s", named, topics)
	}
}
