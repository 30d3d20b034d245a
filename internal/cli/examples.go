package cli

import (
	"strings"

	"github.com/alecthomas/kong"
)

// examples are command lines as people use them, by command. A test runs each of them.
var examples = map[string][]string{
	"token list": {
		"latchkey token list",
		"latchkey token list --status active --expires-within 30d",
		"latchkey token list --unused-for 90d --columns name,technical_user",
	},
	"token show": {
		"latchkey token show deploy",
		"latchkey token show ci@acme.latchkey.internal/deploy --json",
		"latchkey token show - <value.txt",
	},
	"token create": {
		`latchkey token create "by hand" --ttl 8h`,
		"latchkey token create nightly --technical-user reports --ttl 90d",
		"latchkey token create deploy --group payments | gh secret set DEPLOY_TOKEN",
	},
	"token edit": {
		`latchkey token edit deploy --description "Deploys the shop" --ttl 90d`,
		"latchkey token edit deploy --role viewer --group-role payments=deployer",
		"latchkey token edit backup --no-expiry",
	},
	"token verify": {
		"latchkey token verify <value.txt",
		"printenv DEPLOY_TOKEN | latchkey token verify --json",
	},
	"token disable": {
		"latchkey token disable deploy",
		`latchkey token disable deploy "next summer"`,
	},
	"token enable": {`latchkey token enable "old laptop"`},
	"token hold": {
		`latchkey token hold deploy --reason "seen in a build log"`,
		`latchkey token hold - --reason "seen in a build log" <value.txt`,
	},
	"token release": {"latchkey token release leaked"},
	"token regenerate": {
		"latchkey token regenerate deploy --grace-period 36h",
		"latchkey token regenerate deploy --grace-period 0s",
		"latchkey token regenerate deploy | gh secret set DEPLOY_TOKEN",
	},
	"token retire-previous": {"latchkey token retire-previous deploy"},
	"token share": {
		"latchkey token share deploy --member carla@example.com",
		"latchkey token share backup --member anna@example.com --role editor",
	},
	"token unshare": {"latchkey token unshare deploy --member anna@example.com"},
	"token delete": {
		"latchkey token delete backup",
		`latchkey token delete backup "old laptop" --yes`,
	},
	"technical-user list": {
		"latchkey technical-user list",
		"latchkey technical-user list --group payments --json",
	},
	"technical-user show": {
		"latchkey technical-user show ci",
		"latchkey technical-user show ci@acme.latchkey.internal --json",
	},
	"technical-user disable": {"latchkey technical-user disable ci reports"},
	"technical-user enable":  {"latchkey technical-user enable ci"},
	"member list": {
		"latchkey member list",
		"latchkey member list --columns email",
	},
	"member show": {"latchkey member show anna@example.com"},
	"member token create": {
		"latchkey member token create anna@example.com --name laptop --ttl 90d",
		"latchkey member token create anna@example.com --name tv --role viewer",
	},
	"member token list": {
		"latchkey member token list anna@example.com",
		"latchkey member token list --act-as anna@example.com",
	},
	"member token delete": {`latchkey member token delete "carla@example.com/command line" --yes`},
	"group list": {
		"latchkey group list",
		"latchkey group list --json",
	},
	"group show": {"latchkey group show payments"},
	"role list": {
		"latchkey role list",
		"latchkey role list --json",
	},
	"role show": {
		"latchkey role show manager",
		"latchkey role show deployer --json",
	},
	"event list": {
		"latchkey event list --limit 20",
		"latchkey event list --object deploy --since 7d",
		"latchkey event list --action 'access_token.*' --outcome refused --json",
	},
	"event verify": {
		"latchkey event verify",
		"latchkey event verify --json",
	},
	"event prune": {
		"latchkey event prune --before 365d",
		"latchkey event prune --before 2029-12-31 --yes",
	},
	"serve": {
		"latchkey serve",
		"latchkey serve --listen :8443 --tls-cert server.crt --tls-key server.key",
		"latchkey serve --insecure --listen :8080 --ops-listen 127.0.0.1:9090",
	},
	"bootstrap": {
		"latchkey bootstrap --output owner-token.txt",
		"latchkey bootstrap --output owner-token.txt --organization acme",
	},
	"scan": {
		"latchkey scan build.log",
		"git log --all -p | latchkey scan -",
	},
	"backup": {
		"latchkey backup latchkey-2030-01-31.db",
		"latchkey backup --over latchkey.db.stored",
	},
	"restore": {
		"latchkey restore latchkey-2030-01-31.db",
		"latchkey restore --accept-current --yes",
	},
	"migrate": {
		"latchkey migrate --from latchkey.db --to moved.db",
		"latchkey migrate --from latchkey.db --unseal",
	},
	"import-blocks": {
		"latchkey import-blocks >imports.tf",
		"latchkey import-blocks --without terraform.tfstate >imports.tf",
	},
	"doctor": {
		"latchkey doctor",
		"latchkey doctor --database latchkey-2030-01-31.db --json",
	},
	"completion": {
		"source <(latchkey completion bash)",
		"latchkey completion fish >~/.config/fish/completions/latchkey.fish",
	},
	"version": {
		"latchkey version",
		"latchkey version --json",
	},
	"debug": {"latchkey debug"},
}

// addExamples puts the examples of a command and of those below it before the rest of their help.
func addExamples(node *kong.Node) {
	if lines := examples[node.Path()]; len(lines) > 0 {
		text := "Examples:\n\n    " + strings.Join(lines, "\n    ")
		node.Detail = strings.TrimSpace(text + "\n\n" + node.Detail)
	}
	for _, child := range node.Children {
		addExamples(child)
	}
}
