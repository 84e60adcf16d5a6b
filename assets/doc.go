// Package assets holds the pictures of glmtray, drawn by the program beside
// them, and a font for what the toolkit's own lack. It knows nothing of what they are shown for.
package assets
