package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// All distances of the window are one of three.
const (
	tight = float32(4)
	near  = float32(8)
	apart = float32(16)
)

// Sizes that are no distances.
const (
	textSize = float32(13)
	corner   = float32(6)
	hairline = float32(1)

	windowWidth, windowHeight = float32(1120), float32(720)
	leastWidth, leastHeight   = float32(900), float32(600)
	railWidth                 = float32(168)
)

// palette is the colours of one ground.
type palette struct {
	ground, raised, hover, line  color.NRGBA
	ink, ink64, ink40            color.NRGBA
	accent, onAccent             color.NRGBA
	good, waiting, bad, selected color.NRGBA
}

func rgb(v uint32) color.NRGBA { return alpha(v, 0xFF) }

func alpha(v uint32, a uint8) color.NRGBA {
	return color.NRGBA{byte(v >> 16), byte(v >> 8), byte(v), a} //nolint:gosec // the bytes of a colour
}

// Ink stands at 92, 64 and 40 per cent.
const (
	ink92 = 0xEB
	ink64 = 0xA3
	ink40 = 0x66
)

var onDark = palette{
	ground: rgb(0x15171A), raised: rgb(0x1E2125), hover: alpha(0xFFFFFF, 0x12), line: alpha(0xFFFFFF, 0x1F),
	ink: alpha(0xFFFFFF, ink92), ink64: alpha(0xFFFFFF, ink64), ink40: alpha(0xFFFFFF, ink40),
	accent: rgb(0x4C8DFF), onAccent: rgb(0x0B1020),
	good: rgb(0x3FB950), waiting: rgb(0xE3A33B), bad: rgb(0xFF6B6B), selected: alpha(0x4C8DFF, 0x38),
}

var onLight = palette{
	ground: rgb(0xFBFBF9), raised: rgb(0xF1F1EE), hover: alpha(0x000000, 0x0D), line: alpha(0x000000, 0x1F),
	ink: alpha(0x000000, ink92), ink64: alpha(0x000000, ink64), ink40: alpha(0x000000, ink40),
	accent: rgb(0x1F5FD6), onAccent: rgb(0xFFFFFF),
	good: rgb(0x1A7F37), waiting: rgb(0x8A5A00), bad: rgb(0xC4232B), selected: alpha(0x1F5FD6, 0x2B),
}

// look is the theme: every colour and every distance of the window comes from
// here. Fonts and icons are Fyne's.
type look struct {
	dense bool // rows of 28
	text  bool // lines of one text: nothing between them
}

// Theme is the theme of glmtray's window.
func Theme() fyne.Theme { return look{} }

func paletteOf(v fyne.ThemeVariant) *palette {
	if v == theme.VariantLight {
		return &onLight
	}
	return &onDark
}

// Color implements fyne.Theme.
func (look) Color(name fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	p := paletteOf(v)
	switch name {
	case theme.ColorNameBackground:
		return p.ground
	case theme.ColorNameButton, theme.ColorNameInputBackground, theme.ColorNameMenuBackground,
		theme.ColorNameOverlayBackground, theme.ColorNameHeaderBackground, theme.ColorNameDisabledButton:
		return p.raised
	case theme.ColorNameForeground:
		return p.ink
	case theme.ColorNamePlaceHolder:
		return p.ink64
	case theme.ColorNameDisabled, theme.ColorNameScrollBar, theme.ColorNameInputBorder:
		return p.ink40
	case theme.ColorNameSeparator:
		return p.line
	case theme.ColorNameHover, theme.ColorNamePressed:
		return p.hover
	}
	return p.signal(name, v)
}

