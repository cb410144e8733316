package schema

// Project is the schema of nudge.yaml.
func Project() []byte {
	return document(project(), map[string]*schema{"shape": shape(), "fields": fields()})
}

func project() *schema {
	return mapping("A project", "The common settings of a project's flows, and the settings of the server.", append(commonKeys(), servingKeys()...)...)
}

func commonKeys() []property {
	return []property{
		key("project", "The name of the project.", name(), "acme"),
		key("timezone", "The time zone of people without one, and of windows.", &schema{Type: "string"}, "Europe/London"),
		key("locale", "The language of templates without a locale in their name. Default: English.", &schema{
			Type: "string", Pattern: "^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2}|-[0-9]{3})?$", PatternMessage: "for example en or pt-BR",
		}, "en", "pt-BR"),
		key("profile", "The shape of a person's profile.", profileFields(), example{"first_name": "optional string", "plan": "trial | pro | free"}),
		key("events", "The shapes of events by type. An event with another shape is refused.",
			&schema{Type: "object", Additional: ref("fields"), PropertyNames: &schema{Pattern: eventType().Pattern}}, example{"order.shipped": example{"order_id": "string"}}),
		key("categories", "The categories of messages, with their hours and caps.",
			&schema{Type: "object", Additional: anyOf(category(), &schema{Type: "null"}), PropertyNames: name()}, example{"service": example{"always": true}, "cart": example{"window": "09:00-21:00", "at_most": "3 per 7d"}}),
		key("from", "The default sender: a Chat team, or `{ id, name }`.", from(), "Customer Services"),
		key("merge_fields", "Whether a message may contain `{{`, which the provider expands: `forbid` (the default: such a message is not sent) or `allow`.", words("forbid", "allow"), "forbid"),
		key("on_unknown", "What happens if nobody can know whether a message was accepted: `continue` (the default), `resend` or `fail`.",
			words("continue", "resend", "fail"), "continue"),
	}
}

func category() *schema {
	s := mapping("A category", "The hours and caps of some messages. People opt out of categories.",
		key("always", "No hours, no cap, and no opt-out.", truth(), true),
		key("window", "The hours in which messages go out, by the person's clock.", window(), "09:00-21:00", []any{"mon-fri 08:00-12:00", "mon-fri 14:00-20:00"}),
		key("spread", "Over how long messages that were held go out when the window opens: `0s` for exactly at the opening, `1h` at most. Default: `1m`. "+
			"It is never more than a tenth of the window.", duration(), "0s", "15m"),
		key("at_most", "How many messages a person may get over all flows: in any period of some length, or in a `day`, `week` or `month` of the calendar where the person lives, or in a zone. Of a list, all hold.", sendCap(), "3 per 7d", "1 per calendar day in Europe/London", []any{"1 per calendar day", "3 per calendar week"}),
	)
	s.AllOf = []*schema{notTogether("always", "window"), notTogether("always", "at_most")}
	return s
}

