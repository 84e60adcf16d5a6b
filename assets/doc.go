// Package assets holds the pictures of glmtray, drawn by the program beside
// them. It knows nothing of what they are shown for.
package assets
