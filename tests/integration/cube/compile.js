// Compiles a folder of Cube definitions with Cube's own compiler and plans queries against it, without a Cube server.
//
// In (JSON on stdin):  {"folder": "…/cube_schema", "queries": {"name": {"measures": […], …}}}
// Out (JSON on stdout): {"cubes": {"name": {"type": "cube" | "view", "members": […]}}, "sql": {"name": {"sql", "params"} | {"error"}}}
//                       or {"error": "…"}, and exit code 1, when the definitions do not compile.
//
// The SQL is that of the legacy planner in DuckDB's dialect. The planner of a stock server is a native binary that is not
// needed here: the compiler takes a stand-in for it, which is only asked for templates (Jinja), and generated files hold none.
'use strict';

process.env.CUBEJS_TESSERACT_SQL_PLANNER = 'false';

const fs = require('fs');
const path = require('path');

const HOME = process.env.FLIS_CUBE_HOME || __dirname;
const findPackage = (name) => require.resolve(name, { paths: [HOME] });

// Only the result may stand on stdout; Cube's own notes go to stderr.
const answer = (value) => process.stdout.write(JSON.stringify(value));
console.log = console.error;

const { prepareCompiler } = require(findPackage('@cubejs-backend/schema-compiler'));
// The dialect's own file: the package's entry would load DuckDB's native driver.
const driver = path.dirname(findPackage('@cubejs-backend/duckdb-driver/package.json'));
const { DuckDBQuery } = require(path.join(driver, 'dist', 'src', 'DuckDBQuery.js'));

function definitions(folder, below = '') {
  return fs.readdirSync(path.join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(below, entry.name);
    if (entry.isDirectory()) return definitions(folder, name);
    return [{ fileName: name, content: fs.readFileSync(path.join(folder, name), 'utf8') }];
  });
}

async function compiled(folder) {
  const noTemplates = () => {
    throw new Error('This definition is a template; generated definitions hold none.');
  };
  const compilers = prepareCompiler(
    { localPath: () => folder, dataSchemaFiles: async () => definitions(folder) },
    {
      allowNodeRequire: false,
      nativeInstance: { newJinjaEngine: () => ({ loadTemplate: noTemplates, renderTemplate: noTemplates }), loadPythonContext: noTemplates },
    },
  );
  await compilers.compiler.compile();
  return compilers;
}

// The REST gateway widens plain dates to whole days before it hands a query over.
function wholeDays(item) {
  if (!Array.isArray(item.dateRange)) return item;
  const [first, last] = item.dateRange;
  return { ...item, dateRange: [`${first}T00:00:00.000`, `${last}T23:59:59.999`] };
}

function plan(compilers, query) {
  const empty = { measures: [], dimensions: [], filters: [], segments: [] };
  const timeDimensions = (query.timeDimensions || []).map(wholeDays);
  const options = { ...empty, ...query, timeDimensions, timezone: 'UTC', rowLimit: null, contextSymbols: { securityContext: {} } };
  try {
    const builder = new DuckDBQuery(compilers, options);
    const [sql, params] = compilers.compiler.withQuery(builder, () => builder.buildSqlAndParams());
    return { sql, params };
  } catch (error) {
    return { error: String(error.message || error) };
  }
}

async function main() {
  const asked = JSON.parse(fs.readFileSync(0, 'utf8'));
  const compilers = await compiled(asked.folder);
  const cubes = {};
  for (const { config } of compilers.metaTransformer.cubes) {
    const members = [...config.measures, ...config.dimensions, ...config.segments].map((member) => member.name);
    cubes[config.name] = { type: config.type, members };
  }
  const sql = {};
  for (const [name, query] of Object.entries(asked.queries || {})) sql[name] = plan(compilers, query);
  answer({ cubes, sql });
}

main().catch((error) => {
  answer({ error: String(error.message || error) });
  process.exitCode = 1;
});
