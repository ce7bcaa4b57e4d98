package expression

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
)

// nowName is the variable that holds the time.
const nowName = "now"

// resolver puts fields in the place of the names that an expression has for them, constants in that
// of variables, and refuses what is not part of the language. A field stands in env under a name
// that no expression can spell. It may pass over the same expression again.
type resolver struct {
	scope  Scope
	fields []Field
	env    map[string]any // what the expression reads, with values of its types
	err    *Error         // the first
	uses   Uses
}

func newResolver(scope Scope) *resolver {
	return &resolver{scope: scope, env: map[string]any{nowName: time.Time{}}}
}

// Visit is called for the parts of an expression before it is for the whole.
func (r *resolver) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.MemberNode:
		r.member(node, n)
	case *ast.CallNode:
		r.call(node, n)
	case *ast.BuiltinNode:
		r.builtin(n)
	case *ast.BinaryNode:
		r.binary(node, n)
	case *ast.IdentifierNode:
		r.uses.Time = r.uses.Time || n.Value == nowName
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.StringNode, *ast.ConstantNode,
		*ast.UnaryNode, *ast.ConditionalNode, *ast.ArrayNode:
	case *ast.NilNode:
		r.refuse(n, "there is no nil here", `a field without a value is ""`)
	default:
		r.refuse(n, "uses what this language leaves out", "it knows texts, numbers, times, lists, operators and a few functions")
	}
}

// member replaces row.user and the like.
func (r *resolver) member(node *ast.Node, n *ast.MemberNode) {
	chain, root := chainOf(n)
	if root == nil {
		return
	}
	name := strings.Join(chain, ".")
	if chain[0] == "vars" {
		if value, ok := r.scope.vars[strings.Join(chain[1:], ".")]; ok {
			r.uses.Vars = append(r.uses.Vars, strings.Join(chain[1:], "."))
			ast.Patch(node, &ast.StringNode{Value: value})
		} else {
			r.refuseVariable(root, name)
		}
		return
	}
	if f, ok := r.scope.find(chain); ok {
		if !slices.Contains(r.fields, f) {
			r.fields = append(r.fields, f)
		}
		r.env[f.String()] = ""
		ast.Patch(node, &ast.IdentifierNode{Value: f.String()})
	} else if !r.scope.leads(chain) {
		r.refuse(root, name+" is not known", r.scope.near(name))
	}
}

// refuseVariable tells how a variable comes to be known, which is another way in a runbook.
func (r *resolver) refuseVariable(root ast.Node, name string) {
	variable, near := strings.TrimPrefix(name, "vars."), r.scope.near(name)
	if r.scope.runbook {
		r.refuse(root, "the runbook has no variable "+variable, cmp.Or(near, "declare "+variable+" under vars:"))
		return
	}
	r.refuse(root, "there is no --var "+variable, near)
}

// chainOf returns the names of a.b.c and the node of a, or nil when it is none of a known source.
func chainOf(n ast.Node) ([]string, ast.Node) {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		if isSource(n.Value) {
			return []string{n.Value}, n
		}
	case *ast.MemberNode:
		if property, ok := n.Property.(*ast.StringNode); ok {
			if chain, root := chainOf(n.Node); root != nil {
				return append(chain, property.Value), root
			}
		}
	}
	return nil, nil
}

func isSource(name string) bool {
	return name == "row" || name == "client" || name == "vars" || name == "created" || name == "conversation"
}

// call writes age(t) as now - time(t), whose type the language knows, and refuses unknown functions.
func (r *resolver) call(node *ast.Node, n *ast.CallNode) {
	callee, ok := n.Callee.(*ast.IdentifierNode)
	switch {
	case !ok:
		r.refuse(n, "calls what is no function", "")
	case callee.Value == "age" && len(n.Arguments) == 1:
		r.uses.Time = true
		now, since := &ast.IdentifierNode{Value: nowName}, &ast.CallNode{Callee: &ast.IdentifierNode{Value: "time"}, Arguments: n.Arguments}
		for _, part := range []ast.Node{now, since, since.Callee} {
			part.SetLocation(n.Location())
		}
		ast.Patch(node, &ast.BinaryNode{Operator: "-", Left: now, Right: since})
	case callee.Value == "age":
		r.refuse(n, "age takes one time", "e.g. age(client.lastSeen)")
	case functions[callee.Value] == nil:
		r.refuseFunction(n, callee.Value)
	}
}