// servingKeys is what nudge serve reads, and nudge dev.
func servingKeys() []property {
	return []property{
		key("account", "The account for messages, if there is only one.", anyOf(account()), example{"url": "https://api.comapi.com", "path": "/apispaces/SPACE", "token": "${COMAPI_TOKEN}"}),
		key("accounts", "Several accounts with names, and which of them is the `default`.", anyOf(accounts()),
			example{"default": "main", "main": example{"url": "https://api.comapi.com", "path": "/apispaces/SPACE", "token": "${COMAPI_TOKEN}"}}),
		key("webhooks", "The provider's webhooks and their secrets.", anyOf(webhooks()), example{"secrets": []any{"${WEBHOOK_SECRET}"}}),
		key("tokens", "The tokens for the API. A text may do everything; a mapping says what its token may do.", oneOrMore(anyOf(text(), token())), []any{"${NUDGE_TOKEN}"}),
		key("forgotten_list", "A file that gets a line for everybody who is forgotten, which a restore of a backup reads. Keep it beside the backups.", text(), "/backups/forgotten.list"),
		key("tokens_file", "A file of more tokens, as hashes, which `nudge token new` makes. It is read again on a reload.", text(), "tokens.yaml"),
		key("cors", "Origins whose pages may send events, with a token that has the scope `events` and no other.", texts(), []any{"https://shop.example"}),
		key("deploys", "What a deploy by the API needs.", anyOf(deploys()), example{"second_person": true}),
		key("targets", "The servers that the project is deployed to, by name: `nudge flows deploy --target staging`.", anyOf(targets()),
			example{"staging": example{"url": "https://nudge.staging.example", "token": "${STAGING_TOKEN}"}}),
		key("preferences", "The page on which people choose what they get. Templates link to it with `{{ preferences_url }}`.", anyOf(preferencesPage()),
			example{"public_url": "https://shop.example", "secrets": []any{"${NUDGE_PREFERENCES_SECRET}"}}),
		key("endpoints", "Other systems that get notices of what happens, as signed webhooks.", listOf(anyOf(endpoint()), 0),
			[]any{example{"name": "crm", "url": "https://crm.example.com/nudge", "secret": "${CRM_SECRET}", "events": []any{"run.ended"}}}),
		key("listen", "The address of the API.", text(), "127.0.0.1:8080"),
		key("tls", "The certificate with which all listeners speak TLS.", anyOf(tlsFiles()), example{"certificate": "fullchain.pem", "key": "key.pem"}),
		key("limits", "Limits of what requests can make the server hold.", anyOf(requestLimits()), example{"connections_per_address": 200}),
		key("data_dir", "The folder of the store.", text(), ".nudge"),
		key("partitions", "Into how many partitions a new store is divided: 1, 2, 4 and so on up to 256.", integer(1, 256), 4),
		key("store", "The PostgreSQL database that keeps the store, for several nodes; without it the store is files in `data_dir`.", text(), "postgres://nudge@db.internal/nudge"),
		key("cluster", "How this node works together with others that have the same `store`.", anyOf(node()), example{"listen": "10.0.0.5:8090"}),
		key("retention", "How long history is kept.", anyOf(retention()), example{"runs": "90d"}),
		key("outbound", "Whether messages go out: `live`, `hold`, or `{ only: [profiles] }`.", anyOf(words("live", "hold"), only()), "hold", example{"only": []any{"ann"}}),
		key("fetch", "The addresses that fetch steps may use.", anyOf(fetching()), example{"allow_private": []any{"reports.internal"}}),
		key("people", "How people react in the local service of nudge dev.", &schema{Type: "object", Additional: text()}, example{"ann": "reads after 5s"}),
		key("clock", "How fast time passes, in nudge dev.", anyOf(clock()), example{"speed": 60}),
	}
}

func account() *schema {
	return mapping("An account", "The way to the provider. `${NAME}` is a variable of the environment.",
		key("url", "The address of the provider.", text(), "https://api.comapi.com"),
		key("path", "The prefix of every path.", text(), "/apispaces/SPACE"),
		key("token", "The token, or a user with a password.", text(), "${COMAPI_TOKEN}"),
		key("token_file", "A file that holds the token.", text(), "/run/secrets/comapi"),
		key("user", "The user.", text(), "shop"),
		key("password", "The password.", text(), "${COMAPI_PASSWORD}"),
		key("password_file", "A file that holds the password.", text(), "/run/secrets/comapi"),
		key("timeout", "How long one request may take.", duration(), "30s"),
		key("senders", "How many requests may be under way at once.", integer(1, 4096), 64),
		key("batch", "The most messages in one request, when many wait. With 1, each goes alone.", integer(1, 5000), 500),
		key("rate", "The most messages per time.", &schema{Type: "string", Pattern: `^[1-9]\d{0,6}/[smh]$`, PatternMessage: "for example 200/s or 1000/m"}, "100/s", "1000/m"),
		key("correlate", "How receipts find their message: by `metadata`, which the provider echoes, or by the provider's `id`.", words("metadata", "id"), "metadata"),
		key("verify_unread", "Whether to ask the provider for a message's status before a timer ends the wait for its receipt.", &schema{Type: "boolean"}, true),
		key("webhooks", "The webhooks of this account and their secrets.", anyOf(webhooks()), example{"secrets": []any{"${WEBHOOK_SECRET}"}}),
	)
}

