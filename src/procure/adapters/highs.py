"""HiGHS: solves mixed-integer programmes, the same answer for the same programme and time.

A solver run takes as long as it is given and holds no lock of Python's, so that it belongs in a
thread of the job worker.
"""

import math
from collections.abc import Sequence
from typing import Any

from procure.demand.rules.grouping.model import Answer, Programme

# Beyond this the answer is called best: rounding noise of the solver, far below one person.
GAP = 1e-6


class HighsOptimiser:
    """Solves with HiGHS on `threads` cores, to within `gap` of the bound."""

    def __init__(self, *, threads: int = 2, gap: float = GAP) -> None:
        """Say how hard to try; more threads need not give the same answer twice."""
        self.threads, self.gap = threads, gap

    def __call__(
        self, programme: Programme, seconds: int, start: Sequence[int] | None = None
    ) -> Answer:
        """Solve within so many seconds."""
        import highspy
        import numpy as np

        if not programme.costs:  # an empty model is one that HiGHS does not look at
            impossible = any((row.lower or 0) > 0 or (row.upper or 0) < 0 for row in programme.rows)
            return Answer(None if impossible else [], 0, not impossible, impossible)
        highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        highs.silent()
        for option, value in (
            ("time_limit", float(seconds)),
            ("threads", self.threads),
            ("random_seed", 1),
            ("mip_rel_gap", self.gap),
            ("mip_abs_gap", 0.99),  # costs are whole: less than one apart is equal
        ):
            highs.setOptionValue(option, value)
        infinity = highspy.kHighsInf
        columns = len(programme.costs)
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = columns, len(programme.rows)
        lp.col_cost_ = np.array(programme.costs, dtype=float)
        lp.col_lower_ = np.array(programme.lowers, dtype=float)
        lp.col_upper_ = np.array(
            [infinity if upper is None else upper for upper in programme.uppers], dtype=float
        )
        lp.row_lower_ = np.array(
            [-infinity if row.lower is None else row.lower for row in programme.rows], dtype=float
        )
        lp.row_upper_ = np.array(
            [infinity if row.upper is None else row.upper for row in programme.rows], dtype=float
        )
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        starts, index, value_ = [0], [], []
        for row in programme.rows:
            index += row.columns
            value_ += row.factors
            starts.append(len(index))
        lp.a_matrix_.start_ = np.array(starts, dtype=np.int32)
        lp.a_matrix_.index_ = np.array(index, dtype=np.int32)
        lp.a_matrix_.value_ = np.array(value_, dtype=float)
        lp.integrality_ = [
            highspy.HighsVarType.kInteger if whole else highspy.HighsVarType.kContinuous
            for whole in programme.whole
        ]
        highs.passModel(lp)
        if start is not None:
            solution = highspy.HighsSolution()
            solution.col_value = [float(value) for value in start]
            highs.setSolution(solution)
        highs.run()
        return self._answer(highs, is_mixed=any(programme.whole))

    @staticmethod
    def _answer(highs: Any, *, is_mixed: bool) -> Answer:  # noqa: ANN401 - without types
        import highspy

        status = highs.getModelStatus()
        if status in {
            highspy.HighsModelStatus.kInfeasible,
            highspy.HighsModelStatus.kUnboundedOrInfeasible,
        }:
            return Answer(None, 0, is_infeasible=True)
        info = highs.getInfo()
        bound = info.mip_dual_bound if is_mixed else info.objective_function_value
        least = math.ceil(bound - 1e-6) if math.isfinite(bound) else -(2**53)
        if info.primal_solution_status != int(highspy.SolutionStatus.kSolutionStatusFeasible):
            return Answer(None, least)
        return Answer(
            [round(value) for value in highs.getSolution().col_value],
            least,
            is_best=status == highspy.HighsModelStatus.kOptimal,
        )
