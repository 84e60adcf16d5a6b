package ui

import (
	"image/color"
	"sync"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/glmtray/glmtray/assets"
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
	railWidth                 = float32(152)
	rowHeight                 = float32(28)
	sheetWidth                = float32(480)
	welcomeWidth              = float32(640)
)

// palette is the colours of one ground.
type palette struct {
	ground, raised, button       color.NRGBA
	hover, line                  color.NRGBA
	ink, ink64, ink40            color.NRGBA
	accent, onAccent             color.NRGBA
	good, waiting, bad, selected color.NRGBA
	shade                        color.NRGBA
}

// The accent's lighter tones, for parts of a picture.
const (
	colorHalf  fyne.ThemeColorName = "glmtrayHalf"
	colorThird fyne.ThemeColorName = "glmtrayThird"
)

func alphaOf(c color.NRGBA, a uint8) color.NRGBA {
	c.A = a
	return c
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
	ground: rgb(0x15171A), raised: rgb(0x1E2125), button: rgb(0x2A2E34), hover: alpha(0xFFFFFF, 0x12), line: alpha(0xFFFFFF, 0x1F),
	ink: alpha(0xFFFFFF, ink92), ink64: alpha(0xFFFFFF, ink64), ink40: alpha(0xFFFFFF, ink40),
	accent: rgb(0x4C8DFF), onAccent: rgb(0x0B1020),
	good: rgb(0x3FB950), waiting: rgb(0xE3A33B), bad: rgb(0xFF6B6B), selected: alpha(0x4C8DFF, 0x38), shade: alpha(0x000000, 0x40),
}

var onLight = palette{
	ground: rgb(0xFBFBF9), raised: rgb(0xF1F1EE), button: rgb(0xE6E6E2), hover: alpha(0x000000, 0x0D), line: alpha(0x000000, 0x1F),
	ink: alpha(0x000000, ink92), ink64: alpha(0x000000, ink64), ink40: alpha(0x000000, ink40),
	accent: rgb(0x1F5FD6), onAccent: rgb(0xFFFFFF),
	good: rgb(0x167331), waiting: rgb(0x8A5A00), bad: rgb(0xC4232B), selected: alpha(0x1F5FD6, 0x2B), shade: alpha(0x000000, 0x14),
}

// look is the theme: every colour and every distance of the window comes from
// here. Fonts and icons are Fyne's, see hanFonts.
type look struct{}

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
	case theme.ColorNameButton:
		return p.button
	case theme.ColorNameInputBackground, theme.ColorNameMenuBackground,
		theme.ColorNameOverlayBackground, theme.ColorNameHeaderBackground, theme.ColorNameDisabledButton:
		return p.raised
	case theme.ColorNameForeground:
		return p.ink
	case theme.ColorNamePlaceHolder, theme.ColorNameDisabled: // the colour of a label of low importance as well
		return p.ink64
	case theme.ColorNameScrollBar, theme.ColorNameInputBorder:
		return p.ink40
	case theme.ColorNameSeparator:
		return p.line
	case theme.ColorNameShadow:
		return p.shade
	case colorHalf:
		return alphaOf(p.accent, 0x90)
	case colorThird:
		return alphaOf(p.accent, 0x48)
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
func (look) Font(s fyne.TextStyle) fyne.Resource {
	if han := hanFonts(); han != nil && !s.Symbol {
		if s.Monospace {
			return han.mono
		}
		return han.sans
	}
	return theme.DefaultTheme().Font(s)
}

// hanFaces stand before the toolkit's own faces.
type hanFaces struct{ sans, mono fyne.Resource }

// hanFonts are the fonts of a window that speaks Chinese, nil for all others. The
// toolkit looks for each character in the theme's font first, then in its own of that
// style: a font that has Han characters alone leaves the Latin ones, and the height
// of a line, as they are. A system may have no such font, and then shows boxes.
var hanFonts = sync.OnceValue(func() *hanFaces {
	if systemLanguage() != chinese {
		return nil
	}
	return &hanFaces{
		sans: fyne.NewStaticResource("NotoSansSC-subset.otf", assets.Han()),
		mono: fyne.NewStaticResource("NotoSansSC-subset-mono.otf", assets.HanMono()),
	}
})

// Icon implements fyne.Theme.
func (look) Icon(n fyne.ThemeIconName) fyne.Resource { return theme.DefaultTheme().Icon(n) }

// Size implements fyne.Theme.
func (look) Size(name fyne.ThemeSizeName) float32 {
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
		return tight
	case theme.SizeNameInnerPadding:
		return near
	case theme.SizeNameModalBlurRadius:
		return 0 // calm, and what lies under a question can still be read
	case theme.SizeNameInlineIcon:
		return apart
	case theme.SizeNameSeparatorThickness, theme.SizeNameInputBorder:
		return hairline
	case theme.SizeNameInputRadius, theme.SizeNameButtonRadius, theme.SizeNameSelectionRadius:
		return corner
	}
	return theme.DefaultTheme().Size(name)
}
