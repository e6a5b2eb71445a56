"""A small integer program, solved exactly by HiGHS. Knows nothing of soccer.

Variables are column numbers; rows are linear constraints with integer coefficients. Every variable is an integer.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import gcd

import highspy
import numpy as np

Terms = Mapping[int, int]
"""A linear expression: coefficient by variable."""
FEASIBILITY = 1e-7
"""How far a constraint may be missed. Times the largest coefficients here (about 10^5) that stays far under the 1 that
separates two integers."""


class OutOfTime(Exception):
    """The solver used up its time and proved nothing."""


@dataclass(frozen=True, slots=True)
class Solution:
    """An optimum. `values`: by variable."""

    objective: int
    values: list[int]


@dataclass(slots=True)
class Program:
    """Variables and constraints, in the order in which they were added."""

    lower: list[int] = field(default_factory=list)
    upper: list[int] = field(default_factory=list)
    row_lower: list[float] = field(default_factory=list)
    row_upper: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    coefficients: list[int] = field(default_factory=list)

    def variable(self, lower: int = 0, upper: int = 1) -> int:
        """Add an integer variable and return its number."""
        self.lower.append(lower)
        self.upper.append(upper)
        return len(self.lower) - 1

    def between(self, terms: Terms, lower: float = -highspy.kHighsInf, upper: float = highspy.kHighsInf) -> None:
        """Require `lower <= terms <= upper`."""
        self.starts.append(len(self.columns))
        self.columns.extend(terms)
        self.coefficients.extend(terms.values())
        self.row_lower.append(lower)
        self.row_upper.append(upper)

    def implies(self, switch: int, terms: Terms, at_least: int, *, least: int) -> None:
        """Require `terms >= at_least` where the 0-1 variable `switch` is 1.

        `least` is what the terms cannot fall below anyhow. Whole numbers only take multiples of their common factor.
        Rounding to those makes the relaxation tight, which is what the solver's speed depends on.
        """
        factor = gcd(*terms.values()) if terms else 0
        if factor > 1:
            terms = {name: value // factor for name, value in terms.items()}
            at_least, least = -(-at_least // factor), -(-least // factor)
        if least < at_least:
            self.between({**terms, switch: least - at_least}, lower=least)

    def maximize(self, goal: Terms, *, seconds: float) -> Solution | None:
        """Return an optimum, or None where no values meet the constraints. Raise OutOfTime after `seconds`."""
        solver = highspy.Highs()  # type: ignore[no-untyped-call]
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("threads", 1)
        solver.setOptionValue("time_limit", seconds)
        solver.setOptionValue("mip_rel_gap", 0.0)
        solver.setOptionValue("mip_abs_gap", 0.5)
        solver.setOptionValue("mip_feasibility_tolerance", FEASIBILITY)
        solver.setOptionValue("primal_feasibility_tolerance", FEASIBILITY)
        solver.passModel(self._model(goal))
        solver.run()
        status = solver.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return None
        if status != highspy.HighsModelStatus.kOptimal:
            raise OutOfTime(f"HiGHS ended with {solver.modelStatusToString(status)}")
        values = [round(value) for value in solver.getSolution().col_value]
        return Solution(sum(factor * values[name] for name, factor in goal.items()), values)

    def _model(self, goal: Terms) -> highspy.HighsLp:
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(self.lower), len(self.row_lower)
        cost = np.zeros(len(self.lower))
        for name, factor in goal.items():
            cost[name] = factor
        model.sense_ = highspy.ObjSense.kMaximize
        model.col_cost_ = cost
        model.col_lower_, model.col_upper_ = np.array(self.lower, float), np.array(self.upper, float)
        model.row_lower_, model.row_upper_ = np.array(self.row_lower, float), np.array(self.row_upper, float)
        model.integrality_ = [highspy.HighsVarType.kInteger] * len(self.lower)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.array([*self.starts, len(self.columns)], np.int32)
        model.a_matrix_.index_ = np.array(self.columns, np.int32)
        model.a_matrix_.value_ = np.array(self.coefficients, float)
        return model


def plus(*terms: Terms) -> dict[int, int]:
    """Return the sum of linear expressions."""
    made: dict[int, int] = {}
    for one in terms:
        for name, factor in one.items():
            made[name] = made.get(name, 0) + factor
    return made


def times(factor: int, terms: Terms) -> dict[int, int]:
    """Return a linear expression times a number."""
    return {name: factor * value for name, value in terms.items()} if factor else {}


def total(names: Iterable[int]) -> dict[int, int]:
    """Return the sum of variables."""
    return dict.fromkeys(names, 1)
