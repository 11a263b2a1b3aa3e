// Judges what .ci/cache-tests has measured, by the suite's own rules, and writes its section of docs/CONFORMANCE.md.
//
// `node report.mjs CHECKOUT COMMIT FOLDER NGINX`: FOLDER has a file of results for each product, NGINX is its version.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [checkout, commit, folder, nginxVersion] = process.argv.slice(2)
const load = path => import(pathToFileURL(join(checkout, path)))
const suites = (await load('tests/index.mjs')).default
const { determineTestResult, resultTypes } = await load('test-engine/lib/results.mjs')
const readJson = path => JSON.parse(readFileSync(path, 'utf8'))
const here = name => new URL(name, import.meta.url)

const HEADING = '## Public HTTP cache test suite'
const document = here('../../docs/CONFORMANCE.md')
const reasons = readJson(here('reasons.json'))
const gatewayVersion = /^version = "(.*)"/m.exec(readFileSync(here('../../Cargo.toml'), 'utf8'))[1]
const suiteVersion = readJson(join(checkout, 'package.json')).version

const products = [
  { name: 'Passe-plat', version: gatewayVersion, file: 'gateway.json' },
  { name: 'nginx', version: nginxVersion, file: 'nginx.json' }
].map(product => {
  const path = join(folder, product.file)
  return { ...product, results: existsSync(path) ? readJson(path) : null }
})

// Of the suite's marks, what a reader of a table needs.
const words = new Map([
  [resultTypes.pass, 'pass'],
  [resultTypes.yes, 'yes'],
  [resultTypes.no, 'no'],
  [resultTypes.fail, '**fail**'],
  [resultTypes.optional_fail, 'not done']
])
const kindOf = test => test.kind ?? 'required'
const tests = suites.flatMap(suite =>
  suite.tests.filter(test => !test.browser_only).map(test => ({ ...test, suite, kind: kindOf(test) })))
const judge = (product, test) =>
  product.results && (words.get(determineTestResult(suites, test.id, product.results)) ?? 'blocked')

// Required tests that fail here. One that depends on an optional behaviour that the product does not have is blocked.
const [ours] = products
const failing = tests.filter(test => test.kind === 'required' && judge(ours, test) === '**fail**').map(test => test.id)
const explained = new Map(reasons.flatMap(({ reason, tests }) => tests.map(id => [id, reason])))
const unexplained = failing.filter(id => !explained.has(id))
const outdated = [...explained.keys()].filter(id => !failing.includes(id))

const count = (product, kind, mark) =>
  product.results ? tests.filter(test => test.kind === kind && judge(product, test) === mark).length : '–'
const row = cells => `| ${cells.join(' | ')} |`
const cell = text => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').trim()

function summary () {
  const lines = [
    '| | Version | Required: pass | fail | blocked | fail by themselves | Optimal: done | not done | blocked |',
    '|---|---|---:|---:|---:|---:|---:|---:|---:|'
  ]
  for (const product of products) {
    const counts = [
      ['required', 'pass'], ['required', '**fail**'], ['required', 'blocked'],
      ['optimal', 'pass'], ['optimal', 'not done'], ['optimal', 'blocked']
    ].map(([kind, mark]) => count(product, kind, mark))
    const required = tests.filter(test => test.kind === 'required')
    const raw = product.results ? required.filter(test => product.results[test.id] !== true).length : '–'
    counts.splice(3, 0, raw)
    lines.push(row([product.name, product.results ? product.version : 'not installed', ...counts]))
  }
  return lines
}

function why () {
  if (failing.length === 0) return []
  const lines = ['Required tests that fail, and why:', '']
  for (const { reason, tests } of reasons) {
    const named = tests.filter(id => failing.includes(id)).map(id => `\`${id}\``)
    if (named.length > 0) lines.push(`- ${reason} (${named.join(', ')})`)
  }
  for (const id of unexplained) lines.push(`- No reason is known yet. (\`${id}\`)`)
  return [...lines, '']
}

function table () {
  const required = tests.filter(test => test.kind === 'required')
  const lines = [
    row(['Required test', 'Id', ...products.map(product => product.name)]),
    `|---|---|${'---|'.repeat(products.length)}`
  ]
  for (const test of required) {
    const marks = products.map(product => judge(product, test) ?? '–')
    lines.push(row([`${cell(test.suite.name)}: ${cell(test.name)}`, `\`${test.id}\``, ...marks]))
  }
  return lines
}

const section = `${HEADING}

The public test suite for HTTP caches
([http-tests/cache-tests](https://github.com/http-tests/cache-tests), version ${suiteVersion}, commit ${commit}) has
${tests.length} tests for a cache that is no browser. Results for other products are at
[cache-tests.fyi](https://cache-tests.fyi). Here the suite tests a route with \`outage = "stale"\`
([\`.ci/cache/gateway.toml\`](../.ci/cache/gateway.toml)), and nginx's \`proxy_cache\` with the suite's
own configuration.

- *Required*: RFC 9111 and its companions demand it.
- *Optimal*: a cache may do it to ask less often.
- *Blocked*: the suite cannot judge the test, because a test that it depends on has failed or it did
  not come that far.
- *Fail by themselves*: every required test that did not end well, whatever it depends on.

Many tests are blocked for one reason: if an answer may not serve others, the gateway asks again as
the client asked, and the suite takes this for a retry. Other tests need something that the gateway
does not do by design: it stores only answers with status 200, sends no conditional requests, and
stores no partial answers.

\`\`\`sh
git clone https://github.com/http-tests/cache-tests /tmp/cache-tests
.ci/cache-tests /tmp/cache-tests   # writes this section
\`\`\`

${[...summary(), '', ...why(), ...table()].join('\n')}
`

const [before] = readFileSync(document, 'utf8').split(`\n${HEADING}\n`)
writeFileSync(document, `${before.trimEnd()}\n\n${section}`)

for (const id of unexplained) console.error(`fails without a reason: ${id}: ${ours.results[id][1] ?? ''}`)
for (const id of outdated) console.error(`has a reason, and does not fail: ${id}`)
console.log(summary().join('\n'))
process.exit(unexplained.length + outdated.length > 0 ? 1 : 0)
