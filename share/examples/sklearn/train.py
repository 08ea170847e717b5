#!/usr/bin/env python3
"""Fit a support vector machine to scikit-learn's digits."""

import argparse

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--kernel", choices=["linear", "rbf"], default="rbf")
parser.add_argument("--C", type=float, default=1.0)
parser.add_argument("--gamma", type=float, default=0.001)
args = parser.parse_args()

X, y = load_digits(return_X_y=True)
X_train, X_val, y_train, y_val = train_test_split(
    X, y, test_size=0.2, stratify=y, random_state=0
)
model = SVC(kernel=args.kernel, C=args.C, gamma=args.gamma)
model.fit(X_train, y_train)
print(f"training accuracy: {model.score(X_train, y_train):.4f}")
print(f"validation accuracy: {model.score(X_val, y_val):.4f}")
