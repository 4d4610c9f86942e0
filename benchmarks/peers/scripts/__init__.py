"""Scripts that an expert of each tool would write to compare two files: nothing but numbers.

    python -m benchmarks.peers.scripts.polars_bins reference.parquet production.parquet 50

Each prints one JSON object: ``rows`` of both files, and for each of ``columns`` what was computed,
by these names:

``psi``
    Population stability index, on the bins of the script, or of the categories of a text.
``ks_of_bins``, ``ks``
    Kolmogorov-Smirnov statistic: at the cut points only, or over all values.
``chi2``, ``chi2_of_expected``
    Chi-squared statistic of two samples, or of production with the reference as expectation.
``median``
    Median of the reference.
``drift``
    The verdict, where there is one.

With the word ``cut-points`` as last argument, which is never there when the time is taken, it
prints the cut points between its bins as well and which side of them is closed, so that everything
can be computed again and compared (`benchmarks.peer_truth`).

None of these looks for missing values, other types, or values that were not there before, and
none says how far off its numbers are or whether a difference is one.
"""
