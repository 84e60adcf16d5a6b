package assets

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"testing"
)

func decoded(t *testing.T, data []byte) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func TestEveryStateHasAPictureOfItsOwnInBothSizes(t *testing.T) {
	seen := map[string]string{}
	for _, state := range []string{"serving", "cooling", "none", "paused", "error"} {
		if got := decoded(t, Tray(state)).Bounds().Dx(); got != 64 {
			t.Errorf("%s is %d wide", state, got)
		}
		small := picture("tray-" + state + "-32.png")
		if got := decoded(t, small).Bounds().Dx(); got != 32 {
			t.Errorf("the small %s is %d wide", state, got)
		}
		if other := seen[string(small)]; other != "" {
			t.Errorf("%s looks like %s", state, other)
		}
		seen[string(small)] = state
	}
	if Tray("dreaming") != nil {
		t.Error("there is a picture of no state")
	}
}

// silhouette is which of 16 × 16 fields the colour covers: what is left of a
// picture for somebody who sees no colours.
func TestStatesDifferInShapeNotOnlyInColour(t *testing.T) {
	shape := func(state string) (s [256]bool) {
		img := decoded(t, Tray(state))
		for i := range s {
			r, g, b, a := img.At(i%16*4+2, i/16*4+2).RGBA()
			top := max(r, g, b)
			s[i] = a > 0x8000 && top > 0x7000 && (top < 0xF800 || min(r, g, b) < 0xF000) // neither rim
		}
		return s
	}
	states := []string{"serving", "cooling", "none", "paused", "error"}
	for i, a := range states {
		for _, b := range states[:i] {
			one, two := shape(a), shape(b)
			n := 0
			for k := range one {
				if one[k] != two[k] {
					n++
				}
			}
			if n < 12 {
				t.Errorf("%s and %s differ in %d of 256 fields", a, b, n)
			}
		}
	}
}

func TestTheIconIsThereInEverySize(t *testing.T) {
	if got := decoded(t, Icon()).Bounds().Dx(); got != 512 {
		t.Errorf("%d wide", got)
	}
	for _, size := range []int{16, 22, 24, 32, 48, 64, 128, 256, 512} {
		if got := decoded(t, picture(fmt.Sprintf("icon-%d.png", size))).Bounds().Dx(); got != size {
			t.Errorf("icon-%d.png is %d wide", size, got)
		}
	}
}
