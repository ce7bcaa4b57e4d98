package input

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sunbulk/sunbulk/internal/spelling"
	"github.com/sunbulk/sunbulk/jobs"
)

// fill makes the row of a record's cells and checks it. Its error is errFiltered, or a *jobs.FieldError
// whose column is a name of the layout, or a path that --set gives.
func (l *layout) fill(row *jobs.Row, cells []string) error {
	p, err := l.choose(cells)
	if err != nil {
		return err
	}
	row.Op = p.operation.Name
	if l.rerun >= 0 {
		if err := l.binder.heed(row.Op, cells[l.rerun], l.names[l.rerun]); err != nil {
			return err
		}
	}
	row.Lineage = l.descent(cells)
	row.Carry = l.carry(row.Op, cells)
	for _, c := range p.cells {
		*c.field(row) = cells[c.index]
	}
	if err := l.passes(row.Op, cells); err != nil {
		return err
	}
	for _, f := range p.set {
		if f.clashes(cells) {
			return &jobs.FieldError{Column: l.names[f.index], Cause: "holds another value than " + l.binder.option("set") + " gives " + f.path}
		}
		value := f.value
		if f.computed != nil {
			if value, err = f.compute(row.Op, cells, l.binder.now); err != nil {
				return err
			}
		}
		*f.field(row) = value
	}
	if err := l.spare(row, cells); err != nil {
		return err
	}
	if err := l.mended(p, row, cells); err != nil {
		return err
	}
	local := l.binder.dial(row)
	err = l.binder.check(&p.operation, row)
	if local != nil {
		err = local.explain(err)
	}
	if e, ok := errors.AsType[*jobs.FieldError](err); ok {
		return &jobs.FieldError{Column: p.name(l.names, e.Column), Cause: e.Cause}
	}
	return err
}

// descent returns which rows of earlier jobs the record runs again. With --allow-duplicates it is a row like any other.
func (l *layout) descent(cells []string) jobs.Lineage {
	if l.lineage < 0 || l.binder.allow || strings.TrimSpace(cells[l.lineage]) == "" {
		return ""
	}
	lineage, ok := jobs.ParseLineage(cells[l.lineage])
	if !ok {
		l.binder.say(fmt.Sprintf("column %s is not read where it names no row of a job, such as 20261122-153012-k3f9:17", quote(l.names[l.lineage])))
	}
	return lineage
}

// choose returns the plan of the record's operation.
func (l *layout) choose(cells []string) (*plan, error) {
	op, column := l.binder.op, opPath
	if l.op >= 0 {
		column = l.names[l.op]
		if own := strings.TrimSpace(cells[l.op]); own != "" {
			if set := l.binder.setTo(opPath); set != "" && !strings.EqualFold(set, own) {
				return nil, &jobs.FieldError{Column: column, Cause: "holds another value than " + l.binder.option("set") + " gives op"}
			}
			op = own
		}
	}
	p := l.find(op)
	switch {
	case op == "":
		return nil, &jobs.FieldError{Column: column, Cause: "is empty, and no --op is given"}
	case p == nil:
		_, err := jobs.FindOperation(op)
		cause := "holds an " + err.Error()
		if near := spelling.Nearest(op, jobs.OperationNames()); near != "" {
			cause += "; did you mean " + near + "?"
		}
		return nil, &jobs.FieldError{Column: column, Cause: cause}
	case p.clash != nil:
		return nil, &jobs.FieldError{Cause: p.clash.Cause + "; " + p.clash.Hint}
	}
	return p, nil
}

// clashes tells whether a cell holds another value than the constant that --set gives.
func (f *field) clashes(cells []string) bool {
	if f.index < 0 || f.computed != nil {
		return false
	}
	own := strings.TrimSpace(cells[f.index])
	return own != "" && own != f.value
}

// reject makes the record of a row that cannot be queued; err is usually a *jobs.FieldError.
func reject(line int64, err error, names, values []string) Record {
	r := &jobs.Rejection{Line: line, Names: names, Values: values}
	if e, ok := errors.AsType[*jobs.FieldError](err); ok {
		r.Column, r.Cause = e.Column, e.Cause
	} else {
		r.Cause = err.Error()
		r.Duplicate = errors.As(err, new(*duplicateError))
	}
	return Record{Rejection: r}
}

// keep returns a copy of the cells that holds at most maxKept bytes of them.
func keep(cells []string) []string {
	kept := make([]string, len(cells))
	room := maxKept
	for i, c := range cells {
		kept[i] = cut(c, room)
		room = max(0, room-len(c))
	}
	return kept
}

// cut returns at most n bytes of s and a mark that there was more. It does not hold on to the rest.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.Clone(strings.ToValidUTF8(s[:n], "")) + "…"
}

// remark says which columns nothing reads.
func (l *layout) remark() {
	b := l.binder
	for i, name := range l.names {
		normal := normalise(name)
		switch {
		case normal == "", isReported(normal), l.evaluated[i], l.read(l.paths[i]), slices.Contains(l.carried, i):
		case normal == opPath && b.step != "":
			b.say(fmt.Sprintf("column %s is not read: the runbook says what its steps do", quote(name)))
		case len(l.paths[i]) > 0:
			b.say(fmt.Sprintf("column %s is not read by %s", quote(name), b.op))
		case len(b.paths[normal]) > 0:
			b.say(fmt.Sprintf("column %s is not read: another column or %s gives %s", quote(name), b.option("map"), strings.Join(b.paths[normal], " and ")))
		default:
			message := fmt.Sprintf("column %s is not read", quote(name))
			if near := b.near(name); near != "" {
				message += "; did you mean " + near + "?"
			}
			b.say(message)
		}
	}
}

// read tells whether an operation that the records may name reads one of the paths.
func (l *layout) read(paths []string) bool {
	for _, path := range paths {
		for _, p := range l.plans {
			if path == opPath || p.operation.Reads(path) && (l.op >= 0 || p.operation.Name == jobs.Op(strings.ToLower(l.binder.op))) {
				return true
			}
		}
	}
	return false
}
