"""OpenFisca-core: a refill as an entity, one variable a drug, fees as dated parameters; float32, as its users get."""

from __future__ import annotations

import numpy as np
from openfisca_core.entities import Entity
from openfisca_core.parameters import ParameterNode
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

PERIOD = "2024-01"


def prepare(refills):
    entity = Entity("refill", "refills", "A refill", "")
    system = TaxBenefitSystem([entity])
    system.parameters = ParameterNode("", data={
        "fee": {name: {"values": {"2016-09-01": {"value": float(fee.fee)}}} for name, fee in refills.fees.items()},
        "compounding": {"values": {"2016-09-01": {"value": float(refills.compounding)}}},
    })  # fmt: skip
    for name in refills.fees:
        system.add_variable(type(name, (Variable,), {
            "value_type": float, "entity": entity, "definition_period": DateUnit.MONTH, "label": name,
        }))  # fmt: skip

    def formula(refill, period, parameters):
        fees = parameters(period)
        total = fees.compounding
        for name in refills.fees:
            total = total + refill(name, period) * getattr(fees.fee, name)
        return np.floor(total * 100 + 0.5) / 100

    system.add_variable(type("allowed", (Variable,), {
        "value_type": float, "entity": entity, "definition_period": DateUnit.MONTH, "label": "allowed", "formula": formula,
    }))  # fmt: skip
    amounts = {name: np.zeros(refills.n) for name in refills.fees}
    frame = refills.frame
    refill, amount, drug = (
        frame["refill"].to_numpy(),
        frame["amount"].cast(float).to_numpy(),
        frame["drug"],
    )
    for name in refills.fees:
        here = (drug == name).to_numpy()
        amounts[name][refill[here]] = amount[here]
    return system, amounts, refills.n


def price(prepared):
    system, amounts, count = prepared
    simulation = SimulationBuilder().build_default_simulation(system, count)
    for name, values in amounts.items():
        simulation.set_input(name, PERIOD, values)
    return simulation.calculate("allowed", PERIOD)


def cents(found):
    return np.rint(np.asarray(found, float) * 100).astype(np.int64)
