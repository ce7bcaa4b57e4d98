package schedule

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sunbulk/sunbulk/internal/runbook"
)

func timetable(t testing.TB, s runbook.Schedule) *Timetable {
	t.Helper()
	table, err := Parse(&runbook.Runbook{Name: "nightly", Schedule: &s})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// slots are the first slots after a time, as the clock in the zone shows them.
func slots(t testing.TB, table *Timetable, after string, count int) []string {
	t.Helper()
	at, err := time.Parse(time.RFC3339, after)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for range count {
		slot, ok := table.Next(at)
		if !ok {
			return append(all, "none")
		}
		all = append(all, slot.In(table.zone).Format("Mon 2006-01-02 15:04 -07"))
		at = slot
	}
	return all
}

// In 2026 the clocks of Berlin jump from 02:00 to 03:00 on 29 March and back from 03:00 to 02:00 on
// 25 October, those of New York on 8 March and back from 02:00 to 01:00 on 1 November.
func TestSlotsOnDaysWhenTheClocksChange(t *testing.T) {
	tests := []struct {
		name, cron, zone, after string
		want                    []string
	}{
		{"a fixed time that does not exist is at the jump, once", "30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00+01:00",
			[]string{"Sat 2026-03-28 02:30 +01", "Sun 2026-03-29 03:00 +02", "Mon 2026-03-30 02:30 +02"}},
		{"several that do not exist are one slot", "*/15 2 * * *", "Europe/Berlin", "2026-03-28T02:40:00+01:00",
			[]string{"Sat 2026-03-28 02:45 +01", "Sun 2026-03-29 03:00 +02", "Mon 2026-03-30 02:00 +02"}},
		{"one that does not exist and one at the jump are one slot", "0 1,2,3,4 * * *", "Europe/Berlin", "2026-03-29T00:30:00+01:00",
			[]string{"Sun 2026-03-29 01:00 +01", "Sun 2026-03-29 03:00 +02", "Sun 2026-03-29 04:00 +02"}},
		{"a fixed time that comes twice is at the first", "30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00+02:00",
			[]string{"Sun 2026-10-25 02:30 +02", "Mon 2026-10-26 02:30 +01"}},
		{"also when asked between the two", "30,40 2 * * *", "Europe/Berlin", "2026-10-25T02:35:00+01:00",
			[]string{"Mon 2026-10-26 02:30 +01"}},
		{"every hour in spring", "0 * * * *", "Europe/Berlin", "2026-03-29T00:30:00+01:00",
			[]string{"Sun 2026-03-29 01:00 +01", "Sun 2026-03-29 03:00 +02", "Sun 2026-03-29 04:00 +02"}},
		{"every hour in autumn", "@hourly", "Europe/Berlin", "2026-10-25T01:30:00+02:00",
			[]string{"Sun 2026-10-25 02:00 +02", "Sun 2026-10-25 02:00 +01", "Sun 2026-10-25 03:00 +01"}},
		{"every twenty minutes in autumn", "*/20 * * * *", "Europe/Berlin", "2026-10-25T02:30:00+02:00",
			[]string{"Sun 2026-10-25 02:40 +02", "Sun 2026-10-25 02:00 +01", "Sun 2026-10-25 02:20 +01", "Sun 2026-10-25 02:40 +01", "Sun 2026-10-25 03:00 +01"}},
		{"every second hour goes by what the clock shows", "30 */2 * * *", "Europe/Berlin", "2026-03-28T23:00:00+01:00",
			[]string{"Sun 2026-03-29 00:30 +01", "Sun 2026-03-29 04:30 +02"}},
		{"every second hour in autumn", "0 */2 * * *", "Europe/Berlin", "2026-10-24T23:00:00+02:00",
			[]string{"Sun 2026-10-25 00:00 +02", "Sun 2026-10-25 02:00 +02", "Sun 2026-10-25 02:00 +01", "Sun 2026-10-25 04:00 +01"}},
		{"three hours in autumn", "0 1,2,3 * * *", "Europe/Berlin", "2026-10-24T23:00:00+02:00",
			[]string{"Sun 2026-10-25 01:00 +02", "Sun 2026-10-25 02:00 +02", "Sun 2026-10-25 03:00 +01"}},
		{"New York in spring", "0 2 * * *", "America/New_York", "2026-03-07T00:00:00-05:00",
			[]string{"Sat 2026-03-07 02:00 -05", "Sun 2026-03-08 03:00 -04", "Mon 2026-03-09 02:00 -04"}},
		{"New York in autumn", "15 1 * * *", "America/New_York", "2026-10-31T12:00:00-04:00",
			[]string{"Sun 2026-11-01 01:15 -04", "Mon 2026-11-02 01:15 -05"}},
		{"every half hour in New York in autumn", "*/30 */1 * * *", "America/New_York", "2026-11-01T00:45:00-04:00",
			[]string{"Sun 2026-11-01 01:00 -04", "Sun 2026-11-01 01:30 -04", "Sun 2026-11-01 01:00 -05", "Sun 2026-11-01 01:30 -05", "Sun 2026-11-01 02:00 -05"}},
		{"a time after the change is itself", "0 3 * * *", "Europe/Berlin", "2026-10-24T12:00:00+02:00",
			[]string{"Sun 2026-10-25 03:00 +01", "Mon 2026-10-26 03:00 +01"}},
		{"midnight where it does not exist", "@daily", "America/Santiago", "2026-09-05T12:00:00-04:00",
			[]string{"Sun 2026-09-06 01:00 -03", "Mon 2026-09-07 00:00 -03"}},
		{"a day that was left out", "0 9 * * *", "Pacific/Apia", "2011-12-29T12:00:00-10:00",
			[]string{"Sat 2011-12-31 00:00 +14", "Sat 2011-12-31 09:00 +14"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			table := timetable(t, runbook.Schedule{Cron: tt.cron, Timezone: tt.zone})
			if diff := cmp.Diff(tt.want, slots(t, table, tt.after, len(tt.want))); diff != "" {
				t.Errorf("slots (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSlots(t *testing.T) {
	tests := []struct {
		name     string
		schedule runbook.Schedule
		want     []string
	}{
		{"weekdays", runbook.Schedule{Cron: "30 3 * * mon-fri"},
			[]string{"Fri 2026-11-20 03:30 +00", "Mon 2026-11-23 03:30 +00", "Tue 2026-11-24 03:30 +00"}},
		{"7 is Sunday", runbook.Schedule{Cron: "0 3 * * 7"}, []string{"Sun 2026-11-22 03:00 +00", "Sun 2026-11-29 03:00 +00"}},
		{"a day of the month or of the week", runbook.Schedule{Cron: "0 0 21 * mon"},
			[]string{"Sat 2026-11-21 00:00 +00", "Mon 2026-11-23 00:00 +00", "Mon 2026-11-30 00:00 +00"}},
		{"the last day of the month", runbook.Schedule{Cron: "0 0 L * *"}, []string{"Mon 2026-11-30 00:00 +00", "Thu 2026-12-31 00:00 +00", "Sun 2027-01-31 00:00 +00"}},
		{"monthly", runbook.Schedule{Cron: "@monthly"}, []string{"Tue 2026-12-01 00:00 +00", "Fri 2027-01-01 00:00 +00"}},
		{"a leap day", runbook.Schedule{Cron: "0 0 29 2 *"}, []string{"Tue 2028-02-29 00:00 +00", "Sun 2032-02-29 00:00 +00"}},
		{"excluded dates are the zone's", runbook.Schedule{Cron: "30 0,23 * * *", Timezone: "Europe/Madrid", Exclude: []string{"2026-11-20", "2026-11-21..2026-11-23"}},
			[]string{"Tue 2026-11-24 00:30 +01", "Tue 2026-11-24 23:30 +01"}},
		{"a long exclusion of many slots", runbook.Schedule{Cron: "* * * * *", Exclude: []string{"2026-11-20..2032-12-31"}},
			[]string{"Sat 2033-01-01 00:00 +00", "Sat 2033-01-01 00:01 +00"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, slots(t, timetable(t, tt.schedule), "2026-11-20T00:00:00Z", len(tt.want))); diff != "" {
				t.Errorf("slots (-want +got):\n%s", diff)
			}
		})
	}
}

// The days were found with a calendar and Vixie cron's crontab(5): either field matches, but where the first character of one is *, both must.
func TestDaysOfTheMonthAndOfTheWeek(t *testing.T) {
	tests := []struct {
		cron string
		want []string
	}{
		{"0 3 */2 * 1", []string{"Mon 2026-11-23", "Mon 2026-12-07", "Mon 2026-12-21", "Mon 2027-01-11"}},
		{"0 3 13 * */5", []string{"Sun 2026-12-13", "Sun 2027-06-13", "Fri 2027-08-13"}},
		{"0 3 */10,5 * fri", []string{"Fri 2026-12-11", "Fri 2027-01-01", "Fri 2027-02-05"}},
		{"0 3 */15 * *", []string{"Tue 2026-12-01", "Wed 2026-12-16", "Thu 2026-12-31", "Fri 2027-01-01"}},
		{"0 3 * * */3", []string{"Sat 2026-11-21", "Sun 2026-11-22", "Wed 2026-11-25", "Sat 2026-11-28"}},
		{"0 3 1-31/2 * 1", []string{"Sat 2026-11-21", "Mon 2026-11-23", "Wed 2026-11-25", "Fri 2026-11-27", "Sun 2026-11-29", "Mon 2026-11-30"}},
		{"0 3 5,*/10 * fri", []string{"Fri 2026-11-20", "Sat 2026-11-21", "Fri 2026-11-27", "Tue 2026-12-01", "Fri 2026-12-04", "Sat 2026-12-05"}},
		{"0 3 1,15 * mon-tue", []string{"Mon 2026-11-23", "Tue 2026-11-24", "Mon 2026-11-30", "Tue 2026-12-01"}},
		{"0 3 L * fri", []string{"Fri 2026-11-20", "Fri 2026-11-27", "Mon 2026-11-30", "Fri 2026-12-04"}},
	}
	for _, tt := range tests {
		t.Run(tt.cron, func(t *testing.T) {
			book := &runbook.Runbook{Name: "nightly", Schedule: &runbook.Schedule{Cron: tt.cron}}
			var got []string
			for _, slot := range slots(t, timetable(t, *book.Schedule), "2026-11-20T00:00:00Z", len(tt.want)) {
				got = append(got, strings.TrimSuffix(slot, " 03:00 +00"))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("days (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseAndCheckRefuse(t *testing.T) {
	tests := []struct {
		schedule runbook.Schedule
		want     string
	}{
		{runbook.Schedule{}, `schedule.cron: "" is neither five fields`},
		{runbook.Schedule{Cron: "0 0 30 2 *"}, "schedule.cron: no such time comes in 8 years"},
		{runbook.Schedule{Cron: "0 0 * * *", Exclude: []string{"2020-01-01..9999-12-31"}}, "schedule.cron: no such time comes"},
		{runbook.Schedule{Cron: "0 0 3 * * *"}, `schedule.cron: "0 0 3 * * *" is neither five fields`},
		{runbook.Schedule{Cron: "60 3 * * *"}, `schedule.cron: "60" is not a minute: 0 to 59`},
		{runbook.Schedule{Cron: "0 25 * * *"}, `schedule.cron: "25" is not an hour: 0 to 23`},
		{runbook.Schedule{Cron: "0 3 * * sunday"}, `schedule.cron: "sunday" is not a day of the week: 0 to 7 or sun to sat`},
		{runbook.Schedule{Cron: "TZ=UTC 3 * * *"}, `schedule.cron: "TZ=UTC" is not a minute`},
		{runbook.Schedule{Cron: "5-1 * * * *"}, `schedule.cron: "5-1" is not a minute: a range goes up`},
		{runbook.Schedule{Cron: "0 22-6/2 * * *"}, `schedule.cron: "22-6/2" is not an hour: a range goes up`},
		{runbook.Schedule{Cron: "0 3 * * 1,sat-MON"}, `schedule.cron: "1,sat-MON" is not a day of the week: a range goes up`},
		{runbook.Schedule{Cron: "0 3 *-7 * tue"}, `schedule.cron: "*-7" is not a day of the month: * is all of them`},
		{runbook.Schedule{Cron: "1,,2 * * * *"}, `schedule.cron: "1,,2" is not a minute: there is nothing between two commas`},
		{runbook.Schedule{Cron: "@every 1h"}, `schedule.cron: "@every 1h" is neither five fields`},
		{runbook.Schedule{Cron: "@reboot"}, `schedule.cron: "@reboot" is neither five fields`},
		{runbook.Schedule{Cron: "@daily", Timezone: "Europe/Berlinn"}, "schedule.timezone: unknown time zone Europe/Berlinn"},
		{runbook.Schedule{Cron: "*/10 * * * *", Jitter: runbook.Duration(10 * time.Minute)}, "schedule.jitter: 10m0s is not less than the 10m0s from 2026-11-22 12:10 UTC to the next slot"},
		{runbook.Schedule{Cron: "0,50 * * * *", Jitter: runbook.Duration(20 * time.Minute)}, "schedule.jitter: 20m0s is not less than the 10m0s from 2026-11-22 12:50 UTC"},
		{runbook.Schedule{Cron: "@daily", Exclude: []string{"2026-12-25", "24.12.2026"}}, `schedule.exclude[1]: "24.12.2026" is neither a date`},
	}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			table, err := Parse(&runbook.Runbook{Name: "nightly", Schedule: &tt.schedule})
			if err == nil {
				err = table.Check(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %s", err, tt.want)
			}
		})
	}
}

func TestRangesThatGoUpAreTaken(t *testing.T) {
	for _, cron := range []string{"1-5,10-50/10 0-23 1-31 jan-dec mon-fri", "0 3 L * fri-sun", "0 3 * 11-12 5-7", "0 3 * * fri"} {
		timetable(t, runbook.Schedule{Cron: cron})
	}
}

func TestFaultsHaveTheirPlaceInTheFile(t *testing.T) {
	book, err := runbook.Parse("clean.yaml", []byte("name: clean\nsteps:\n  - op: list\nschedule:\n  cron: 0 25 * * *\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = Parse(book)
	if got, want := fmt.Sprint(err), `clean.yaml:5:9: schedule.cron: "25" is not an hour: 0 to 23, such as 3 or */2`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestZoneOfTheRunbookCounts(t *testing.T) {
	table, err := Parse(&runbook.Runbook{Timezone: "Asia/Tokyo", Schedule: &runbook.Schedule{Cron: "@daily"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := slots(t, table, "2026-11-22T12:00:00Z", 1), []string{"Mon 2026-11-23 00:00 +09"}; !cmp.Equal(got, want) {
		t.Errorf("slots: got %v, want %v", got, want)
	}
}

func TestJitterIsTheSameEverywhereAndDiffersBySlot(t *testing.T) {
	const jitter = time.Hour
	s := runbook.Schedule{Cron: "0 3 * * *", Jitter: runbook.Duration(jitter)}
	a, b := timetable(t, s), timetable(t, s)
	starts := map[time.Duration]bool{}
	slot := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	for range 50 {
		delay := a.Start(slot).Sub(slot)
		if delay < 0 || delay >= jitter {
			t.Errorf("start of %v: got %v after it, want from 0 to %v", slot, delay, jitter)
		}
		if got, want := b.Start(slot.In(time.FixedZone("", 3600))), a.Start(slot); !got.Equal(want) {
			t.Errorf("start on another machine: got %v, want %v", got, want)
		}
		starts[delay] = true
		slot, _ = a.Next(slot)
	}
	if len(starts) < 40 {
		t.Errorf("different delays of 50 slots: got %d", len(starts))
	}
	if got := timetable(t, runbook.Schedule{Cron: "@daily"}).Start(slot); !got.Equal(slot) {
		t.Errorf("start without jitter: got %v, want %v", got, slot)
	}
}

func FuzzParse(f *testing.F) {
	for _, expr := range []string{"30 3 * * mon-fri", "*/5 * * * *", "0 0 L-3 2 *", "@weekly", "TZ=UTC", "0 22-2 1,15 JAN-mar 7"} {
		f.Add(expr, "Europe/Berlin", "2026-12-24..2027-01-06", int64(1_774_745_000))
	}
	f.Fuzz(func(t *testing.T, expr, zone, exclude string, unix int64) {
		table, err := Parse(&runbook.Runbook{Schedule: &runbook.Schedule{Cron: expr, Timezone: zone, Exclude: []string{exclude}}})
		if err != nil {
			return
		}
		after := time.Unix(unix%4_000_000_000, 0)
		for range 5 {
			slot, ok := table.Next(after)
			if !ok {
				return
			}
			if !slot.After(after) {
				t.Fatalf("%q: the slot after %v is %v", expr, after, slot)
			}
			after = slot
		}
	})
}
