package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Each block of settings must be read without a word against it.
func TestEveryBlockOfSettingsIsRead(t *testing.T) {
	t.Parallel()
	h := helpOf(t)
	seen := 0
	for _, p := range pages(t) {
		for _, b := range p.blocks {
			if b.lang != "toml" {
				continue
			}
			seen++
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "settings.toml"), []byte(b.text), 0o600); err != nil {
				t.Fatal(err)
			}
			// doctor reads settings whose keychain is out of reach, and says FAIL of those that are wrong.
			cmd := exec.CommandContext(t.Context(), h.path, "doctor", "--offline", "--json") //nolint:gosec // the program under test
			cmd.Env = []string{"HOME=" + dir, "GLMTRAY_DATA_DIR=" + dir, "DBUS_SESSION_BUS_ADDRESS=unix:path=" + filepath.Join(dir, "no-bus")}
			out, _ := cmd.Output() // without a keychain it says FAIL of keys
			if got := verdictOn(t, out, "settings"); got.State != "ok" {
				t.Errorf("%s:%d: %s", p.name, b.line, got.Text)
			}
		}
	}
	if seen < 5 {
		t.Errorf("only %d blocks were found", seen)
	}
}
