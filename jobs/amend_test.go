package jobs

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Whatever is added to Options is either refused or taken when a job goes on: nothing is passed over.
func TestEveryOptionIsListed(t *testing.T) {
	var set func(path string, v reflect.Value, check func(path string))
	set = func(path string, v reflect.Value, check func(string)) {
		for i := range v.NumField() {
			f, name := v.Field(i), path+v.Type().Field(i).Name
			if name == "Origin.Made" {
				continue // it says where to read, not what to do, and jobs of older releases have none
			}
			switch f.Kind() {
			case reflect.Struct:
				set(name+".", f, check)
				continue
			case reflect.String:
				f.SetString("x")
			case reflect.Bool:
				f.SetBool(true)
			case reflect.Float64:
				f.SetFloat(0.5)
			default:
				f.SetInt(7)
			}
			check(name)
			f.SetZero()
		}
	}
	var o Options
	set("", reflect.ValueOf(&o).Elem(), func(name string) {
		_, taken := Options{}.Amend(o, nil, time.Now())
		if refused := (Options{}).Refuses(o); len(taken)+len(refused) != 1 {
			t.Errorf("%s: taken %v, refused %v, want one of them", name, taken, refused)
		}
	})
}

func TestAmend(t *testing.T) {
	before := Defaults()
	before.Rate, before.Burst, before.Window, before.Timezone = 60, 6, "22:00-06:00", "Europe/Madrid"
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	given := func(flags ...string) func(string) bool {
		return func(flag string) bool {
			for _, f := range flags {
				if f == flag {
					return true
				}
			}
			return false
		}
	}
	for _, test := range []struct {
		name   string
		before func(*Options)
		asked  func(*Options)
		given  func(string) bool
		want   []string
	}{
		{"nothing is given", nil, func(o *Options) { *o = Defaults() }, given(), nil},
		{"a rate, and the burst that follows", nil, func(o *Options) { o.Rate, o.Burst = 30, 3 }, given("rate"), []string{`--rate is "30" and was "60"`, `--burst is "3" and was "6"`}},
		{"a rate beside a burst of its own", func(o *Options) { o.Burst = 20 }, func(o *Options) { o.Rate, o.Burst = 30, 3 }, given("rate"), []string{`--rate is "30" and was "60"`}},
		{"no window", nil, func(o *Options) { o.Window, o.Timezone = "", "" }, given("window"), []string{`--window is not given and was "22:00-06:00"`}},
		{"another window, in the same zone", nil, func(o *Options) { o.Window, o.Timezone = "20:00-06:00", "Asia/Tokyo" }, given("window"), []string{`--window is "20:00-06:00" and was "22:00-06:00"`}},
		{"a deadline, of today", nil, func(o *Options) { o.FinishBy = "18:00" }, given("finish-by"), []string{`--finish-by is "2026-11-27 18:00" and was not given`}},
		{"all, as of a file", nil, func(o *Options) { o.Rate, o.Burst, o.Window, o.Timezone, o.Attempts = 5, 1, "", "", 3 }, nil,
			[]string{`--rate is "5" and was "60"`, `--burst is "1" and was "6"`, `--attempts is "3" and was "5"`, `--window is not given and was "22:00-06:00"`, `--timezone is not given and was "Europe/Madrid"`}},
		{"what a row means", nil, func(o *Options) { o.App, o.BatchSize, o.Where, o.Resend = "b", 1, "x", ResendAlways }, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			from := before
			if test.before != nil {
				test.before(&from)
			}
			asked := from
			test.asked(&asked)
			_, changes := from.Amend(asked, test.given, now)
			var got []string
			for _, c := range changes {
				got = append(got, c.String())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}
