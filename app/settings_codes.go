package app

// Explanations explains the codes for mistakes in the server settings. The flows package
// explains all other codes.
var Explanations = map[string]string{
	codeOpen: `The API would listen on an address that other machines can reach, and nudge.yaml has
no tokens: anybody there could send messages to anybody. Give it a token, or an address
of this machine only.

Wrong:

    listen: 0.0.0.0:8080

Right:

    listen: 0.0.0.0:8080
    tokens: [ "${NUDGE_TOKEN}" ]
`,
	codeUnset: `nudge.yaml names an environment variable that is not set where nudge runs. Set it, or
give a default that holds while it is not set.

Wrong:

    data_dir: ${DATA}

Right:

    data_dir: ${DATA:-/var/lib/nudge}
`,
	codeVariable: `A $ in a setting begins the name of a variable in braces. A dollar that is meant as
one is written twice.

Wrong:

    data_dir: $DATA

Right:

    data_dir: ${DATA}
`,
}
