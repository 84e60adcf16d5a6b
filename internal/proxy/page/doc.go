// Package page is the page under /_ui/: what a browser needs to show how the
// proxy fares. It is part of the program: nothing is built when it runs and
// nothing is fetched from anywhere else.
//
// Contract. [Serve] answers with the page's own files, the same for everybody,
// and with nothing else. What the page shows comes from /_ui/data and /_events,
// which want a client key where one is required; the page asks for it and sends
// it as a header, never in an address. The headers of every answer forbid scripts
// and connections that are not the page's own, and being framed.
//
// static/uplot is somebody else's: its README says whose, and which version.
//
// Concurrency. Everything here is safe for concurrent use.
//
// What does not belong here: figures, and who may see them (proxy, metrics).
package page
