package acctest_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// The acceptance tests that don't run through servers are these and no others; each says why where it calls NotThroughServer,
// or OnFile for one that doesn't run in PostgreSQL either.
func TestPlacesOfTests(t *testing.T) {
	want := []string{
		"TestDatabaseFromEnvironment",
		"TestLastOwner",
		"TestLastOwnerIsTechnicalUser",
		"TestListResourceWithoutDatabase",
		"TestListsOfUnreachableDatabase",
		"TestListsWithoutDatabase",
		"TestNewDatabase",
		"TestOrganization",
		"TestWrongDatabase", // one case of two
	}
	var got []string
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		for _, declaration := range file.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok {
				continue
			}
			ast.Inspect(function, func(n ast.Node) bool {
				if called, ok := n.(*ast.SelectorExpr); ok && (called.Sel.Name == "OnFile" || called.Sel.Name == "NotThroughServer") {
					got = append(got, function.Name.Name)
				}
				return true
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the tests that don't run through servers are %q, want %q", got, want)
	}
}

// What a test finds does not depend on when the use of the credential by which the provider asks is written down.
func TestListsBesideCredential(t *testing.T) {
	b := acctest.NewAtServer(t)
	p := b.MakePeople()
	b.MakeTokenOf(p.CI, tokens.NewAccessToken{Settings: tokens.Settings{Name: "alpha", Enabled: true}})
	b.Advance(acctest.Day)
	asking := b.AsHolder(b.Place.Credential())
	for i, query := range []tokens.TokenQuery{
		{UnusedFor: time.Hour, CountTotal: true}, // before its first use was noted
		{UnusedFor: time.Hour, CountTotal: true},
		{Sort: tokens.ColumnLastUsedAt, Descending: true, Limit: 1, CountTotal: true},
	} {
		page, err := asking.AccessTokens(context.Background(), query)
		b.Must(err)
		if len(page.AccessTokens) != 1 || page.AccessTokens[0].Name != "alpha" || page.Total != 1 {
			t.Errorf("query %d: %d access tokens of %d, want alpha alone", i, len(page.AccessTokens), page.Total)
		}
	}
}
