"""Check a built site: it loads nothing from elsewhere, its links lead somewhere, no markup shows.

``python docs/check_site.py build/docs/html`` prints what is wrong and fails if anything is.
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADS = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "embed": "src",
    "object": "data",
    "use": "href",
    "image": "href",
}
LOADING_LINKS = {
    "stylesheet",
    "icon",
    "preload",
    "prefetch",
    "preconnect",
    "modulepreload",
    "dns-prefetch",
}
URL = re.compile(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s]+)""")
SCRIPT_URL = re.compile(
    r"""(?:\bimport\s*\(?|\bfrom|\bfetch\s*\(|\.src\s*=)\s*["'`]((?:https?:)?//[^"'`\s]+)"""
)
UNREAD = re.compile(  # a subscript, a role, a literal or a target that was not understood
    r"<mi>_</mi>\s*<mrow>|(?<![\w`]):[\w:-]+:`[^`<\n]+`|``[^`<\n]+``|`[^`<\n]+ &lt;[^`\n]+&gt;`_"
)
TARGET = re.compile(r'<span class="pre">(&lt;lucid[\w.]*&gt;)</span>')  # of a link that is none
LITERAL = re.compile(r"<(pre|code|script|style|textarea)\b.*?</\1>", re.DOTALL)


class Page(HTMLParser):
    """What one page defines (ids), loads and links to."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.loads, self.links, self.inline = set(), [], [], []
        self.within = None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.ids.update(each for each in (found.get("id"), found.get("name")) if each)
        self.within = tag if tag in ("style", "script") else None
        if tag in LOADS and found.get(LOADS[tag]):
            self.loads.append(found[LOADS[tag]])
        if tag == "link" and LOADING_LINKS & set((found.get("rel") or "").split()):
            self.loads.append(found.get("href") or "")
        for each in (found.get("srcset") or "").split(","):
            if each.strip():
                self.loads.append(each.split()[0])
        if found.get("style"):
            self.inline.append(found["style"])
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])

    def handle_data(self, data):
        if self.within == "style":
            self.inline.append(data)
        self.within = None


def is_elsewhere(url):
    """Whether a browser would ask another machine for it."""
    return bool(urlsplit(url).netloc)


def external_loads(folder):
    """Everything that a page, a style sheet or a script would fetch from the network."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".html":
            page = Page(path.read_text("utf-8"))
            urls = [*page.loads, *(url for text in page.inline for url in URL.findall(text))]
        elif path.suffix == ".css":
            urls = URL.findall(path.read_text("utf-8"))
        elif path.suffix == ".js":
            urls = SCRIPT_URL.findall(path.read_text("utf-8"))
        else:
            continue
        found += [f"{path.relative_to(folder)} loads {url}" for url in urls if is_elsewhere(url)]
    return found


def broken_links(folder):
    """Every link and load inside the site that leads to no file, or to no place in it."""
    pages = {
        path: Page(path.read_text("utf-8"))
        for path in sorted(folder.rglob("*.html"))
        if "_static" not in path.parts
    }
    found = []
    for path, page in pages.items():
        for url in {*page.links, *page.loads}:
            parts = urlsplit(url)
            if parts.scheme or parts.netloc or parts.fragment.startswith("explorer?"):
                continue
            target = path if not parts.path else (path.parent / unquote(parts.path)).resolve()
            if target.is_dir():
                target /= "index.html"
            fragment = unquote(parts.fragment)
            if not target.exists():
                found.append(f"{path.relative_to(folder)} links to {url}: no such file")
            elif fragment and target in pages and fragment not in pages[target].ids:
                found.append(f"{path.relative_to(folder)} links to {url}: no such place")
    return found


def unread_markup(folder):
    """Every piece of markup that a reader would see instead of what it means."""
    pages = {path: path.read_text("utf-8") for path in sorted(folder.rglob("*.html"))}
    return [
        f"{path.relative_to(folder)} shows {' '.join(found.split())}"
        for path, text in pages.items()
        for found in TARGET.findall(text) + UNREAD.findall(LITERAL.sub("", text))
    ]


def main(folder):
    """Print all findings; return whether there are any."""
    folder = Path(folder).resolve()
    findings = external_loads(folder) + broken_links(folder) + unread_markup(folder)
    for finding in findings:
        print(finding)
    print(f"{len(list(folder.rglob('*.html')))} pages, {len(findings)} findings")
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
