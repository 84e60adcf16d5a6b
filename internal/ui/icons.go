package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/glmtray/glmtray/internal/ui/state"
)

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

// The rail's pictures that Fyne has none of.
var (
	requestsShape = drawn("requests", `<path d="M2 4.5h8V2l4 3.5L10 9V6.5H2zM14 10.500H6V8l-4 3.500L6 15v-2.500h8z" fill="#000"/>`)
	routingShape  = drawn("routing", `<path d="M3 2h2v4.200c0 1 .8 1.800 1.800 1.800H10V5.500L14 9l-4 3.500V10H6.800A3.800 3.800 0 0 1 3 6.200z" fill="#000"/>`+
		`<path d="M3 9h2v5H3z" fill="#000"/>`)
	keyShape   = drawn("key", `<path d="M5 5a3 3 0 1 0 2.8 4H10v2h2V9h2V7H7.8A3 3 0 0 0 5 5zm0 2a1 1 0 1 1 0 2 1 1 0 0 1 0-2z" fill="#000"/>`)
	plugShape  = drawn("plug", `<path d="M5 1.500h1.500V5h3V1.500H11V5h1.500v3A4.500 4.500 0 0 1 8.800 12.400V15H7.200v-2.600A4.500 4.500 0 0 1 3.500 8V5H5z" fill="#000"/>`)
	usageShape = drawn("usage", `<path d="M2 9h3v5H2zM6.500 5h3v9h-3zM11 2h3v12h-3z" fill="#000"/>`)
)

func drawn(name, path string) fyne.Resource {
	return theme.NewThemedResource(fyne.NewStaticResource(name+".svg", []byte(svgOpen+path+svgClose)))
}
