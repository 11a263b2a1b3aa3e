// In the reader's scheme, also when it changes. Before the page is drawn, so that nothing flashes.
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

// A padlock stands where a token is needed, not where one is merely understood: an operation whose token is optional is
// shown like one without. "Authorize" still sends the token with it.
const padlocksWhereNeeded = () => ({
  wrapComponents: {
    OperationSummary: (Summary, system) => (props) => {
      const security = props.operationProps.get("security");
      const isOptional = security?.some((alternative) => alternative.isEmpty());
      const operationProps = isOptional ? props.operationProps.set("security", security.clear()) : props.operationProps;
      return system.React.createElement(Summary, { ...props, operationProps });
    },
  },
});

// Shows this server's OpenAPI document. No external validator is asked about it.
SwaggerUIBundle({
  dom_id: "#api",
  url: "openapi.json",
  validatorUrl: null,
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  plugins: [padlocksWhereNeeded],
});
