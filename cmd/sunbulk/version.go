package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// release is the version of a release, set by its build (-X main.release); else the Go toolchain's is shown.
var release string

// built is what the Go toolchain recorded about this binary.
type built struct {
	Version  string `json:"version"`          // unknown without a module version
	Commit   string `json:"commit,omitempty"` // with + where the tree had changes
	Time     string `json:"time,omitempty"`   // of the commit
	Go       string `json:"go"`               // that compiled it
	Platform string `json:"platform"`         // such as linux/amd64
}

func readBuilt() built {
	b := built{Version: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	if release != "" {
		b.Version = release
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			b.Commit = s.Value + b.Commit
		case s.Key == "vcs.time":
			b.Time = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			b.Commit += "+"
		}
	}
	return b
}

func version() string { return readBuilt().Version }

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Version, commit and platform of this program",
		Example: "  sunbulk version --json",
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			b := readBuilt()
			if p.json {
				return p.writeJSON(b)
			}
			printf(p.stdout, "sunbulk %s\n", b.Version)
			if b.Commit != "" {
				printf(p.stdout, "commit %s of %s\n", b.Commit, b.Time)
			}
			printf(p.stdout, "%s %s\n", b.Go, b.Platform)
			return nil
		},
	}
}
