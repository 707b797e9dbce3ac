import { describe, expect, it } from "vitest";
import { html, trustedHtml } from "./html.js";

describe("html", () => {
  it("escapes text in elements and attributes, and leaves markup alone", () => {
    const inner = html`<b>${"<&>"}</b>`;
    expect(html`<p title="${`"'`}">${inner}${[1, "<"]}${trustedHtml("<br>")}</p>`.markup).toBe(
      '<p title="&quot;&#39;"><b>&lt;&amp;&gt;</b>1&lt;<br></p>',
    );
  });

  it("escapes text that looks escaped", () => {
    expect(html`${"&lt;"}`.markup).toBe("&amp;lt;");
  });

  it("replaces what a document may not contain, and keeps the rest of Unicode", () => {
    expect(html`${"a\u0000\u001b\u009f\ud800b\tc\n😀é"}`.markup).toBe("a\ufffd\ufffd\ufffd\ufffdb\tc\n😀é");
  });
});
