// Tells a running server of people who have signed up: one by one, and many in a stream. It
// needs Node 18 and nothing else.
//
//	nudge dev examples/hello
//	node examples/integrations/node/signup.mjs ann bob

const server = process.env.NUDGE_SERVER ?? 'http://127.0.0.1:8080'
const token = process.env.NUDGE_TOKEN

// Problem is an answer of the server that is an error: type is a word for programs.
class Problem extends Error {
  constructor(answer) {
    super(answer.detail)
    this.kind = answer.type.split(':').pop()
    this.field = answer.errors?.[0]?.field
  }
}

// post sends a body, again while the server is busy or away. Every event has an id, so it is
// taken once.
async function post(path, type, body) {
  for (let tries = 1; ; tries++) {
    try {
      const headers = { 'Content-Type': type, ...(token && { Authorization: `Bearer ${token}` }) }
      const response = await fetch(server + path, { method: 'POST', headers, body })
      if (response.ok) return response
      const problem = new Problem(await response.json())
      if (tries === 5 || (response.status !== 429 && response.status !== 503)) throw problem
    } catch (err) {
      if (tries === 5 || err instanceof Problem) throw err
    }
    await new Promise((resolve) => setTimeout(resolve, 200 * 2 ** tries))
  }
}

const signedUp = (name) => ({ id: `signup-${name}`, type: 'user.signed_up', profile: name, data: { name } })

const names = process.argv.slice(2)
if (names.length === 0) {
  console.error('signup: name those who have signed up, for example: node signup.mjs ann bob')
  process.exit(1)
}

const first = await (await post('/v1/events', 'application/json', JSON.stringify(signedUp(names[0])))).json()
for (const decision of first.decisions ?? []) console.log(`${names[0]}: ${decision.flow} ${decision.did}`)

const lines = names.map((name) => JSON.stringify(signedUp(name))).join('\n')
const answers = await (await post('/v1/events', 'application/x-ndjson', lines)).text()
for (const text of answers.trim().split('\n')) {
  const answer = JSON.parse(text)
  const name = names[answer.line - 1]
  if (answer.error) console.log(`${name}: refused: ${answer.error.detail}`)
  else console.log(`${name}: ${answer.repeated ? 'was sent before' : 'accepted'}`)
}

try {
  const wrong = { type: 'user.signed_up', profile: names[0], data: { name: 7 } }
  await post('/v1/events', 'application/json', JSON.stringify(wrong))
} catch (err) {
  if (!(err instanceof Problem)) throw err
  console.log(`a name that is a number: ${err.kind}, ${err.field}`)
}