// accounts are accounts by their names. Which of them is the default is said among them.
func accounts() *schema {
	s := mapping("Accounts", "Several accounts by their names.",
		key("default", "The account for messages that name none. You may leave it out if there is only one account.", name(), "main"))
	s.Additional, s.PropertyNames = anyOf(account()), name()
	return s
}

func webhooks() *schema {
	return mapping("Webhooks", "The receipts of the provider.",
		key("secrets", "The secrets. An old and a new one may be valid at the same time.", texts(), []any{"${WEBHOOK_SECRET}"}),
		key("profiles", "The provider's news about people updates their profiles.", &schema{Type: "boolean"}, true),
		key("max_body", "The most bytes of a webhook. Default: 4 MiB; at most 10 MiB.", integer(1, 10<<20), 10<<20),
		key("url", "The address that the provider posts to, for `nudge webhooks register`.", text(), "https://nudge.example/webhooks/comapi"),
		key("name", "The webhook's name at the provider. Default: `nudge` and the project's name.", text(), "nudge shop"),
		key("batch", "How many events the provider puts into one request, 500 at most.", integer(1, 500), 500),
		key("batch_timeout", "How long the provider waits for a full request, in whole seconds up to 60.", duration(), "1s"),
	)
}

func preferencesPage() *schema {
	names := &schema{Type: "object", Additional: anyOf(text(), &schema{Type: "object", Additional: text()})}
	return mapping("Preferences", "The page on which people choose what they get.",
		must(key("public_url", "The address under which people reach the page: https, maybe with a path.", text(), "https://shop.example")),
		key("listen", "The address of the listener that serves the page and nothing else. Default: `127.0.0.1:8091`.", text(), "0.0.0.0:8091"),
		must(key("secrets", "The secrets that sign the links, of 32 characters or more. The first one signs, and all are accepted.", texts(), []any{"${NUDGE_PREFERENCES_SECRET}"})),
		key("expires", "How long a link is valid, from its message on: `1d` to `3660d`. Default: `400d`.", duration(), "400d"),
		key("names", "What people read for a category: a text, or one for each language.", names, example{"orders": "Orders", "news": example{"en": "News", "de": "Neues"}}),
	)
}

func retention() *schema {
	return mapping("Retention", "How long history is kept. What is younger than `7d` always is.",
		key("runs", "How long ended runs are kept, from their end on. Default: `90d`. `never` deletes none.", afterValue(), "90d", "never"),
		key("journal", "How long accepted inputs are kept. Default: `never`, which deletes none. Explaining, backtests and tests of past runs need all of them.", afterValue(), "never", "180d"),
		key("versions", "How long versions of flows are kept with their numbers, from when they were replaced on. Default: `never`, which deletes none. A version stays while a run or an input of its time is kept.", afterValue(), "never", "800d"))
}

func deploys() *schema {
	return mapping("Deploys", "What a deploy by the API needs.",
		key("second_person", "Whether every deploy is proposed by one person and approved by another. The name of a token says who somebody is. Default: `false`.", truth(), true))
}

// targets are servers that the project is deployed to, by their names.
func targets() *schema {
	return &schema{Type: "object", Additional: anyOf(target()), PropertyNames: &schema{
		Pattern: "^[a-z0-9][a-z0-9_-]{0,63}$", PatternMessage: "a target's name can contain only a-z, 0-9, - and _",
	}}
}

func target() *schema {
	return mapping("Target", "A server that the project is deployed to. Its variables are needed when it is used.",
		must(key("url", "The address of its API.", text(), "https://nudge.example")),
		key("token", "The token for it. `$NUDGE_TOKEN` is not sent to a target that does not name it.", text(), "${NUDGE_TOKEN}"),
		key("ca", "A file with the certificates that the server may have, as PEM. A relative path begins at the project. Default: those of the system.", text(), "ca.pem"),
		key("propose", "Whether flows get there by proposals only: `nudge flows deploy` then needs `--propose`. Default: `false`.", truth(), true))
}