// builtin refuses one that the library would run, but not as anybody means it.
func (r *resolver) builtin(n *ast.BuiltinNode) {
	switch {
	case !slices.Contains(builtins, n.Name) && functions[n.Name] == nil:
		r.refuseFunction(n, n.Name)
	case (n.Name == "trimPrefix" || n.Name == "trimSuffix") && len(n.Arguments) != 2:
		r.refuse(n, n.Name+" takes a text and what it loses", fmt.Sprintf("e.g. %s(row.user, \"x\")", n.Name))
	}
}

func (r *resolver) binary(node *ast.Node, n *ast.BinaryNode) {
	switch n.Operator {
	case "/", "*", "%":
		bound(node, n)
	case "..", "??", "**", "^":
		r.refuse(n, "there is no operator "+n.Operator, "")
	case "matches":
		if _, ok := n.Right.(*ast.StringNode); !ok {
			r.refuse(n, "matches takes a pattern in quotes", `e.g. row.user matches "^cust-[0-9]+$"`)
		}
	case "<", "<=", ">", ">=", "==", "!=":
		for _, pair := range [][2]ast.Node{{n.Left, n.Right}, {n.Right, n.Left}} {
			if number := literal(pair[1]); number != "" && isDuration(pair[0]) {
				r.refuse(n, "a duration is compared with the number "+number, "write days("+number+"), or hours("+number+")")
			}
		}
	}
}

// isDuration tells an age, days or hours, as call leaves them.
func isDuration(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BinaryNode:
		now, ok := n.Left.(*ast.IdentifierNode)
		return ok && n.Operator == "-" && now.Value == nowName
	case *ast.CallNode:
		callee, ok := n.Callee.(*ast.IdentifierNode)
		return ok && (callee.Value == "days" || callee.Value == "hours")
	}
	return false
}

// literal returns a number as it stands in the expression, or "".
func literal(n ast.Node) string {
	switch n := n.(type) {
	case *ast.IntegerNode:
		return strconv.Itoa(n.Value)
	case *ast.FloatNode:
		return strconv.FormatFloat(n.Value, 'f', -1, 64)
	}
	return ""
}

func (r *resolver) refuseFunction(n ast.Node, name string) {
	r.refuse(n, "there is no function "+name, "known are "+strings.Join(functionNames(), ", "))
}

func (r *resolver) refuse(n ast.Node, cause, hint string) {
	if r.err == nil {
		r.err = &Error{At: n.Location().From + 1, Cause: cause, Hint: hint}
	}
}

// failure returns what was refused, or what is left of a resolved expression that stands for nothing.
func (r *resolver) failure(resolved ast.Node) error {
	if r.err == nil {
		ast.Walk(&resolved, leftover{r})
	}
	if r.err != nil {
		return r.err
	}
	return nil
}

// leftover refuses names that the resolver has not replaced.
type leftover struct{ *resolver }

func (l leftover) Visit(node *ast.Node) {
	n, ok := (*node).(*ast.IdentifierNode)
	if !ok || n.Value == nowName || l.env[n.Value] != nil || functions[n.Value] != nil || operators[n.Value] != nil {
		return
	}
	if isSource(n.Value) {
		l.refuse(n, n.Value+" is no value by itself", `name a field, e.g. row.user, row.columns["Old id"], client.type or vars.name`)
		return
	}
	hint := "quote a text; fields begin with row., client. or vars."
	if near := l.scope.near("row." + n.Value); near != "" {
		hint = near
	}
	l.refuse(n, fmt.Sprintf("%s is not known", n.Value), hint)
}

// recheck takes from calls what the checker found of them before the fields were known, or it would not look at them, and at
// their arguments, again. The library runs it behind all other patches.
type recheck struct{}

func (recheck) Reset()             {}
func (recheck) ShouldRepeat() bool { return false }

func (recheck) Visit(node *ast.Node) {
	if n, ok := (*node).(*ast.CallNode); ok {
		n.SetType(nil)
	}
}
