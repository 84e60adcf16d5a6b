// Package faults is the fault suite: what clients see when anything around
// glmtray breaks (make faults).
//
// Every scenario has the program as it is shipped, in a process of its own, and
// three simulated providers in another one, the street, which drops, resets, stalls and
// garbles connections as it is told. The client is this process; it reads answers
// as strictly as the dialects allow. Most scenarios are a row in a table: what the
// providers do, and what is to come of it. See [scenario].
//
// Contract. Beyond what a scenario wants, this holds in all of them: an answer
// that claims to be complete is complete; a stream ends as its dialect has it, or
// in an error event; each request has one record, which agrees with what the
// client saw; nobody who began to answer a request is asked for it again; tokens
// and model are those of the provider that answered; the program ends with 0 and
// without a trace on stderr. Times are bounds against hanging, never measures.
//
// Without -full those that are one request are played, each in one of its ways; -table writes docs/faults.md.
// TestSoak sends mixed traffic through mixed faults and wants that nothing grows.
//
// What does not belong here: what is right when nothing fails, which e2e shows.
package faults
