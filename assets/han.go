package assets

import (
	_ "embed"
	"encoding/binary"
	"slices"
)

//go:embed fonts/NotoSansSC-subset.otf
var han []byte

// What the font with the Han characters is, for whoever lists what is built in.
const (
	HanName    = "Noto Sans CJK SC"
	HanVersion = "2.004"
	HanLicence = "https://openfontlicense.org" // its text is fonts/OFL.txt
)

// Han is a font (OpenType) with the Han characters of GB 2312, their punctuation
// and a blank, and nothing else: fonts/make.sh makes it. It is read from the
// program's file when it is first used, so that it takes no memory where nobody
// reads Chinese.
func Han() []byte { return han }

// HanMono is Han with the heights, and the blank, of DejaVu Sans Mono: a toolkit that
// lines faces up by their ascents has the characters of both on one line.
func HanMono() []byte {
	font := slices.Clone(han)
	put := func(at int, v int16) {
		if at >= 0 && at+2 <= len(font) {
			binary.BigEndian.PutUint16(font[at:], uint16(v)) //nolint:gosec // its bits
		}
	}
	// Of 1000 units; DejaVu's 1901, -483 and 1233 are of 2048.
	const ascent, descent, blank = 928, -236, 602
	if t := table(font, "hhea"); t > 0 {
		put(t+4, ascent)
		put(t+6, descent)
	}
	if t := table(font, "OS/2"); t > 0 {
		put(t+68, ascent)
		put(t+70, descent)
		put(t+74, ascent)
		put(t+76, -descent)
	}
	if t := table(font, "hmtx"); t > 0 {
		put(t+4, blank) // the second glyph: the first is the box of what is missing
	}
	return font
}

// table gives where a table of an OpenType font begins; 0 if it has none.
func table(font []byte, name string) int {
	const head, entry = 12, 16
	if len(font) < head {
		return 0
	}
	n := int(binary.BigEndian.Uint16(font[4:]))
	for i := range n {
		at := head + i*entry
		if at+entry > len(font) {
			return 0
		}
		if string(font[at:at+4]) == name {
			return int(binary.BigEndian.Uint32(font[at+8:]))
		}
	}
	return 0
}
