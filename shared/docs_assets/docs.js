// Starts Swagger UI on this gateway's own description. A file of its own: the page allows no script within itself.

// What may be left out starts empty. Swagger UI would fill the examples in, and with them somebody else's ticket and
// name would stand in the audit event.
function withoutOptionalExamples(description) {
  for (const operations of Object.values(description.paths ?? {})) {
    for (const parameter of Object.values(operations).flatMap((operation) => operation.parameters ?? [])) {
      if (!parameter.required) delete parameter.example;
    }
  }
  return description;
}

SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  docExpansion: "list",
  syntaxHighlight: { theme: "idea" },
  tryItOutEnabled: true,
  validatorUrl: null, // the public validator would be sent the address of this gateway
  plugins: [
    {
      statePlugins: {
        spec: {
          wrapActions: {
            updateJsonSpec: (update) => (description) => update(withoutOptionalExamples(description)),
          },
        },
      },
    },
  ],
});