func tlsFiles() *schema {
	return mapping("TLS", "The certificate with which all listeners speak TLS. Its files are read again when they change.",
		must(key("certificate", "A file with the server's certificate and those that lead to a root, as PEM. A relative path begins at the project.", text(), "/etc/nudge/tls/fullchain.pem")),
		must(key("key", "A file with its key, as PEM.", text(), "/etc/nudge/tls/key.pem")))
}

func requestLimits() *schema {
	return mapping("Limits of requests", "What requests can make the server hold. Beyond that it refuses.",
		key("connections", "The most open connections of a listener. Default: 4096. Further ones are closed at once.", integer(1, 1_000_000), 4096),
		key("connections_per_address", "The most of them from one address (of IPv6, from one network of 64 bits). Default: 1024.", integer(1, 1_000_000), 200),
		key("unproven_bytes", "The most bytes of webhooks in memory whose signature is not proven yet. Default: 64 MiB. Further ones are answered with 503.", integer(1, 1<<30), 64<<20),
		key("body_patience", "How long the body of a request may take, however small, and a stream of events between two lines. Default: `30s`.", duration(), "30s"),
		key("body_rate", "How many bytes of a body must come in each further second. Default: 16 KiB. A slower one is answered with 408.", integer(1, 1<<30), 16<<10),
		key("free_bytes", "How many bytes of the disk of the store must be free. Default: 64 MiB. With less, events, calls and webhooks are answered with 503.", integer(1, 1<<50), 256<<20))
}

// token is one of the tokens of the API.
func token() *schema {
	return mapping("Token", "Somebody who may use the API.",
		must(key("name", "Whose it is. It stands in logs.", text(), "shop")),
		must(key("token", "The token itself, 8 characters or more.", text(), "${SHOP_TOKEN}")),
		must(key("scopes", "What it may do: `events` sends events and nothing else; `operate` includes `read`; `author` includes `operate`; `admin` is everything.",
			oneOrMore(words("events", "read", "operate", "author", "admin")), []any{"events"})),
		key("expires", "From when on it is refused: a time, or a day, which begins in UTC.", text(), "2027-01-31"))
}

func endpoint() *schema {
	return mapping("Endpoint", "Another system that gets notices of what happens.",
		must(key("name", "Its name. It stands in logs and metrics.", text(), "crm")),
		must(key("url", "Where notices are posted to.", text(), "https://crm.example.com/nudge")),
		must(key("secret", "What signs them: `whsec_` and at least 24 random bytes in base64. Each of several signs.", texts(), "${CRM_SECRET}")),
		must(key("events", "The types of its notices.", oneOrMore(words("run.ended", "message.status", "campaign.finished", "person.opted_out", "person.opted_in")), []any{"run.ended", "message.status"})))
}

func only() *schema {
	return mapping("Only some", "Messages go out to these people, and to nobody else.",
		must(key("only", "Their profiles.", texts(), []any{"ann"})))
}

func fetching() *schema {
	return mapping("Fetching", "The addresses that fetch steps may use.",
		key("allow_private", "Hosts with private addresses that fetch steps may use.", texts(), []any{"reports.internal"}))
}

func clock() *schema {
	return mapping("A clock", "How fast time passes, in nudge dev.",
		key("speed", "1 is real time.", integer(1, 1_000_000), 60))
}

// texts is one text or a list of them.
func texts() *schema { return oneOrMore(text()) }

func node() *schema {
	return mapping("A node", "How a server works together with others that have the same `store`. All of it has defaults.",
		key("name", "What it is called in logs and in `nudge cluster`. Default: the name of the machine.", text(), "nudge-1"),
		key("listen", "The address for other nodes. Default: a free port of the address from which the database is reached.", text(), "10.0.0.5:8090"),
		key("address", "Where other nodes reach it, if that is another address.", text(), "nudge-1.internal:8090"),
		key("lease", "How long it keeps its partitions without word from the database, `1s` to `1m`. Default: `10s`.", duration(), "10s"))
}
