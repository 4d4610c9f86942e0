"""Watch a scikit-learn model: did its inputs change, its predictions, or is it wrong more often?

Needs scikit-learn.
"""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression

from driftwatch import Monitor
from driftwatch.simulation import label_flip


def customers(rows: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Age and income of customers, and whether they left."""
    inputs = np.column_stack((rng.normal(41, 11, rows), rng.lognormal(3.3, 0.5, rows)))
    logits = 0.15 * (inputs[:, 0] - 41) - 0.08 * (inputs[:, 1] - 30)
    return inputs, np.where(rng.random(rows) < 1 / (1 + np.exp(-logits)), "left", "stayed")


def main() -> None:
    rng = np.random.default_rng(0)
    inputs, labels = customers(20_000, rng)
    model = LogisticRegression().fit(inputs[:10_000], labels[:10_000])

    def scored(inputs: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
        return {
            "age": inputs[:, 0],
            "income": inputs[:, 1],
            "says": model.predict(inputs),
            "p_left": model.predict_proba(inputs)[:, list(model.classes_).index("left")],
            "left": labels,
        }

    # The reference is what the model has not seen in training: its errors there are honest.
    monitor = Monitor(
        scored(inputs[10_000:], labels[10_000:]),
        prediction="says",
        score="p_left",
        label="left",
        positive="left",
    )
    inputs, labels = customers(10_000, rng)
    for what, truth in (("as it was", labels), ("labels gone wrong", label_flip(labels, 0.25))):
        report = monitor.check(scored(inputs, truth))
        assert report.performance is not None
        print(f"{what}: {report.global_status}, drifted: {report.drift_types}")
        for name in ("roc_auc", "accuracy", "log_loss"):
            metric = report.performance[name]
            print(f"  {name}: {metric.reference:.3f} -> {metric.production:.3f} ({metric.status})")


if __name__ == "__main__":
    main()
