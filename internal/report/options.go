package report

import (
	"bytes"
	"encoding/json"

	"github.com/sunbulk/sunbulk/jobs"
)

// Options is what the job was asked to do, in the words of the command line. Its JSON has the options of jobs.OptionTable, such as
// "timeout": "30s", and those of its filter.
type Options struct{ jobs.Options }

// MarshalJSON writes numbers as numbers, and other options as texts.
func (o Options) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for _, option := range jobs.OptionTable() {
		text := option.Text(&o.Options)
		if option.Optional && option.IsZero(&o.Options) {
			continue
		}
		value := []byte(text)
		if option.Type == jobs.TextOption || option.Type == jobs.TimeOption {
			var err error
			if value, err = json.Marshal(text); err != nil {
				return nil, err
			}
		}
		out.WriteString(`"` + option.JSONName() + `":`)
		out.Write(append(value, ','))
	}
	filter, err := json.Marshal(o.Filter)
	if err != nil {
		return nil, err
	}
	if string(filter) == "{}" {
		out.Truncate(out.Len() - 1)
	}
	out.Write(filter[1:])
	return out.Bytes(), nil
}

// Words returns the options for people, without those that are not given.
func (o Options) Words() (all []struct{ Name, Text string }) {
	for _, option := range jobs.OptionTable() {
		if text := option.Words(&o.Options); text != "" {
			all = append(all, struct{ Name, Text string }{option.Name, text})
		}
	}
	return all
}
