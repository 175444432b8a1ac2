"""zen-engine: a decision of one expression node, asked refill by refill."""

from __future__ import annotations

import json

import numpy as np
import zen


def prepare(refills):
    fees = {name: float(fee.fee) for name, fee in refills.fees.items()}
    decision = {
        "nodes": [
            {"id": "in", "name": "in", "type": "inputNode", "position": {"x": 0, "y": 0}},
            {
                "id": "price", "name": "price", "type": "expressionNode", "position": {"x": 1, "y": 0},
                "content": {"expressions": [
                    {"id": "1", "key": "total", "value": f"sum(map(drugs, #.amount * #.fee)) + {refills.compounding}"},
                    {"id": "2", "key": "allowed", "value": "round($.total * 100) / 100"},
                ]},
            },
            {"id": "out", "name": "out", "type": "outputNode", "position": {"x": 2, "y": 0}},
        ],
        "edges": [
            {"id": "a", "sourceId": "in", "targetId": "price", "type": "edge"},
            {"id": "b", "sourceId": "price", "targetId": "out", "type": "edge"},
        ],
    }  # fmt: skip
    records = [
        {"drugs": [{"amount": float(amount), "fee": fees[drug]} for drug, amount in one["drugs"]]}
        for one in refills.records
    ]
    return zen.ZenEngine().create_decision(json.dumps(decision)), records


def price(prepared):
    decision, records = prepared
    return [decision.evaluate(one)["result"]["allowed"] for one in records]


def cents(found):
    return np.rint(np.array(found, float) * 100).astype(np.int64)
