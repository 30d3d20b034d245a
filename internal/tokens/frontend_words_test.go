package tokens_test

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// frontendWords are words of Terraform and of the command line. The packages below both say what is wrong in words of
// the domain, and leave it to each frontend to name its own way out.
var frontendWords = regexp.MustCompile(`(?i)terraform|tofu|\bimport\b|\bremoved block|latchkey_|` +
	`(?-i:\blatchkey [a-z])|(^|[\s(])--[a-z]|\b(re)?appl(y|ies|ied)\b|\bplan(s|ned)?\b|\bprovider|\bresource|` +
	`\b(regenerate|replace)_triggers|\bcommand line|\bdoctor\b|\bflags?\b|\bact_as\b`)

// domainWords are the texts that hold such a word, and mean something of the domain by it.
var domainWords = map[string]bool{
	// Each variable has one name for both frontends.
	"LATCHKEY_DATABASE": true, "LATCHKEY_ENDPOINT": true, "LATCHKEY_TOKEN": true, "LATCHKEY_TRUST_DIRECTORY": true,
	"LATCHKEY_RUN": true,
	// What a system that runs pipelines sets.
	"ATLANTIS_TERRAFORM_VERSION": true,
	// The channel of notifications in PostgreSQL.
	"latchkey_%016x": true,
	// The field by which a caller asks to work as a member.
	"act_as": true,
}

func TestFrontendWords(t *testing.T) {
	for _, directory := range []string{"../tokens", "../service", "../store", "../verify"} {
		read := 0
		err := filepath.WalkDir(directory, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") ||
				strings.Contains(path, "pgtest") { // which is for tests alone
				return err
			}
			read++
			for _, found := range findFrontendWords(t, path, nil) {
				t.Error(found)
			}
			return nil
		})
		if err != nil || read == 0 {
			t.Errorf("%s: %d files were read, %v", directory, read, err)
		}
	}
}

// A word that is planted is found, in one literal or over several.
func TestFrontendWordsAreFound(t *testing.T) {
	for _, text := range []string{
		`"run terraform"`, "`write import {`", `"use a latchkey_role"`, `"say --replace-another"`, `"(--database)"`,
		`"set LATCHKEY_DATABASE"`, `"run latchkey doctor"`, `"a value in regenerate_" + "triggers"`, `"plan again"`,
		`"the first apply makes it"`, `"leave act_as out"`,
	} {
		if len(findFrontendWords(t, "planted.go", "package p\n\nvar text = "+text+"\n")) != 1 {
			t.Errorf("nothing was found in %s", text)
		}
	}
	harmless := "package p\n\nimport \"example.com/provider\"\n\ntype t struct {\n\tA int `plan:\"apply\"`\n}\n\n" +
		"var text = \"there is no database of Latchkey at latchkey.db\"\n"
	if found := findFrontendWords(t, "harmless.go", harmless); found != nil {
		t.Errorf("found %v", found)
	}
}

// findFrontendWords returns the texts in a Go file that hold words of a frontend. Literals that are added up are one
// text; imports and tags are none.
func findFrontendWords(t *testing.T, path string, source any) (found []string) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			node.Tag = nil
		case ast.Expr:
			text, ok := literalText(node)
			if word := frontendWords.FindString(text); ok && word != "" && !domainWords[text] {
				found = append(found, files.Position(node.Pos()).String()+": "+word+": "+text)
			}
			return !ok
		}
		return true
	})
	return found
}

// literalText returns the text of a literal, or of literals that are added up.
func literalText(node ast.Expr) (string, bool) {
	switch node := node.(type) {
	case *ast.BasicLit:
		if node.Kind == token.STRING {
			return constant.StringVal(constant.MakeFromLiteral(node.Value, token.STRING, 0)), true
		}
	case *ast.BinaryExpr:
		left, ok := literalText(node.X)
		right, also := literalText(node.Y)
		return left + right, ok && also && node.Op == token.ADD
	}
	return "", false
}
