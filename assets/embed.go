package assets

import "embed"

//go:generate go run ./internal/marks

//go:embed *.png
var pictures embed.FS

// Icon is the application's icon as PNG, 512 pixels wide.
func Icon() []byte { return picture("icon-512.png") }

// Tray is the tray's picture for a state ("serving", "cooling", "none",
// "paused", "error") as PNG, 64 pixels wide; nil if there is no such state.
func Tray(state string) []byte { return picture("tray-" + state + "-64.png") }

func picture(name string) []byte {
	data, err := pictures.ReadFile(name)
	if err != nil {
		return nil
	}
	return data
}
