//go:build linux && !headless

package desktop

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// camera takes pictures of one look.
type camera struct {
	dir, theme string
	scale      int // 1 for 100 %, 2 for 200 %
	p          *program
}

// inEveryLook takes pictures, dark and light, at each of the scales, into the
// folder that GLMTRAY_SCREENSHOTS names. GLMTRAY_SCREENSHOTS_LOOK picks one look,
// such as "light2".
func inEveryLook(t *testing.T, shoot func(*testing.T, *camera), scales ...int) {
	dir := os.Getenv("GLMTRAY_SCREENSHOTS")
	if dir == "" {
		t.Skip("GLMTRAY_SCREENSHOTS names no folder")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	only := os.Getenv("GLMTRAY_SCREENSHOTS_LOOK")
	for _, scale := range scales {
		for _, theme := range []string{"dark", "light"} {
			if only != "" && only != theme+strconv.Itoa(scale) {
				continue
			}
			t.Run(theme+" "+strconv.Itoa(100*scale), func(t *testing.T) { shoot(t, &camera{dir: dir, theme: theme, scale: scale}) })
		}
	}
}

// desk has room for a window of that scale.
func (c *camera) desk() desk {
	return desk{screen: strconv.Itoa(1280*c.scale) + "x" + strconv.Itoa(900*c.scale)}
}

// environ gives a program this look, beside the variables more.
func (c *camera) environ(more ...string) []string {
	return append([]string{"FYNE_THEME=" + c.theme, "FYNE_SCALE=" + strconv.Itoa(c.scale)}, more...)
}

func (c *camera) take(name string) {
	c.p.t.Helper()
	if err := os.WriteFile(c.file(name), c.p.still(), 0o600); err != nil {
		c.p.t.Fatal(err)
	}
}

func (c *camera) file(name string) string {
	return filepath.Join(c.dir, name+"-"+c.theme+"-"+strconv.Itoa(100*c.scale)+".png")
}

// part takes a picture of a part of the display.
func (c *camera) part(name string, a area) {
	c.p.t.Helper()
	crop := fmt.Sprintf("%dx%d+%d+%d", a.w, a.h, a.x, a.y)
	if out, err := c.p.s.command("import", "-window", "root", "-crop", crop, "+repage", c.file(name)).CombinedOutput(); err != nil {
		c.p.t.Fatalf("import: %v: %s", err, out)
	}
}

// at is where something stands, in this look's pixels.
func (c *camera) at(p place) place { return place{p.x * c.scale, p.y * c.scale} }

// click is one at a place as it is at 100 %.
func (c *camera) click(x, y int) {
	c.p.t.Helper()
	c.p.click(x*c.scale, y*c.scale)
}
