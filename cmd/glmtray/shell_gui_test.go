//go:build !headless

package main

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestALoopOfTheWindowThatDoesNotEndIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := false
		unlessOver(make(chan struct{}), loopLimit, func() { ended = true })
		if !ended {
			t.Error("the program does not end")
		}
		over := make(chan struct{})
		time.AfterFunc(loopLimit-time.Millisecond, func() { close(over) })
		unlessOver(over, loopLimit, func() { t.Error("it ends a second time") })
	})
}
