// A certified OpenID Connect provider (oidc-provider) with made-up accounts, for the tests of the sign-in.
// usage: node provider.mjs PACKAGES CONFIG.json; prints "ready" once it serves. CONFIG is read anew for each token.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [, , packages, file] = process.argv;
const config = () => JSON.parse(readFileSync(file, "utf8"));
const { issuer, port, redirects, afterwards, skew, lasts, key } = config();

if (skew) { const now = Date.now; Date.now = () => now() + skew * 1000; }

const { Provider } = await import(pathToFileURL(`${packages}/node_modules/oidc-provider/lib/index.js`));
const account = (id) => config().accounts[id];

const provider = new Provider(issuer, {
  clients: [{
    client_id: "star-console", client_secret: "a-secret-of-the-tests", redirect_uris: redirects, post_logout_redirect_uris: afterwards,
    grant_types: ["authorization_code", "refresh_token"], response_types: ["code"], token_endpoint_auth_method: "client_secret_basic",
  }],
  jwks: { keys: [key] },
  cookies: { keys: ["tests"] },
  findAccount: (_, id) => account(id) && { accountId: id, claims: () => ({ sub: id }) },
  extraTokenClaims: (_, token) => account(token.accountId),
  ttl: { AccessToken: lasts, IdToken: 600, RefreshToken: 3600, Session: 3600, Interaction: 600, Grant: 3600 },
  rotateRefreshToken: true,
  features: {
    rpInitiatedLogout: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({ scope: "star:read star:write", audience: "star", accessTokenFormat: "jwt", jwt: { sign: { alg: "RS256" } } }),
      useGrantedResource: () => true,
    },
  },
});
// While a secret is being changed, both hold.
provider.Client.prototype.compareClientSecret = (actual) => config().secrets.includes(actual);
provider.on("server_error", (_, error) => console.error(error));
provider.listen(port, "127.0.0.1", () => console.log("ready"));