func (p *palette) signal(name fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	switch name {
	case theme.ColorNamePrimary, theme.ColorNameHyperlink:
		return p.accent
	case theme.ColorNameForegroundOnPrimary:
		return p.onAccent
	case theme.ColorNameFocus, theme.ColorNameSelection:
		return p.selected
	case theme.ColorNameSuccess:
		return p.good
	case theme.ColorNameWarning:
		return p.waiting
	case theme.ColorNameError:
		return p.bad
	case theme.ColorNameForegroundOnError, theme.ColorNameForegroundOnSuccess, theme.ColorNameForegroundOnWarning:
		return p.ground
	}
	return theme.DefaultTheme().Color(name, v)
}

// Font implements fyne.Theme.
func (look) Font(s fyne.TextStyle) fyne.Resource { return theme.DefaultTheme().Font(s) }

// Icon implements fyne.Theme.
func (look) Icon(n fyne.ThemeIconName) fyne.Resource { return theme.DefaultTheme().Icon(n) }

// Size implements fyne.Theme.
func (l look) Size(name fyne.ThemeSizeName) float32 {
	switch name {
	case theme.SizeNameText:
		return textSize
	case theme.SizeNameCaptionText:
		return textSize - 2
	case theme.SizeNameSubHeadingText:
		return textSize + 2
	case theme.SizeNameHeadingText:
		return textSize + 5
	case theme.SizeNamePadding, theme.SizeNameLineSpacing:
		if l.text {
			return 0
		}
		return tight
	case theme.SizeNameInnerPadding:
		return l.inner()
	case theme.SizeNameInlineIcon:
		return apart
	case theme.SizeNameSeparatorThickness, theme.SizeNameInputBorder:
		return hairline
	case theme.SizeNameInputRadius, theme.SizeNameButtonRadius, theme.SizeNameSelectionRadius:
		return corner
	}
	return theme.DefaultTheme().Size(name)
}

// inner is the distance between an edge and what it holds.
func (l look) inner() float32 {
	switch {
	case l.text:
		return 0
	case l.dense:
		return tight
	}
	return near
}

// The shapes of the marks, filled with one colour.
const (
	svgOpen  = `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16">`
	svgClose = `</svg>`
)

var shapes = map[state.Mark]fyne.Resource{
	state.Good: theme.NewColoredResource(fyne.NewStaticResource("good.svg",
		[]byte(svgOpen+`<circle cx="8" cy="8" r="5" fill="#000"/>`+svgClose)), theme.ColorNameSuccess),
	state.Waiting: theme.NewColoredResource(fyne.NewStaticResource("waiting.svg",
		[]byte(svgOpen+`<path d="M8 3a5 5 0 0 0 0 10z" fill="#000"/>`+
			`<path d="M8 3a5 5 0 0 1 0 10v-1.4a3.6 3.6 0 0 0 0-7.2z" fill="#000"/>`+svgClose)), theme.ColorNameWarning),
	state.Bad: theme.NewColoredResource(fyne.NewStaticResource("bad.svg",
		[]byte(svgOpen+`<path d="M8 2.5l6 11H2z" fill="#000"/>`+svgClose)), theme.ColorNameError),
	state.Off: theme.NewColoredResource(fyne.NewStaticResource("off.svg",
		[]byte(svgOpen+`<path d="M4 3h3v10H4zM9 3h3v10H9z" fill="#000"/>`+svgClose)), theme.ColorNamePlaceHolder),
	state.Plain: theme.NewColoredResource(fyne.NewStaticResource("plain.svg",
		[]byte(svgOpen+`<circle cx="8" cy="8" r="2" fill="#000"/>`+svgClose)), theme.ColorNamePlaceHolder),
}

// keyShape is the rail's picture for keys, which Fyne has none of.
var keyShape = theme.NewThemedResource(fyne.NewStaticResource("key.svg",
	[]byte(svgOpen+`<path d="M5 5a3 3 0 1 0 2.8 4H10v2h2V9h2V7H7.8A3 3 0 0 0 5 5zm0 2a1 1 0 1 1 0 2 1 1 0 0 1 0-2z" fill="#000"/>`+svgClose)))
