// Reads {"tables": {name: columns}, "queries": {title: query}}; writes {title: [what Azure's own parser finds]}.
const { readFileSync } = require("node:fs");
require("@kusto/language-service-next/bridge.min.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.min.js");

const { GlobalState, KustoCode, Symbols } = globalThis.Kusto.Language;
const asked = JSON.parse(readFileSync(0, "utf-8"));
const tables = Object.entries(asked.tables).map(([name, columns]) => Symbols.TableSymbol.From(columns).WithName(name));
const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor("logs", tables));

const findings = (query) => {
  const found = KustoCode.ParseAndAnalyze(query, globals).GetDiagnostics();
  return Array.from({ length: found.Count }, (_, each) => found.getItem(each).Message);
};
const answers = Object.entries(asked.queries).map(([title, query]) => [title, findings(query)]);
process.stdout.write(JSON.stringify(Object.fromEntries(answers)));
