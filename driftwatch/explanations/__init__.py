"""What the codes of errors and warnings mean, for `driftwatch explain`.

The texts are Markdown, a page a group, and `pages.py` reads them. A code never changes its meaning,
and is never given again. `catalogue.py` has all of them, and finds one by its code, by the name of
a log event or by a word of a report.
"""
