// Package tokens tells how many tokens a prompt has: quickly and roughly for
// every request ([Estimator]), exactly where it matters ([Count], [CountRequest]).
//
// The estimate is bytes divided by a ratio which each provider's own usage
// figures correct, per model. The exact count is that of OpenAI's cl100k
// vocabulary: GLM's tokenizer is built from it and agrees with it closely for
// English and code, while Chinese takes it fewer tokens.
//
// Everything here is safe for concurrent use. Estimating takes no lock; the
// vocabulary (some 4 MB) is loaded by the first exact count.
//
// What does not belong here: finding the text's size (dialect), and what a size
// means for the way a request goes (route).
package tokens
