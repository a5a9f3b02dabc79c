// @ts-check
/** Calls the JSON API, and tells a refusal from a lost connection and an ended session. */

/** @typedef {ReturnType<typeof createHttp>} Http */

/** The server understood and said no. */
export class Refused extends Error {
  /**
   * @param {import("./types.js").Refusal} refusal
   * @param {number} wait  milliseconds that the server asked us to wait
   */
  constructor(refusal, wait = 0) {
    super(refusal.message);
    this.refusal = refusal;
    this.wait = wait;
  }
}

/** No answer came; whether the request arrived is unknown. */
export class Unreachable extends Error {}

/** The session is over, or its token is. */
export class SignedOut extends Error {}

/** A connection that says nothing for this long is taken for dead: the same pending write may be sent again. */
const PATIENCE = 20_000;
/** Browsers refuse to keep larger requests alive. */
const KEEPALIVE_LIMIT = 60_000;

/**
 * @param {Record<string, string>} urls
 * @param {import("./types.js").Person} person  whose page this is; under another one's session nothing is answered
 */
export function createHttp(urls, person) {
  let skew = 0;

  /**
   * @param {string} method
   * @param {string} url
   * @param {unknown} [body]
   * @returns {Promise<any>}  null where the server has nothing to say
   */
  async function call(method, url, body) {
    const text = body === undefined ? undefined : JSON.stringify(body);
    /** @type {Record<string, string>} */
    const headers = { Accept: "application/json" };
    if (url !== urls.me && url !== urls.session) headers["X-Person"] = person.id;
    if (text !== undefined) headers["Content-Type"] = "application/json";
    if (method !== "GET") headers["X-CSRFToken"] = readCookie("csrftoken");
    let response, answer;
    try {
      response = await fetch(url, {
        method,
        headers,
        body: text,
        credentials: "same-origin",
        cache: "no-store",
        signal: AbortSignal.timeout(PATIENCE),
        // A page that is left must not tear down what it is just sending.
        keepalive: method !== "GET" && (text?.length ?? 0) < KEEPALIVE_LIMIT,
      });
      answer = await response.json().catch(() => null);
    } catch (error) {
      throw new Unreachable(String(error));
    }
    const date = Date.parse(response.headers.get("Date") ?? "");
    if (date) skew = date - Date.now();
    if (response.status === 204 || (response.ok && answer !== null)) return answer;
    // A proxy's page in the place of an answer: nobody knows what became of the request.
    if (response.ok) throw new Unreachable("no JSON");
    const { code = "", message = response.statusText, fields = {} } = answer ?? {};
    if (response.status === 401 || code === "csrf_failed") throw new SignedOut(message);
    const wait = Number(response.headers.get("Retry-After")) * 1000 || 0;
    throw new Refused({ status: response.status, code, message, fields }, wait);
  }

  return {
    call,
    me: () => call("GET", urls.me),
    /**
     * @param {string} username
     * @param {string} password
     */
    async signIn(username, password) {
      try {
        return await call("POST", urls.session, { username, password });
      } catch (error) {
        if (!(error instanceof SignedOut)) throw error;
        // The browser's cookies were cleared; any page of ours brings the token back.
        await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
        return await call("POST", urls.session, { username, password });
      }
    },
    /** The server's time, as what it says is written in it. */
    now: () => Date.now() + skew,
  };
}

/** @param {string} name */
function readCookie(name) {
  const pair = document.cookie.split("; ").find((part) => part.startsWith(`${name}=`));
  return pair ? decodeURIComponent(pair.slice(name.length + 1)) : "";
}
