package xlsx

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// keptDigits is how many digits of a number spreadsheets keep.
const keptDigits = 15

// epoch says from which day a workbook counts.
type epoch struct{ is1904 bool }

// number returns a number as its style shows it, and whether it has more digits than a spreadsheet keeps. A style that leaves digits out of a
// whole number, as 3.46E+11 does, does not count.
func (w *Workbook) number(value string, style int) (text string, rounded bool) {
	x, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsInf(x, 0) || math.IsNaN(x) {
		return value, false
	}
	var f format
	if style >= 0 && style < len(w.styles) {
		f = w.styles[style]
	}
	if f.isTime() {
		if text, ok := w.from.time(x, f); ok {
			return text, false
		}
	}
	digits := value
	if strings.Trim(value, "0123456789") != "" {
		digits = plain(x)
	}
	rounded = len(strings.TrimLeft(digits, "-")) > keptDigits && !strings.Contains(digits, ".")
	return f.number(x, digits), rounded
}

// plain returns a number with the digits that a spreadsheet shows, and without an exponent.
func plain(x float64) string {
	if x == math.Trunc(x) && math.Abs(x) < 1e21 {
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	short, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', keptDigits, 64), 64)
	if err != nil {
		short = x
	}
	return strconv.FormatFloat(short, 'f', -1, 64)
}

const (
	lastDay = 2958465 // 9999-12-31
	noDay   = 60      // 1900-02-29, which there was not
)

// time returns a day, a time, or both in ISO 8601: how a sheet shows them depends on the language of the machine.
func (e epoch) time(x float64, f format) (text string, ok bool) {
	day := math.Floor(x)
	if x < 0 || day > lastDay || f.day && !e.is1904 && day == noDay {
		return "", false
	}
	seconds := int64(math.Round((x - day) * 24 * 60 * 60))
	if !f.day {
		if !f.elapsed {
			day = 0
		}
		total := int64(day)*24*60*60 + seconds
		return clock(total), true
	}
	from := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	if e.is1904 {
		from = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	} else if day < noDay {
		from = from.AddDate(0, 0, 1)
	}
	if !f.clock {
		return from.AddDate(0, 0, int(day)).Format(time.DateOnly), true
	}
	return from.AddDate(0, 0, int(day)).Add(time.Duration(seconds) * time.Second).Format("2006-01-02T15:04:05"), true
}

func clock(seconds int64) string {
	two := func(n int64) string {
		if n < 10 {
			return "0" + strconv.FormatInt(n, 10)
		}
		return strconv.FormatInt(n, 10)
	}
	return two(seconds/3600) + ":" + two(seconds/60%60) + ":" + two(seconds%60)
}
