package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// soleServer refuses to serve beside another glmtray on the same data folder: two
// would each count cooldowns and limits by themselves, agents would be pointed at
// whichever came last, and commands would find that one alone.
func soleServer(e *env) (release func(), err error) {
	release, _, err = sole(e, refuseOther)
	return release, err
}

// refuseOther is an error if a glmtray serves already; done is false.
func refuseOther(e *env) (done bool, err error) {
	run, err := e.proxy()
	if err != nil || !run.ours(e.ctx) {
		return false, nil //nolint:nilerr // there is none, or what is left of one: it is in nobody's way
	}
	return false, hint(
		fmt.Errorf("another glmtray serves already on %s from this data folder (process %d)", run.URL, run.PID),
		"see it with: glmtray status; end it first, or give another folder with --data-dir",
	)
}

// ours reports whether the program that answers is the one that wrote the run file.
// One that was killed leaves its file behind, and the glmtray of another folder may
// have its port: it does not know the token.
func (r *runFile) ours(ctx context.Context) bool {
	var refused *refusal
	err := r.control(ctx, "hello", nil, nil) // no verb: whoever knows the token is told so
	return errors.As(err, &refused) && refused.status != http.StatusForbidden
}

// refusal is an answer that is an error.
type refusal struct {
	status  int
	message string
}

func (r *refusal) Error() string { return r.message }
