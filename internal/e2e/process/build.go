package process

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// Binary is a program to be built once in a test's process.
type Binary struct {
	Root     string   // of the module, from the test's folder
	Name     string   // of the file in bin/e2e
	Flags    []string // for go build, beside those of a release
	Cgo      bool
	Variable string // that names a binary which was built elsewhere, such as a package's; "": none does

	once sync.Once
	path string
	err  error
}

// Build makes the binary and gives its path. It lies in bin/e2e, where the
// linker is spared if nothing has changed. GLMTRAY_RACE=1 builds it with the
// race detector.
//
// It looks at every source file, so that `go test` knows that the result depends
// on them: the program is not imported by its tests, and a cached "ok" would hide
// what became of it. For that it must be called within a test.
func (b *Binary) Build() (string, error) {
	b.once.Do(func() { b.path, b.err = b.build() })
	return b.path, b.err
}

func (b *Binary) build() (string, error) {
	if path := os.Getenv(b.Variable); path != "" {
		return filepath.Abs(path)
	}
	for _, dir := range []string{"cmd", "internal", "assets", "go.mod", "go.sum"} {
		err := filepath.WalkDir(filepath.Join(b.Root, dir), func(path string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			_, err = os.Stat(path)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	cgo, name := "CGO_ENABLED=0", b.Name
	args := append([]string{"build", "-buildvcs=false", "-trimpath"}, b.Flags...)
	if b.Cgo {
		cgo = "CGO_ENABLED=1"
	}
	if os.Getenv("GLMTRAY_RACE") == "1" {
		cgo, name, args = "CGO_ENABLED=1", name+"-race", append(args, "-race")
	}
	out, err := filepath.Abs(filepath.Join(b.Root, "bin", "e2e", name))
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(context.Background(), "go", append(args, "-o", out, "./cmd/glmtray")...) //nolint:gosec // our own words
	cmd.Dir, cmd.Env = b.Root, append(os.Environ(), cgo)
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build ./cmd/glmtray: %w\n%s", err, text)
	}
	return out, nil
}
