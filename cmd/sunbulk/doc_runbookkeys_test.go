package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/sunbulk/sunbulk/internal/runbook"
)

// property is a part of the schema of runbooks.
type property struct {
	Ref              string `json:"$ref"`
	Title            string // what a value is, for people
	Description      string
	Type             any
	Default          json.RawMessage
	Enum             []string
	Const            json.RawMessage
	Minimum, Maximum *float64
	OneOf            []property
	Items            *property
	Required         []string
	Properties       properties
	Definitions      map[string]property
}

// properties are in the order of the schema.
type properties []named

type named struct {
	name string
	property
}

func (p *properties) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var of property
		if err := d.Decode(&of); err != nil {
			return err
		}
		*p = append(*p, named{fmt.Sprint(name), of})
	}
	return nil
}

func writeRunbookKeys(t *testing.T, out io.Writer) {
	var root property
	if err := json.Unmarshal(runbook.Schema(), &root); err != nil {
		t.Fatal(err)
	}
	step := root.Definitions["step"]
	var own []string // keys of a step that mean what they mean for all steps
	for _, p := range root.Properties {
		if i := slices.IndexFunc(step.Properties, func(o named) bool { return o.name == p.name && o.Ref == p.Ref && o.Description == "" }); i >= 0 {
			own = append(own, p.name)
			step.Properties = slices.Delete(step.Properties, i, i+1)
		}
	}
	fmt.Fprint(out, "## Runbook keys\n\nFrom the schema that `sunbulk runbook schema` prints. [Runbooks](runbooks.md) explains them.\n\n### Of a runbook\n\n")
	writeKeys(t, out, &root, root)
	fmt.Fprintf(out, "### Of a step\n\nWithin a step, these are of that step alone: %s.\n\n", quoted(own, "and"))
	writeKeys(t, out, &root, step)
	for _, name := range []string{"canary", "caps", "schedule"} {
		of := root.Definitions[name]
		if of.OneOf != nil {
			of = of.OneOf[len(of.OneOf)-1]
		}
		fmt.Fprintf(out, "### Of `%s`\n\n", name)
		writeKeys(t, out, &root, of)
	}
}

// writeKeys writes the keys of one mapping.
func writeKeys(t *testing.T, out io.Writer, root *property, of property) {
	var lines [][]string
	for _, p := range of.Properties {
		full := p.within(root)
		if full.Description == "" {
			t.Errorf("internal/runbook/runbook.schema.json does not describe %s", p.name)
		}
		preset := ""
		switch {
		case slices.Contains(of.Required, p.name):
			preset = "needed"
		case full.Default != nil:
			preset = "`" + strings.Trim(string(full.Default), `"`) + "`"
		}
		lines = append(lines, []string{"`" + p.name + "`", full.value(root), preset, strings.TrimSuffix(full.Description, ".")})
	}
	writeTable(out, []string{"key", "value", "default", "meaning"}, lines)
}

// within is the property with what its definition says, where it says no more itself.
func (p property) within(root *property) property {
	if p.Ref == "" {
		return p
	}
	of := root.Definitions[strings.TrimPrefix(p.Ref, "#/definitions/")].within(root)
	of.Description = cmp.Or(p.Description, of.Description)
	if p.Default != nil {
		of.Default = p.Default
	}
	return of
}

// value says what a value of the property is.
func (p property) value(root *property) string {
	p = p.within(root)
	switch {
	case p.Title != "":
		return p.Title
	case p.Const != nil:
		return "`" + string(p.Const) + "`"
	case p.Enum != nil:
		return quoted(p.Enum, "or")
	case p.Items != nil:
		return "list of " + p.Items.value(root)
	case p.OneOf != nil:
		var all []string
		for _, one := range p.OneOf {
			if text := one.value(root); text != "" && !slices.Contains(all, text) {
				all = append(all, text)
			}
		}
		return strings.Join(all, ", or ")
	}
	bounds := ""
	switch {
	case p.Minimum != nil && p.Maximum != nil:
		bounds = fmt.Sprintf(", %s to %s", group(int64(*p.Minimum)), group(int64(*p.Maximum)))
	case p.Minimum != nil && *p.Minimum != 0:
		bounds = fmt.Sprintf(", at least %s", group(int64(*p.Minimum)))
	}
	kinds := map[string]string{"string": "text", "integer": "whole number", "number": "number", "boolean": "`true` or `false`", "object": "mapping"}
	if one, ok := p.Type.(string); ok {
		return kinds[one] + bounds
	}
	several, _ := p.Type.([]any)
	var all []string
	for _, one := range several {
		all = append(all, kinds[fmt.Sprint(one)])
	}
	return strings.Join(all, " or ")
}
