package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/sunbulk/sunbulk/internal/folder"
	"github.com/sunbulk/sunbulk/jobs"
)

// Undo counts the rows that WriteUndo wrote.
type Undo struct {
	Possible   int64 // in undo.csv
	Impossible int64 // in undo_not_possible.csv
}

// WriteUndo writes undo.csv into a job's folder: input that takes back what the job did as far as that is
// known, the last row first. With all it also writes undo_not_possible.csv, the rows that did something or
// may have, and cannot be taken back, with the cause. It reads the Chunks of src alone. An error leaves the
// folder's files as they were, unless putting the finished files in place is what went wrong.
func WriteUndo(ctx context.Context, to *folder.Folder, job jobs.Job, src Source, all bool) (Undo, error) {
	f, err := newDraft(to)
	if err != nil {
		return Undo{}, err
	}
	defer f.discard()
	sp, err := openSpool(f.Dir())
	if err != nil {
		return Undo{}, err
	}
	defer sp.close()

	sc := newScope(job)
	brands, err := spoolDeeds(ctx, sp, sc, src, all)
	if err != nil {
		return Undo{}, err
	}
	undo, err := writeUndo(ctx, f, sp, sc.last, brands)
	if err != nil {
		return Undo{}, err
	}
	return undo, f.publish()
}

// spoolDeeds spools the outcomes of rows in the scope that can be taken back, with all also of those that did something,
// or may have, and cannot. It tells whether one of their users has a brand.
func spoolDeeds(ctx context.Context, sp *spool, sc *scope, src Source, all bool) (brands bool, err error) {
	for k, err := range src.Chunks(ctx) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return false, fmt.Errorf("read outcomes: %w", err)
		}
		for i := range k.Outcomes {
			o := &k.Outcomes[i]
			possible, cause := undoing(o)
			if !sc.has(o.Row.Number, false) || !possible && (!all || cause == "") {
				continue
			}
			has, err := sp.has(o.Row.Number)
			if err == nil && !has {
				brands = brands || o.Row.BrandID != ""
				err = sp.put(&record{Outcome: *o})
			}
			if err != nil {
				return false, err
			}
		}
	}
	return brands, sp.flush()
}

// undoing tells whether what a row did can be taken back, and if not, why. Of a row that did
// nothing there is neither.
func undoing(o *jobs.Outcome) (possible bool, cause string) {
	switch {
	case o.Kind == jobs.OK && o.ClientID != "" && o.Row.Op.Undo() != "":
		return true, ""
	case o.Row.Op.Creates() && o.Kind == jobs.OK:
		return false, "the API did not name the client that it made: list the user's clients"
	case o.Row.Op.Creates() && o.Kind == jobs.InDoubt:
		return false, "a client may have been made: list the user's clients"
	case o.Row.Op.Looks() && !o.Row.Op.Creates() && o.Kind == jobs.OK:
		return false, "what it made stays: sunbulk deletes neither users nor conversations"
	case o.Row.Op.Looks() && !o.Row.Op.Creates() && o.Kind == jobs.InDoubt:
		return false, "a user or a conversation may have been made, and sunbulk deletes neither"
	case o.Row.Op.Removes() && o.Kind == jobs.OK:
		return false, "what the removed client was linked to is not known: its number or address, and its conversation"
	case o.Row.Op.Removes() && (o.Kind == jobs.InDoubt || o.Kind == jobs.Failed && lost(o)):
		return false, "the client may be gone, as the answer was lost: list the user's clients"
	}
	return false, ""
}

// lost tells whether the last call of a row may have done its work all the same.
func lost(o *jobs.Outcome) bool {
	return o.ErrorCode == "no_answer" || o.ErrorCode == "unreadable_answer" || o.HTTPStatus >= 500
}

// writeUndo walks the spooled rows from the last to the first.
func writeUndo(ctx context.Context, f *draft, sp *spool, last int64, brands bool) (Undo, error) {
	header := []string{"op", "user", "clientId"}
	if brands {
		header = append(header, "brandId")
	}
	possible, possibleHeader := f.sheet("undo.csv"), slices.Concat(header, []string{"row"})
	impossible, impossibleHeader := f.sheet("undo_not_possible.csv"), slices.Concat(header, []string{"row", "line", "outcome", "cause"})
	var undo Undo
	for r, err := range sp.backwards(last) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return Undo{}, err
		}
		can, cause := undoing(&r.Outcome)
		cells := []string{string(r.Row.Op.Undo()), r.Row.User, cmp.Or(r.ClientID, r.Row.ClientID)}
		if brands {
			cells = append(cells, r.Row.BrandID)
		}
		cells = append(cells, strconv.FormatInt(r.Row.Number, 10))
		if can {
			undo.Possible++
			err = possible.write(possibleHeader, cells)
		} else {
			undo.Impossible++
			cells[0] = string(r.Row.Op)
			err = impossible.write(impossibleHeader, append(cells, number(r.Row.Line), string(r.Kind), cause))
		}
		if err != nil {
			return Undo{}, err
		}
	}
	return undo, nil
}
