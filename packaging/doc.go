// Package packaging holds no code of the program: its tests hold what describes
// glmtray to others (units, manifests, compose file, desktop entry, installers)
// against what the program knows.
//
// The scripts beside it build and try the packages: package.sh, try.sh; setup.sh
// installs what they and the other steps need. docs/packages.md tells the rest.
//
// What does not belong here: what has to be built first; try.sh does that.
package packaging
