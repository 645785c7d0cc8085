// Starts Swagger UI on the document that the page names.
(() => {
  "use strict";
  const at = document.getElementById("document");
  window.SwaggerUIBundle({
    url: at.dataset.url,
    domNode: at,
    deepLinking: true,
    docExpansion: "list",
    displayRequestDuration: true,
    tryItOutEnabled: true,
    validatorUrl: null,
    presets: [window.SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
  });
})();
