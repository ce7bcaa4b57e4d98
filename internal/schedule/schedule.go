// Package schedule starts runs of runbooks by themselves: at the slots of a timetable, each exactly
// once, whichever workers serve it and whichever of them are killed.
//
// Redis keeps the schedules, tells the time for all workers, and holds what each slot did.
package schedule
