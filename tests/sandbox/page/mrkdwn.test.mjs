import assert from "node:assert/strict";
import { test } from "node:test";
import { mrkdwn } from "../../../sandbox/slack/page/mrkdwn.js";

const context = {
  memberName: (id) => ({ U0ALICE: "Alice" })[id],
  channelName: (id) => ({ C0GENERAL: "general" })[id],
  zone: "America/New_York",
  now: 1767225600,
};

function draw(node) {
  if (typeof node === "string") return node.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const href = node.props.href ? ` href=${node.props.href}` : "";
  return `<${node.tag}${href}>${node.children.map(draw).join("")}</${node.tag}>`;
}

const cases = [
  ["bold, italic and strike nest", "*a _b ~c~_*", "<strong>a <em>b <s>c</s></em></strong>"],
  ["stars and underscores inside words stay", "2*3*4 snake_case_name", "2*3*4 snake_case_name"],
  ["a lone star stays", "* not bold", "* not bold"],
  ["code keeps its marks", "`*a* <https://x.y|z>`", "<code>*a* z</code>"],
  ["a fenced block keeps lines", "a\n```\n*x*\n y\n```\nb", "a<pre><code>*x*\n y</code></pre>b"],
  ["an unclosed fence is text", "a ```b", "a ```b"],
  [
    "quoted lines join",
    "&gt; a\n&gt; *b*\nc",
    "<blockquote>a<br></br><strong>b</strong></blockquote>c",
  ],
  ["three marks quote the rest", "&gt;&gt;&gt;a\nb", "<blockquote>a<br></br>b</blockquote>"],
  ["a member by name", "hi <@U0ALICE>", "hi <span>@Alice</span>"],
  ["an unknown member by id", "<@U9>", "<span>@U9</span>"],
  ["a channel by name", "<#C0GENERAL>", "<span>#general</span>"],
  ["everyone here", "<!here>", "<span>@here</span>"],
  [
    "a link with a label",
    "<https://a.b/?x=1&amp;y=2|A &amp; B>",
    "<a href=https://a.b/?x=1&y=2>A &amp; B</a>",
  ],
  [
    "a bare address without its full stop",
    "see https://a.b/c.",
    "see <a href=https://a.b/c>https://a.b/c</a>.",
  ],
  ["a script address is not a link", "<javascript:alert(1)|x>", "&lt;javascript:alert(1)|x>"],
  ["markup is only text", "&lt;img src=x onerror=alert(1)&gt;", "&lt;img src=x onerror=alert(1)>"],
  ["an unescaped tag is only text", "<b>x</b>", "&lt;b>x&lt;/b>"],
  ["entities decode once", "&amp;lt;", "&amp;lt;"],
  ["a known shortcode", ":tada:", "<span>🎉</span>"],
  ["an unknown shortcode stays readable", ":party-otter:", ":party-otter:"],
  ["a clock time is no shortcode", "10:30:15", "10:30:15"],
  [
    "a date in the reader's zone",
    "<!date^1767243600^{date_short_pretty} at {time}|later>",
    "<time>Tomorrow at 12:00 AM</time>",
  ],
  [
    "a date with a link",
    "<!date^1767243600^{date_num}^https://a.b|later>",
    "<a href=https://a.b><time>2026-01-01</time></a>",
  ],
  ["a broken date falls back", "<!date^soon^{date}|later>", "later"],
  ["empty text", "", ""],
];

for (const [promise, text, expected] of cases) {
  test(promise, () => assert.equal(mrkdwn(text, context).map(draw).join(""), expected));
}
