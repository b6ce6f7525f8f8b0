"""How the site is built; `make docs` runs it. Nothing is fetched while building or reading."""

import doctest
import hashlib
import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))
os.environ["MPLBACKEND"] = "Agg"
os.environ.setdefault("LUCID_NUM_THREADS", "1")  # small networks on a machine that builds a site

import inventories  # noqa: E402
import lucid  # noqa: E402

project = "lucid"
author = "the lucid developers"
version = release = lucid.__version__
copyright = "the lucid developers"

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.doctest",
    "sphinx.ext.intersphinx",
    "sphinx.ext.viewcode",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_design",
    "mathml",
    "polish",
    "docstring_gallery",
    "layer_pages",
    "reference_pages",
    "status_page",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_docstrings", "_made", "**/GALLERY_HEADER.rst"]
templates_path = ["_templates"]
default_role = "lucid-code"
nitpicky = True
show_warning_types = True
html_math_renderer = "mathml"

# the doctests
doctest_default_flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
doctest_global_setup = "import hooks; hooks.reset_state(); del hooks"
doctest_test_doctest_blocks = "default"

# the package
sources = b"".join(path.read_bytes() for path in sorted((HERE / "_ext").glob("*.py")))
extensions_digest = hashlib.sha256(sources).hexdigest()  # what changes how pages are read
docstring_gallery_package = "lucid"
docstring_gallery_header = (HERE / "_templates/examples_header.rst").read_text("utf-8")
autodoc_typehints = "signature"
toc_object_entries_show_parents = "hide"
autodoc_member_order = "bysource"
maximum_signature_line_length = 88
numpydoc_show_class_members = False
numpydoc_attributes_as_param_list = True
numpydoc_use_plots = False
numpydoc_xref_param_type = False
intersphinx_mapping = inventories.mapping(HERE)

# the gallery
sphinx_gallery_conf = {
    "examples_dirs": ["../gallery", "_docstrings"],
    "gallery_dirs": ["gallery", "examples"],
    "filename_pattern": r"[\\/](plot_|ex_)",
    "doc_module": ("lucid",),
    "backreferences_dir": "_made/backreferences",
    "exclude_implicit_doc": {  # what nearly every example uses
        r"lucid\.(tensor\.)?Tensor$", r"lucid\.nn\.(module\.)?Module$",
        r"lucid\.(creation\.|random\.)?(tensor|zeros|ones|randn|arange)$",
    },
    "minigallery_sort_order": "hooks.pages_first",
    "reset_modules": ("hooks.reset_state",),
    "capture_repr": ("_repr_html_", "__repr__"),
    "ignore_repr_types": "matplotlib",
    "within_subsection_order": "FileNameSortKey",
    "write_computation_times": False,
    "show_signature": False,
    "remove_config_comments": True,
    "only_warn_on_example_error": True,  # with -W still a failed build, and one to be read
    "image_srcset": ["2x"],
    "plot_gallery": "True",
}

# the pages
html_theme = "pydata_sphinx_theme"
html_title = "lucid"
html_baseurl = os.environ.get("READTHEDOCS_CANONICAL_URL", "")
html_favicon = "_static/logo.svg"
html_static_path = ["_static", "_made/static"]
html_css_files = ["lucid.css"]
html_js_files = [("accessible.js", {"defer": "defer"})]
WIDE = "index", "getting_started", "explorer", "status", "examples/*/ex_*", "_modules/**"
html_sidebars = {page: [] for page in WIDE}
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "logo": {
        "image_light": "_static/logo.svg",
        "image_dark": "_static/logo-dark.svg",
        "text": "lucid",
        "alt_text": "lucid, start page",
    },
    "header_links_before_dropdown": 8,
    "navbar_align": "left",
    "show_toc_level": 2,
    "collapse_navigation": True,  # a thousand pages with a thousand links each take minutes
    "secondary_sidebar_items": ["page-toc", "sg_download_links"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "footer_start": ["copyright"],
    "footer_end": [],
}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True
(HERE / "_made/static").mkdir(parents=True, exist_ok=True)
