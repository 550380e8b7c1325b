package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/pflag"

	"github.com/raftredis/raftredis/internal/server"
)

const versionIntro = `Says which version and commit was built, and with what.

  raftredis version
`

func versionCommand(*pflag.FlagSet) work {
	return func(_ []string, to streams) error {
		_, err := fmt.Fprintf(to.out, "raftredis %s\ncommit %s\n%s %s/%s\n",
			server.VersionText(), server.CommitText(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return err
	}
}
