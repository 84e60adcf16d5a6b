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

//go:embed fonts/NotoSansSC-subset.otf
var han []byte

// What the font with the Han characters is, for whoever lists what is built in.
const (
	HanName    = "Noto Sans CJK SC"
	HanVersion = "2.004"
	HanLicence = "https://openfontlicense.org" // its text is fonts/OFL.txt
)

// Han is a font (OpenType) with the Han characters of GB 2312 and their punctuation,
// and nothing else: fonts/make.sh makes it. It is read from the program's file when
// it is first used, so that it takes no memory where nobody reads Chinese.
func Han() []byte { return han }

func picture(name string) []byte {
	data, err := pictures.ReadFile(name)
	if err != nil {
		return nil
	}
	return data
}
