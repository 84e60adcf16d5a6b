package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
)

// samples is how often a pixel is sampled in each direction.
const samples = 8

var (
	white = color.NRGBA{0xFF, 0xFF, 0xFF, 0xFF}
	dark  = color.NRGBA{0x15, 0x17, 0x1A, 0xFF}
	blue  = color.NRGBA{0x2F, 0x6F, 0xE4, 0xFF}
	green = color.NRGBA{0x2F, 0xB3, 0x6B, 0xFF}
	amber = color.NRGBA{0xF0, 0xA0, 0x20, 0xFF}
	red   = color.NRGBA{0xE5, 0x48, 0x4D, 0xFF}
	grey  = color.NRGBA{0x9A, 0xA0, 0xA6, 0xFF}
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run() error {
	for _, size := range []int{16, 22, 24, 32, 48, 64, 128, 256, 512} {
		if err := write(fmt.Sprintf("icon-%d.png", size), size, app); err != nil {
			return err
		}
	}
	for name, draw := range trays {
		for _, size := range []int{32, 64} {
			if err := write(fmt.Sprintf("tray-%s-%d.png", name, size), size, draw); err != nil {
				return err
			}
		}
	}
	return nil
}

// ink gives the colour at a point of the unit square, transparent where there
// is nothing.
type ink func(x, y float64) color.NRGBA

func write(name string, size int, draw ink) error {
	img := image.NewNRGBA(image.Rect(0, 0, size, size))
	for py := range size {
		for px := range size {
			img.SetNRGBA(px, py, pixel(draw, px, py, float64(size)))
		}
	}
	var b bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestCompression}
	if err := enc.Encode(&b, img); err != nil {
		return fmt.Errorf("encoding %s: %w", name, err)
	}
	if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil { //nolint:gosec // pictures are for everybody to read
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

// pixel is the mean of its samples, weighted by how much each covers.
func pixel(draw ink, px, py int, size float64) color.NRGBA {
	var r, g, b, a float64
	for sy := range samples {
		for sx := range samples {
			c := draw(
				(float64(px)+(float64(sx)+.5)/samples)/size,
				(float64(py)+(float64(sy)+.5)/samples)/size,
			)
			w := float64(c.A) / 255
			r, g, b, a = r+w*float64(c.R), g+w*float64(c.G), b+w*float64(c.B), a+w
		}
	}
	if a == 0 {
		return color.NRGBA{}
	}
	return color.NRGBA{byte(r/a + .5), byte(g/a + .5), byte(b/a + .5), byte(255*a/(samples*samples) + .5)}
}

// app is the application's icon: the fork, white on a blue tile.
func app(x, y float64) color.NRGBA {
	if box(x, y, .5, .5, .46, .46, .2) > 0 {
		return color.NRGBA{}
	}
	if fork(x, y, .14, .5, .78) <= .065 || dot(x, y, .78, .3) <= .115 {
		return white
	}
	if branch(x, y, .5, .78) <= .04 {
		return color.NRGBA{0xA9, 0xC6, 0xFA, 0xFF}
	}
	return blue
}

// trays are the tray's pictures: a full disc for serving, a half one for
// cooling, a triangle for no key, two bars for paused, a cross for an error.
var trays = map[string]ink{
	"serving": sign(green, func(x, y float64) float64 { return dot(x, y, .5, .5) - .32 }),
	"cooling": func(x, y float64) color.NRGBA {
		ring := math.Abs(dot(x, y, .5, .5)-.28) - .04
		half := math.Max(dot(x, y, .5, .5)-.28, x-.5)
		c := sign(amber, func(x, y float64) float64 { return math.Min(ring, half) })(x, y)
		if c == white && dot(x, y, .5, .5) < .28 {
			return dark // the empty half
		}
		return c
	},
	"none": sign(red, triangle),
	"paused": sign(grey, func(x, y float64) float64 {
		return math.Min(box(x, y, .34, .5, .1, .32, .04), box(x, y, .66, .5, .1, .32, .04))
	}),
	"error": sign(red, func(x, y float64) float64 {
		return math.Min(line(x, y, .26, .26, .74, .74), line(x, y, .74, .26, .26, .74)) - .1
	}),
}

// sign draws a shape with a dark rim inside a white one: one of the two stands
// out from any ground.
func sign(c color.NRGBA, shape func(x, y float64) float64) ink {
	return func(x, y float64) color.NRGBA {
		d := shape(x, y)
		switch {
		case d <= 0:
			return c
		case d <= .06:
			return dark
		case d <= .11:
			return white
		}
		return color.NRGBA{}
	}
}

// fork is the way that is taken, from the left and up to the right.
func fork(x, y, left, mid, right float64) float64 {
	return math.Min(line(x, y, left+.06, mid, .4, mid), line(x, y, .4, mid, right, .3))
}

// branch is the way that is not.
func branch(x, y, mid, right float64) float64 { return line(x, y, .4, mid, right, .72) }

func dot(x, y, cx, cy float64) float64 { return math.Hypot(x-cx, y-cy) }

// line is the distance to a segment.
func line(x, y, ax, ay, bx, by float64) float64 {
	t := ((x-ax)*(bx-ax) + (y-ay)*(by-ay)) / ((bx-ax)*(bx-ax) + (by-ay)*(by-ay))
	t = math.Max(0, math.Min(1, t))
	return math.Hypot(x-ax-t*(bx-ax), y-ay-t*(by-ay))
}

// box is the distance to a rectangle with round corners, negative inside.
func box(x, y, cx, cy, w, h, r float64) float64 {
	dx, dy := math.Abs(x-cx)-w+r, math.Abs(y-cy)-h+r
	return math.Hypot(math.Max(dx, 0), math.Max(dy, 0)) + math.Min(math.Max(dx, dy), 0) - r
}

// triangle stands on its base.
func triangle(x, y float64) float64 {
	const top, foot = .22, .78
	const half = .32
	n := math.Hypot(half, foot-top)
	side := ((math.Abs(x-.5))*(foot-top) - (y-top)*half) / n
	return math.Max(side, y-foot)
}
